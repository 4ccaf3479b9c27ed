/**
 * The strongest check: the log is the history. All txns are replayed in zxid order on the model,
 * each judged by the request that it is for; every reply is compared with the model as it stands at
 * the zxid in its header. Others may listen to the replay.
 */

import type { EventType } from '../../../protocol/replies.ts';
import type { Journal, Operation } from '../tap-journal.ts';
import { Callers } from './caller.ts';
import type { Report } from './finding.ts';
import { InternalTxns } from './internal-txns.ts';
import type { Rules } from './judge.ts';
import type { TxnRecord } from './log-txns.ts';
import { type ModelAcl, ModelTree } from './model.ts';
import { checkedReads, checkRead } from './reads.ts';
import { isWrite, RequestsOfTxns } from './requests-of-txns.ts';
import { Writes } from './writes.ts';

export interface ReplayListener {
  /** A znode changed, by the txn `zxid`. */
  changed(zxid: number, type: EventType, path: string, acl: ModelAcl): void;
  /** The model stands as the reply saw it. */
  answered(operation: Operation): void;
}

export interface Replay {
  readonly model: ModelTree;
  readonly txnOf: ReadonlyMap<Operation, TxnRecord>;
  /** Sessions at the end of the log. */
  readonly alive: ReadonlyMap<string, number>;
}

export function checkWitness(
  journal: Journal,
  txns: readonly TxnRecord[],
  rules: Rules,
  report: Report,
  makeListener: (model: ModelTree, callers: Callers) => ReplayListener,
): Replay {
  const model = new ModelTree();
  const callers = new Callers();
  const listener = makeListener(model, callers);
  const requests = new RequestsOfTxns(journal, rules, report);
  const internal = new InternalTxns(journal, txns, model, rules, report);
  const writes = new Writes(model, internal, callers, rules, report);
  let zxid = 0;
  const tell = (type: EventType, path: string, acl: ModelAcl) =>
    listener.changed(zxid, type, path, acl);

  const answered = journal.operations
    .filter((one) => one.isReturned && one.zxid >= 0)
    .sort((a, b) => a.zxid - b.zxid || a.returnedOrder - b.returnedOrder);
  let at = 0;
  const answerBelow = (limit: number): void => {
    for (; at < answered.length && answered[at]!.zxid < limit; at++) {
      const operation = answered[at]!;
      if (checkedReads.has(operation.op) && !internal.excuses(operation)) {
        checkRead(operation, model, callers.of(operation), report);
      }
      listener.answered(operation);
    }
  };

  for (const txn of txns) {
    answerBelow(txn.zxid);
    if (txn.zxid <= zxid) report.add('C1', `the log goes back to ${txn.zxid}`);
    zxid = txn.zxid;
    report.count('txns');
    const operation = requests.take(txn);
    if (operation === null) internal.replay(txn, tell);
    else writes.replay(txn, operation, tell);
  }
  answerBelow(Number.POSITIVE_INFINITY);
  requests.finish();
  internal.finish();
  for (const operation of journal.operations) {
    if (isWrite(operation.op)) {
      report.count(operation.isReturned ? 'writes answered' : 'writes not answered');
    }
    if (operation.isReturned && operation.zxid > zxid) {
      report.add('C1', 'a reply names a zxid that is not in the log', operation);
    }
  }
  return { model, txnOf: requests.txnOf, alive: internal.aliveAtEnd };
}
