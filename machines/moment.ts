/**
 * What must be true of a machine, as data: a sentence and a function that judges a moment, or the
 * step from the moment before. The host of machines asserts all of them after every transition
 * (actors/host.ts), the tables theirs when they are compiled; the tests hold them against
 * everything that can be reached.
 */

/** A machine between two events. */
export interface Moment<Context> {
  /** The active state, nested ones joined by dots. */
  readonly state: string;
  readonly context: Context;
}

/** By the sentence that is true. `before` is null in the first moment of a machine. */
export type Invariants<Context> = {
  readonly [sentence: string]: (now: Moment<Context>, before: Moment<Context> | null) => boolean;
};

/** What a machine without context makes of an event in a state. */
export interface Edge {
  readonly from: string;
  readonly event: string;
  readonly effects: readonly string[];
  readonly to: string;
}

export type EdgeInvariants = { readonly [sentence: string]: (edge: Edge) => boolean };
