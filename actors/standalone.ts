/**
 * Agreement with nobody: a standalone replica's own log is the quorum, and what it holds is
 * committed. The same proposer and the same history as in an ensemble.
 */

import type { Preparer } from '../storage/prepare.ts';
import type { Clock } from './clock.ts';
import type { History } from './history.ts';
import type { PendingRequest } from './pending-request.ts';
import { type Batch, Proposer } from './proposer.ts';

export class Standalone {
  readonly #history: History;
  readonly #proposer: Proposer;

  constructor(preparer: Preparer, history: History, clock: Clock) {
    this.#history = history;
    this.#proposer = new Proposer(preparer, history.lastZxid, clock, {
      propose: ({ frame, release }: Batch) => history.append(frame, release),
      // The counter runs on into the epoch's bits, as ZooKeeper's does (spec 6.1).
      exhausted: () => {},
    });
  }

  get isOverloaded(): boolean {
    return this.#proposer.isOverloaded;
  }

  get isIdle(): boolean {
    return this.#proposer.isIdle;
  }

  submit(request: PendingRequest): void {
    this.#proposer.submit(request);
  }

  logged(zxid: number): void {
    this.#proposer.logged();
    this.#history.commit(zxid);
  }
}
