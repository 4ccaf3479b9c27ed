/**
 * Logs of several replicas against one another: each holds the same txn at the same zxid (Z7), and
 * none goes on beyond what counts as the history.
 */

import { hex, type Report } from './finding.ts';
import { type TxnRecord, txnsOf } from './log-txns.ts';

export function checkLogs(
  txns: readonly TxnRecord[],
  others: Iterable<Iterable<Buffer>>,
  report: Report,
): void {
  const byZxid = new Map(txns.map((txn) => [txn.zxid, txn]));
  const lastZxid = txns.at(-1)?.zxid ?? 0;
  let number = 0;
  for (const frames of others) {
    number++;
    report.count('logs compared');
    checkLog(number, txnsOf(frames), txns, byZxid, lastZxid, report);
  }
}

function checkLog(
  number: number,
  other: readonly TxnRecord[],
  txns: readonly TxnRecord[],
  byZxid: ReadonlyMap<number, TxnRecord>,
  lastZxid: number,
  report: Report,
): void {
  for (const { zxid, bytes } of other) {
    if (zxid > lastZxid) {
      report.add('Z7', `log ${number} goes on at ${hex(zxid)}, beyond ${hex(lastZxid)}`);
      return;
    }
    const ours = byZxid.get(zxid);
    if (ours?.bytes.equals(bytes) === true) continue;
    report.add('Z7', `log ${number} holds another txn at ${hex(zxid)}`);
    return;
  }
  // It may begin later, and end earlier, but nothing is missing in between.
  const first = other[0]?.zxid ?? 0;
  const last = other.at(-1)?.zxid ?? 0;
  const due = txns.filter(({ zxid }) => zxid >= first && zxid <= last).length;
  if (due !== other.length) {
    report.add('Z7', `log ${number} holds ${other.length} of ${due} txns`);
  }
}
