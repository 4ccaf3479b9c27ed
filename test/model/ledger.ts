/**
 * History variables: what was proposed, delivered and established since the beginning, whoever has
 * crashed since. Each fact is checked against all before it: Z1 to Z8 of the invariants.
 */

import type { Fact } from './links.ts';
import { counterOfTxn, epochOfTxn, isPrefix, nameTxn, type Txn } from './names.ts';

export interface Ledger {
  /** In the order of their proposal: a txn's serial number is its place. */
  readonly proposed: readonly Txn[];
  /** The longest sequence that anybody delivered: all others are prefixes of it. */
  readonly delivered: readonly Txn[];
  /** Epochs with an established leader. */
  readonly established: readonly number[];
  /** By epoch: how much of `delivered` its primary had delivered before its first broadcast. */
  readonly bases: readonly { readonly epoch: number; readonly delivered: number }[];
  readonly fault: string | null;
}

export const emptyLedger: Ledger = {
  ...{ proposed: [], delivered: [], established: [], bases: [], fault: null },
};

const show = (txns: readonly Txn[]): string => `[${txns.map(nameTxn).join(' ')}]`;

export function noted(ledger: Ledger, fact: Fact): Ledger {
  if (fact.type === 'proposed') return proposed(ledger, fact.txn, fact.delivered.length);
  if (fact.type === 'delivered') return delivered(ledger, fact.txns);
  const { established } = ledger;
  if (established.includes(fact.epoch)) {
    return { ...ledger, fault: `Z8 a second leader of epoch ${fact.epoch} is established` };
  }
  return { ...ledger, established: [...established, fact.epoch].sort() };
}

function proposed(ledger: Ledger, txn: Txn, base: number): Ledger {
  const epoch = epochOfTxn(txn);
  const added = { ...ledger, proposed: [...ledger.proposed, txn] };
  if (ledger.bases.some((one) => one.epoch === epoch)) return added;
  const bases = [...ledger.bases, { epoch, delivered: base }];
  const earlier = ledger.delivered.filter((one) => epochOfTxn(one) < epoch).length;
  if (earlier > base) return { ...added, bases, fault: integrityFault(epoch) };
  return { ...added, bases };
}

const integrityFault = (epoch: number): string =>
  `Z6 the primary of epoch ${epoch} broadcast before it had delivered all of earlier ones`;

function delivered(ledger: Ledger, txns: readonly Txn[]): Ledger {
  const fault = sequenceFault(ledger, txns);
  if (fault !== null) return { ...ledger, fault };
  if (isPrefix(txns, ledger.delivered)) return ledger;
  if (!isPrefix(ledger.delivered, txns)) {
    return { ...ledger, fault: differenceFault(ledger.delivered, txns) };
  }
  for (let at = ledger.delivered.length; at < txns.length; at++) {
    const early = ledger.bases.find(
      (base) => base.epoch > epochOfTxn(txns[at]!) && base.delivered <= at,
    );
    if (early !== undefined) return { ...ledger, fault: integrityFault(early.epoch) };
  }
  return { ...ledger, delivered: txns };
}

function sequenceFault({ proposed: known }: Ledger, txns: readonly Txn[]): string | null {
  for (const [at, txn] of txns.entries()) {
    if (!known.includes(txn)) return `Z1 ${nameTxn(txn)} was delivered and never proposed`;
    const before = txns[at - 1] ?? 0;
    if (epochOfTxn(before) > epochOfTxn(txn)) {
      return `Z5 ${nameTxn(txn)} was delivered after a later epoch`;
    }
    const isFirst = counterOfTxn(txn) === 1;
    const follows =
      epochOfTxn(before) === epochOfTxn(txn) && counterOfTxn(before) === counterOfTxn(txn) - 1;
    if (!isFirst && !follows) return `Z4 ${nameTxn(txn)} was delivered without the one before it`;
  }
  return null;
}

function differenceFault(one: readonly Txn[], other: readonly Txn[]): string {
  const shared = one.filter((txn) => other.includes(txn));
  const order = other.filter((txn) => one.includes(txn));
  if (!isPrefix(shared, order)) return `Z3 ${show(one)} and ${show(other)} differ in order`;
  return `Z2 Z7 ${show(one)} and ${show(other)} were delivered`;
}
