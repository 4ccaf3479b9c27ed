/**
 * Makes batches durable, in order. A batch counts as logged only after its flush; a failed one is
 * told once, and nothing is reported as logged after it.
 */

import { lastZxidOf } from '../protocol/batch.ts';
import { Fifo } from '../protocol/fifo.ts';
import type { LogStore } from '../storage/log-store.ts';
import type { Clock } from './clock.ts';

export interface LogWriterPorts {
  /** All batches up to this txn are durable. */
  logged(zxid: number): void;
  failed(reason: Error): void;
  /** How long a flush took, ms. */
  flushTook(ms: number): void;
}

/** A batch that is small is not worth a thread, on a disk that was quick the last time. */
const atOnceBytesMax = 4096;
const atOnceMsMax = 2;

export class LogWriter {
  readonly #log: LogStore;
  readonly #clock: Clock;
  readonly #ports: LogWriterPorts;
  #hasFailed = false;
  /** How long the last flush took. */
  #lastMs = 0;
  /** Batches that do not count as logged yet, in order: drained as they become durable. */
  readonly #appends = new Fifo<{ readonly zxid: number; isDurable: boolean }>();
  /** Batches given to the log that it has not answered for. */
  #unsettled = 0;
  #whenSettled: (() => void)[] = [];

  constructor(log: LogStore, clock: Clock, ports: LogWriterPorts) {
    this.#log = log;
    this.#clock = clock;
    this.#ports = ports;
  }

  /** The frame must not change until it is logged. */
  append(frame: Buffer): void {
    if (this.#hasFailed) return;
    const startedMs = this.#clock.monotonicMs();
    const append = { zxid: lastZxidOf(frame), isDurable: false };
    const isAtOnce =
      this.#unsettled === 0 && frame.length <= atOnceBytesMax && this.#lastMs <= atOnceMsMax;
    this.#appends.push(append);
    this.#unsettled++;
    this.#log.append(frame, isAtOnce).then(
      () => {
        this.#lastMs = this.#clock.monotonicMs() - startedMs;
        this.#ports.flushTook(this.#lastMs);
        append.isDurable = true;
        this.#tellLogged();
        this.#settleOne();
      },
      (failure: Error) => this.#fail(failure),
    );
  }

  /** A batch counts once all before it do: the log may answer for a later one first. */
  #tellLogged(): void {
    for (let head = this.#appends.peek(); head?.isDurable; head = this.#appends.peek()) {
      this.#appends.shift();
      if (!this.#hasFailed) this.#ports.logged(head.zxid);
    }
  }

  /** Any other write to the log: its failure is ours. `done` comes when it is durable. */
  write(started: Promise<void>, done: () => void): void {
    this.#unsettled++;
    started.then(
      () => {
        if (!this.#hasFailed) done();
        this.#settleOne();
      },
      (failure: Error) => this.#fail(failure),
    );
  }

  /**
   * Calls `done` once the log has answered for all that it was given, also for what those before
   * in this queue have begun to write.
   */
  settle(done: () => void): void {
    this.#whenSettled.push(done);
    if (this.#unsettled === 0) this.#clock.defer(() => this.#tellSettled());
  }

  #settleOne(): void {
    this.#unsettled--;
    this.#tellSettled();
  }

  #tellSettled(): void {
    while (this.#unsettled === 0 && !this.#hasFailed) {
      const done = this.#whenSettled.shift();
      if (done === undefined) return;
      done();
    }
  }

  #fail(failure: Error): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#ports.failed(failure);
  }

  /** Nothing is written or counts as logged from now on: the replica has failed elsewhere. */
  halt(): void {
    this.#hasFailed = true;
  }
}
