/**
 * How large a model is: replicas, epochs and txns, and how many faults of each kind may happen.
 * What a bound forbids is not explored; all that is left is.
 */

import type { Bounds } from './links.ts';

export interface ModelBounds extends Bounds {
  readonly replicas: number;
  readonly epochs: number;
  readonly txns: number;
  readonly crashes: number;
  /** Crashes that lose the disk. */
  readonly wipes: number;
  readonly cuts: number;
  readonly losses: number;
  /** Time-outs without a reason: whom it is about is there and can be heard. */
  readonly doubts: number;
  /** Frames that are recorded, and come once more, at any time later. */
  readonly lates: number;
  /** Whether what is committed is noted on the disk now and then. */
  readonly notes: boolean;
  /** A disk that was there before: replicas begin with one txn of epoch 1, agreed upon by all. */
  readonly isFounded: boolean;
}

export const counted = ['crashes', 'wipes', 'cuts', 'losses', 'doubts', 'lates'] as const;
export type Counted = (typeof counted)[number];

/** Used up so far: three bits each. */
export const usedOf = (used: number, what: Counted): number =>
  (used >> (3 * counted.indexOf(what))) & 7;
export const oneMore = (used: number, what: Counted): number =>
  used + (1 << (3 * counted.indexOf(what)));

export const smallest: ModelBounds = {
  ...{ replicas: 3, epochs: 1, txns: 1, crashes: 0, wipes: 0, cuts: 0, losses: 0 },
  ...{ doubts: 0, lates: 0, notes: false, isFounded: false, pieceTxns: 0, credits: 8 },
};

/** `model replicas 3 epochs 2 ...`, the first line of a script; what is left out is as smallest. */
export function showBounds(bounds: ModelBounds): string {
  const said = Object.entries(bounds).filter(
    ([name, value]) => value !== smallest[name as keyof ModelBounds],
  );
  return ['model', ...said.map(([name, value]) => `${name} ${value}`)].join(' ');
}

export function parseBounds(line: string): ModelBounds {
  const words = line.trim().split(/\s+/).slice(1);
  const bounds: { [name: string]: number | boolean } = { ...smallest };
  for (let at = 0; at < words.length; at += 2) {
    const [name, value] = [words[at]!, words[at + 1]!];
    if (!(name in smallest)) throw new Error(`scenario: '${name}' is no bound`);
    bounds[name] = value === 'true' ? true : value === 'false' ? false : Number(value);
  }
  return bounds as unknown as ModelBounds;
}
