/**
 * The models that are explored: small complete ones for every run, each with faults of one kind,
 * and the full bounds (3 replicas, 2 epochs, 2 txns, 1 crash, 1 partition).
 */

import { type ModelBounds, smallest } from './bounds.ts';

export interface NamedModel {
  readonly name: string;
  readonly bounds: ModelBounds;
}

const model = (name: string, bounds: Partial<ModelBounds>): NamedModel => ({
  name,
  bounds: { ...smallest, ...bounds },
});

/** Complete within seconds. */
export const quick: readonly NamedModel[] = [
  model('two replicas', { replicas: 2, epochs: 3, txns: 2, crashes: 1 }),
  model('two txns', { txns: 2 }),
  model('a lost frame', { losses: 1 }),
  model('a late frame', { lates: 1 }),
  model('pieces of history', { isFounded: true, epochs: 2, pieceTxns: 1, credits: 1, losses: 1 }),
  model('a lost disk', { isFounded: true, epochs: 2, txns: 0, wipes: 1 }),
  model('two doubts', { txns: 0, doubts: 2 }),
  model('a late frame and a doubt', { txns: 0, doubts: 1, lates: 1 }),
  model('a crash', { crashes: 1 }),
];

export const usual: readonly NamedModel[] = [
  ...quick,
  model('a doubt, two epochs', { epochs: 2, doubts: 1 }),
];

export const full = model('full', { epochs: 2, txns: 2, crashes: 1, cuts: 1 });

/** Not to be completed: walked at random. */
export const large: readonly NamedModel[] = [
  model('three replicas, all faults', {
    ...{ epochs: 4, txns: 4, crashes: 3, cuts: 2, losses: 2, doubts: 4, lates: 2, notes: true },
  }),
  model('five replicas', {
    ...{ replicas: 5, epochs: 3, txns: 3, crashes: 3, cuts: 2, losses: 1, doubts: 3, lates: 1 },
    notes: true,
  }),
  model('pieces of history', {
    ...{ isFounded: true, epochs: 4, txns: 4, crashes: 2, cuts: 1, losses: 2, doubts: 4 },
    ...{ lates: 1, notes: true, pieceTxns: 1, credits: 1 },
  }),
];
