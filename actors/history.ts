/**
 * What this replica holds, in zxid order: applied to the state, then logged but not known to be
 * committed, then on its way into the log. Leader, learner and standalone replica drive the same
 * history: they append, and they say up to where it is committed.
 */

import { assert } from '../protocol/assert.ts';
import { firstZxidOf, lastZxidOf, txnCountOf } from '../protocol/batch.ts';
import { Fifo } from '../protocol/fifo.ts';
import type { History as Adopted, LogStore, Promises } from '../storage/log-store.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { BatchApplier } from './applier.ts';
import type { Clock } from './clock.ts';
import { LogWriter } from './log-writer.ts';

export interface HistoryPorts {
  /** All up to this txn is durable here. */
  logged(zxid: number): void;
  failed(reason: Error): void;
  /** A record of the log that was sound at the start, or was not looked at then, is damaged. */
  damaged(reason: Error): void;
  flushTook(ms: number): void;
  /** A batch of so many txns and bytes is applied. */
  applied(txnCount: number, bytes: number): void;
}

interface Entry {
  readonly frame: Buffer;
  readonly lastZxid: number;
  /** Gives the frame's memory back; nothing may look at it afterwards. */
  release(): void;
}

const keep = (): void => {};

export class History {
  readonly log: LogStore;
  readonly #state: ReplicatedState;
  readonly #applier: BatchApplier;
  readonly #ports: HistoryPorts;
  readonly #writer: LogWriter;
  /**
   * Batches beyond the state: filled by append and adopt, drained as they are committed. Bounded by
   * what the leader lets be outstanding. Invariant: dense in zxid order, right behind the state.
   */
  readonly #unapplied = new Fifo<Entry>();
  #loggedZxid: number;
  #committedZxid: number;
  /** Reading on from here, or from before it, meets a damaged record. */
  #damagedBehind = -1;
  /** A write is under way, or about to be, that suffers no other. */
  #isAlone = false;

  constructor(
    state: ReplicatedState,
    log: LogStore,
    applier: BatchApplier,
    clock: Clock,
    ports: HistoryPorts,
  ) {
    this.#state = state;
    this.log = log;
    this.#applier = applier;
    this.#ports = ports;
    this.#loggedZxid = log.lastZxid;
    this.#committedZxid = state.lastZxid;
    for (const frame of log.read(state.lastZxid)) this.#push(frame, keep);
    this.#writer = new LogWriter(log, clock, {
      logged: (zxid) => this.#logged(zxid),
      failed: (reason) => ports.failed(reason),
      flushTook: (ms) => ports.flushTook(ms),
    });
  }

  /** Last txn that was appended, durable or not. */
  get lastZxid(): number {
    return this.log.lastZxid;
  }

  get loggedZxid(): number {
    return this.#loggedZxid;
  }

  get committedZxid(): number {
    return this.#committedZxid;
  }

  /** Last txn that is in the state. */
  get appliedZxid(): number {
    return this.#state.lastZxid;
  }

  /** Where others can be given the log from: what it held before is purged, or damaged. */
  get reachesBackTo(): number {
    return Math.max(this.log.oldestZxid, this.#damagedBehind + 1);
  }

  /** Reading on from `zxid` has met a damaged record. Nothing is given from there any more. */
  damageMet(zxid: number, reason: Error): void {
    this.#damagedBehind = Math.max(this.#damagedBehind, zxid);
    this.#ports.damaged(reason);
  }

  get promises(): Promises {
    return this.log.promises;
  }

  /** Everything is applied. */
  get isIdle(): boolean {
    return this.#unapplied.size === 0;
  }

  /** Batches that are not applied yet, oldest first. */
  *unapplied(): Iterable<Buffer> {
    for (const { frame } of this.#unapplied) yield frame;
  }

  /** End of our last batch at or below `zxid`, durable or not: a quorum may hold it without us. */
  batchEndAtOrBelow(zxid: number): number {
    const applied = this.appliedZxid;
    // Where the state ends a batch ends, and all behind it is in memory.
    let end = zxid < applied ? this.log.lastBatchEndAtOrBelow(zxid) : applied;
    for (const { lastZxid } of this.#unapplied) if (lastZxid <= zxid) end = Math.max(end, lastZxid);
    return end;
  }

  /** The frame must not change until `release` is called: when it is applied, or dropped. */
  append(frame: Buffer, release: () => void = keep): void {
    this.#push(frame, release);
    this.#writer.append(frame);
  }

  #push(frame: Buffer, release: () => void): void {
    this.#unapplied.push({ frame, lastZxid: lastZxidOf(frame), release });
  }

  #logged(zxid: number): void {
    assert(zxid > this.#loggedZxid, 'history: batches are logged in order');
    this.#loggedZxid = zxid;
    this.#ports.logged(zxid);
    this.#advance();
  }

  /** A quorum holds everything up to `zxid`. */
  commit(zxid: number): void {
    if (zxid <= this.#committedZxid) return;
    this.#committedZxid = zxid;
    this.#advance();
  }

  /**
   * Applied is only what is committed, and durable here as well: else a snapshot could hold more
   * than the log.
   */
  #advance(): void {
    const limit = Math.min(this.#committedZxid, this.#loggedZxid);
    for (let head = this.#unapplied.peek(); head !== undefined; head = this.#unapplied.peek()) {
      if (head.lastZxid > limit) return;
      this.#unapplied.shift();
      const { frame } = head;
      this.#applier.apply(frame);
      const txnCount = txnCountOf(frame);
      // First, for whoever waits for that memory reads on as soon as it is told.
      head.release();
      this.#ports.applied(txnCount, frame.length);
    }
  }

  /** Calls `done` once all that was appended is durable. */
  settle(done: () => void): void {
    this.#writer.settle(done);
  }

  storePromises(promises: Promises, done: () => void): void {
    this.#writer.write(this.log.writePromises(promises), done);
  }

  /** Takes over a leader's history, in one transaction. */
  adopt(adopted: Adopted, done: () => void): void {
    assert(adopted.cutTo >= this.#state.lastZxid, 'history: what is committed is never cut (Z10)');
    this.#alone(
      () => this.log.adopt(adopted),
      () => {
        const entries = this.#unapplied.drain();
        for (const entry of entries) {
          if (entry.lastZxid <= adopted.cutTo) this.#unapplied.push(entry);
          else entry.release();
        }
        for (const frame of adopted.frames) this.#push(frame, keep);
        this.#loggedZxid = this.log.lastZxid;
        this.#advance();
        done();
      },
    );
  }

  /**
   * A leader's snapshot, durable beside ours, takes the place of all that is here: the state in
   * memory counts for nothing from now on.
   */
  restartAfter(zxid: number, frames: readonly Buffer[], done: () => void): void {
    this.#alone(() => this.log.restartAfter(zxid, this.promises, frames), done);
  }

  /** Writes when nothing else is written, and lets nothing else begin until it is durable. */
  #alone(write: () => Promise<void>, done: () => void): void {
    this.#isAlone = true;
    this.#writer.settle(() =>
      this.#writer.write(write(), () => {
        this.#isAlone = false;
        done();
      }),
    );
  }

  /** Notes in the log what may be applied without asking at the next start. */
  noteCommitted(): void {
    const zxid = this.#state.lastZxid;
    if (this.#isAlone || zxid <= this.log.committedZxid) return;
    this.#writer.write(this.log.noteCommitted(zxid), () => {});
  }

  halt(): void {
    this.#writer.halt();
  }
}

/** Does a batch follow `zxid` without a gap? */
export function follows(frame: Buffer, zxid: number): boolean {
  const first = firstZxidOf(frame);
  return first === zxid + 1 || (first % 2 ** 32 === 1 && first > zxid);
}
