/**
 * The models that are explored: small complete ones for every run, each with faults of one kind,
 * and the full bounds (3 replicas, 2 epochs, 2 txns, 1 crash, 1 partition).
 */

import { type ModelBounds, smallest } from './bounds.ts';

export interface NamedModel {
  readonly name: string;
  readonly bounds: ModelBounds;
  /** What has happened before: lines of a script. */
  readonly before: readonly string[];
}

const model = (
  name: string,
  bounds: Partial<ModelBounds>,
  before: readonly string[] = [],
): NamedModel => ({ name, bounds: { ...smallest, ...bounds }, before });

const aLostDisk = { isFounded: true, epochs: 3, wipes: 1, doubts: 1 };

/**
 * Replica 3 leads epoch 2 with the promise of 2 alone, and waits for 2 to take over its history: it
 * has not heard that 2 leads epoch 3 since, followed by 1.
 */
const aDeposedLeader = `elect 3 / follow 2 3 / deliver 2 to 3 / flush 3 / deliver 3 to 2 / flush 2
  / deliver 2 to 3 / timeout 2 / flush 3 / elect 2 / follow 1 2 / deliver 1 to 2 / flush 2
  / deliver 2 to 1 / flush 1 / deliver 1 to 2 / deliver 2 to 1 / flush 2 / flush 1 / deliver 1 to 2
  / deliver 2 to 1`.split('/');

/** And 2 has a txn delivered that 3 knows nothing of. */
export const aTxnUnknown: readonly string[] = [
  ...aDeposedLeader,
  ...'propose 2 / flush 2 / deliver 2 to 1 / flush 1 / deliver 1 to 2'.split('/'),
];

/** Complete within seconds. */
export const quick: readonly NamedModel[] = [
  model('two replicas', { replicas: 2, epochs: 3, txns: 2, crashes: 1 }),
  model('a lost disk', { isFounded: true, epochs: 2, txns: 0, wipes: 1 }),
  model('a lost disk, a deposed leader', aLostDisk, aTxnUnknown),
  model('two txns', { txns: 2 }),
  model('a lost frame', { losses: 1 }),
  model('a late frame', { lates: 1 }),
  model('pieces of history', { isFounded: true, epochs: 2, pieceTxns: 1, credits: 1, losses: 1 }),
  model('two doubts', { txns: 0, doubts: 2 }),
  model('a late frame and a doubt', { txns: 0, doubts: 1, lates: 1 }),
  model('a crash', { crashes: 1 }),
];

export const usual: readonly NamedModel[] = [
  ...quick,
  model('a doubt, two epochs', { epochs: 2, doubts: 1 }),
  model('a lost disk, one txn', { isFounded: true, epochs: 2, wipes: 1 }),
  model('a lost disk, two leaders', aLostDisk, aDeposedLeader),
];

export const aCrash = model('2 epochs, 2 txns, 1 crash', { epochs: 2, txns: 2, crashes: 1 });
export const full = model('full bounds: 2 epochs, 2 txns, 1 crash, 1 partition', {
  ...{ epochs: 2, txns: 2, crashes: 1, cuts: 1 },
});

/**
 * Not to be completed: walked at random. No disk is lost before the ensemble is founded, when all
 * who hold nothing count as witnesses; nor with five voters, where a share that was promised before
 * still counts for a while (docs/ENSEMBLE.md).
 */
export const large: readonly NamedModel[] = [
  model('three replicas, all faults', {
    ...{ epochs: 4, txns: 4, crashes: 3, cuts: 2, losses: 2, doubts: 4, lates: 2, notes: true },
    ...{ isFounded: true, wipes: 1 },
  }),
  model('five replicas', {
    ...{ replicas: 5, epochs: 3, txns: 3, crashes: 3, cuts: 2, losses: 1, doubts: 3, lates: 1 },
    notes: true,
  }),
  model('pieces of history', {
    ...{ isFounded: true, epochs: 4, txns: 4, crashes: 2, cuts: 1, losses: 2, doubts: 4 },
    ...{ wipes: 1, lates: 1, notes: true, pieceTxns: 1, credits: 1 },
  }),
];
