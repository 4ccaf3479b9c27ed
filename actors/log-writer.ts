/**
 * Makes batches durable, in order. A batch counts as logged only after its flush; a failed one is
 * told once, and nothing is reported as logged after it.
 */

import type { LogStore } from '../storage/log-store.ts';
import type { Clock } from './clock.ts';
import type { Batch } from './proposer.ts';

export interface LogWriterPorts {
  logged(batch: Batch): void;
  failed(reason: Error): void;
  /** How long a flush took, ms. */
  flushTook(ms: number): void;
}

export class LogWriter {
  readonly #log: LogStore;
  readonly #clock: Clock;
  readonly #ports: LogWriterPorts;
  #hasFailed = false;
  /** Batches given to the log that it has not answered for. */
  #unsettled = 0;
  /** Settled with the last batch, failed or not. */
  #last: Promise<void> = Promise.resolve();

  constructor(log: LogStore, clock: Clock, ports: LogWriterPorts) {
    this.#log = log;
    this.#clock = clock;
    this.#ports = ports;
  }

  append(batch: Batch): void {
    if (this.#hasFailed) return;
    if (batch.frame === null) {
      // Only syncs: their place is behind what is being logged.
      if (this.#unsettled === 0) this.#clock.defer(() => this.#settle(batch));
      else this.#last = this.#last.then(() => this.#settle(batch));
      return;
    }
    const startedMs = this.#clock.monotonicMs();
    this.#unsettled++;
    this.#last = this.#log.append(batch.frame).then(
      () => {
        this.#unsettled--;
        this.#ports.flushTook(this.#clock.monotonicMs() - startedMs);
        this.#settle(batch);
      },
      (failure: Error) => {
        if (this.#hasFailed) return;
        this.#hasFailed = true;
        this.#ports.failed(failure);
      },
    );
  }

  /** Nothing is written or counts as logged from now on: the replica has failed elsewhere. */
  halt(): void {
    this.#hasFailed = true;
  }

  #settle(batch: Batch): void {
    if (!this.#hasFailed) this.#ports.logged(batch);
  }
}
