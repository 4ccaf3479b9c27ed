/**
 * What a command of a script is, and what several kinds of them need: lists of replicas, frames.
 */

import type { SimReplica } from '../simulation/sim-replica.ts';
import { frameNames } from './frame-names.ts';
import type { Stage } from './stage.ts';

export interface Verb {
  readonly pattern: RegExp;
  /** With what the groups of the pattern matched. */
  do(stage: Stage, words: readonly string[]): void | Promise<void>;
}

export const numbersIn = (text: string): number[] => [...text.matchAll(/\d+/g)].map(Number);

/** The replicas of `1 2`; all, where none is named. */
export function named(stage: Stage, text = ''): SimReplica[] {
  const sids = numbersIn(text);
  return (sids.length === 0 ? stage.ensemble.sids : sids).map((sid) => stage.of(sid));
}

export const each =
  (act: (replica: SimReplica) => void): Verb['do'] =>
  (stage, [sids]) => {
    for (const replica of named(stage, sids)) act(replica);
  };

export function frameName(name: string): string {
  if (!frameNames.has(name)) throw new Error(`scenario: no frame is called ${name}`);
  return name;
}
