/**
 * All checks over one run: what passed between clients and replicas, against the log that the
 * ensemble agreed upon.
 */

import type { Journal } from '../tap-journal.ts';
import { describeFinding, type Finding, Report } from './finding.ts';
import type { Rules } from './judge.ts';
import { txnsOf } from './log-txns.ts';
import { checkLogs } from './logs.ts';
import { checkOrder } from './order.ts';
import { checkRegisters } from './registers.ts';
import { checkSessions, type SessionTimes } from './sessions.ts';
import { WatchCheck } from './watches.ts';
import { checkWitness } from './witness.ts';

export { describeFinding, type Finding };

export interface Ends extends Partial<SessionTimes>, Partial<Rules> {
  /** All batches of the history, from the first txn on. */
  readonly finalTxns: Iterable<Buffer>;
  /** What the other replicas' logs hold. */
  readonly otherLogs?: Iterable<Iterable<Buffer>>;
  /** How much the search for an order may try, per znode. */
  readonly registerStepsMax?: number;
}

export interface Checked {
  readonly findings: readonly Finding[];
  /** What was looked at, by kind. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A tick of two seconds, and an eighth of the shortest timeout. */
const contactSlackMs = 2500;

export function checkAll(journal: Journal, ends: Ends): Checked {
  const report = new Report();
  const txns = txnsOf(ends.finalTxns);
  const rules: Rules = {
    extendedTypesEnabled: ends.extendedTypesEnabled ?? false,
    localSessionsEnabled: ends.localSessionsEnabled ?? false,
  };
  let watches: WatchCheck | null = null;
  const replay = checkWitness(journal, txns, rules, report, (model, callers) => {
    watches = new WatchCheck(model, callers, report);
    return watches;
  });
  watches!.finish(journal);
  checkOrder(journal, replay.txnOf, report);
  checkSessions(journal, txns, replay, { contactSlackMs, ...ends, ...rules }, report);
  checkLogs(txns, ends.otherLogs ?? [], report);
  checkRegisters(journal, report, ends.registerStepsMax);
  return { findings: report.findings, counts: report.counts };
}
