/**
 * What the parts of a replica in the model are given: the history, ways to send, and where to
 * report what the invariants are about.
 */

import type { Catalogue } from './catalogue.ts';
import type { Body, Header } from './frames.ts';
import type { HistoryModel } from './history.ts';
import type { Handlers, HostedMachine, Seat } from './seat.ts';

export interface Bounds {
  /** Batches of history that are stored in one go, and that one chunk has; 0: no bound. */
  readonly pieceTxns: number;
  readonly credits: number;
}

/** What happened that history variables keep (ledger.ts). */
export type Fact =
  | { readonly type: 'proposed'; readonly txn: number; readonly delivered: readonly number[] }
  | { readonly type: 'delivered'; readonly txns: readonly number[] }
  | { readonly type: 'established'; readonly epoch: number };

export interface Self {
  readonly sid: number;
  readonly sids: readonly number[];
  readonly incarnation: number;
  readonly bounds: Bounds;
  readonly catalogue: Catalogue;
  readonly history: HistoryModel;
  seat(hosted: HostedMachine, handlers: Handlers): Seat;
  send(to: number, header: Omit<Header, 'from' | 'incarnation'>, body: Body): void;
  broadcast(header: Omit<Header, 'from' | 'incarnation'>, body: Body): void;
  report(fact: Fact): void;
  /** The peer's machine is told. */
  roleEstablished(): void;
  roleEnded(): void;
}
