/**
 * Hosts the snapshotter's machine: carries out passes in slices with rests between them, and trims
 * the log behind a finished one.
 */

import { snapshotterMachine } from '../machines/snapshotter.ts';
import type { LogStore } from '../storage/log-store.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import { SnapshotPass } from '../storage/snapshot-pass.ts';
import type { SnapshotStore } from '../storage/snapshot-store.ts';
import type { Clock, Timer } from './clock.ts';
import { MachineHost } from './host.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import type { Tap } from './tap.ts';

export interface SnapshotterPorts {
  /** Txns above this one must stay in the log, whatever the snapshot holds. */
  claimedZxid(): number;
  failed(reason: Error): void;
  note(message: string): void;
}

/**
 * Pages of one slice. Requests wait while they are encoded, and the log's flush waits beside
 * theirs: a write that meets a slice shall hardly notice.
 */
const slicePages = 8;
/** After a slice the pass rests so many times as long as that took: most writes meet none. */
const restsPerSlice = 3;
/** A pass goes on, however slow the disk is: the log is kept until its end. */
const restMsMax = 10;
/** As many pages, without a rest, when the log grows faster than the pass gets on. */
const hurriedSlicePages = 24;
/** And when somebody waits for the snapshot. */
const awaitedSlicePages = 256;

export class Snapshotter {
  readonly #state: ReplicatedState;
  readonly #snapshots: SnapshotStore;
  readonly #log: LogStore;
  readonly #clock: Clock;
  readonly #ports: SnapshotterPorts;
  readonly #host: MachineHost<typeof snapshotterMachine>;
  #pass: SnapshotPass | null = null;
  #startedMs = 0;
  /** Until the next slice. */
  #rest: Timer | null = null;
  /** The trim under way goes on at once. */
  #endTrimRest = (): void => {};
  /** Learners to whom the snapshot is being sent. */
  #readers = 0;
  /** Resolved when no pass is under way any more. */
  #idleWaiters: (() => void)[] = [];

  constructor(
    state: ReplicatedState,
    stores: { readonly snapshots: SnapshotStore; readonly log: LogStore },
    clock: Clock,
    limits: { readonly txnsMax: number; readonly bytesMax: number },
    ports: SnapshotterPorts,
    tap: Tap,
  ) {
    this.#state = state;
    this.#snapshots = stores.snapshots;
    this.#log = stores.log;
    this.#clock = clock;
    this.#ports = ports;
    this.#host = new MachineHost(
      snapshotterMachine,
      {
        startPass: () => this.#startPass(),
        writeSlice: () => this.#writeSlice(),
        finishPass: () => this.#finishPass(),
        trimLog: ({ zxid }: { zxid: number }) => this.#trimLog(zxid),
        stopReplica: () => {},
      },
      { input: limits, tap },
    );
  }

  get stateName(): string {
    return this.#host.state;
  }

  batchApplied(txns: number, bytes: number): void {
    this.#host.send({ type: 'batch.applied', txns, bytes });
  }

  /** Brings the snapshot up to date; resolves when it is, or when a failure was reported. */
  async snapshotNow(): Promise<void> {
    await this.settled();
    this.#host.send({ type: 'snapshot.requested' });
    await this.settled();
  }

  /**
   * Opens the snapshot, brought up to date, for a learner. No pass begins until all who read have
   * closed it.
   */
  async openForReading(opened: (sender: SnapshotSender) => void): Promise<void> {
    if (this.#readers === 0) await this.snapshotNow();
    while (this.#readers === 0 && this.#host.state !== 'idle') {
      if (this.#host.state === 'failed') return;
      await this.settled();
    }
    if (this.#readers++ === 0) this.#host.send({ type: 'reading.begun' });
    const closed = () => {
      if (--this.#readers === 0) this.#host.send({ type: 'reading.ended' });
    };
    const failed = (reason: Error) => this.#ports.failed(reason);
    opened(new SnapshotSender(this.#snapshots.openReader(), closed, failed));
  }

  /** Resolves when no pass is under way. */
  async settled(): Promise<void> {
    if (this.#pass === null) return;
    await new Promise<void>((resolve) => {
      this.#idleWaiters.push(resolve);
      if (this.#rest !== null) this.#endRest();
      this.#endTrimRest();
    });
  }

  #startPass(): void {
    this.#startedMs = this.#clock.monotonicMs();
    this.#pass = new SnapshotPass(this.#state, this.#snapshots, this.#clock.wallMs());
  }

  #writeSlice(): void {
    const startedMs = this.#clock.monotonicMs();
    this.#pass!.writeSlice(this.#slicePages).then(
      (hasMore) => {
        if (!hasMore) this.#host.send({ type: 'pages.settled' });
        else if (this.#mayRest) this.#beginRest(this.#clock.monotonicMs() - startedMs);
        else this.#host.send({ type: 'slice.written' });
      },
      (failure: Error) => this.#fail(failure),
    );
  }

  get #isAwaited(): boolean {
    return this.#idleWaiters.length > 0;
  }

  get #slicePages(): number {
    if (this.#isAwaited) return awaitedSlicePages;
    return this.#mayRest ? slicePages : hurriedSlicePages;
  }

  /**
   * A pass has until the next one is due, and is in time if it has got as far as the log has:
   * what a start has to read again grows no further.
   */
  get #mayRest(): boolean {
    if (this.#isAwaited) return false;
    const { txns, txnsMax, bytes, bytesMax } = this.#host.context;
    return this.#pass!.share >= Math.max(txns / txnsMax, bytes / bytesMax);
  }

  #beginRest(sliceMs: number): void {
    this.#rest = this.#clock.after(this.#restMs(sliceMs), () => this.#endRest());
  }

  #endRest(): void {
    this.#rest!.cancel();
    this.#rest = null;
    this.#host.send({ type: 'slice.written' });
  }

  #finishPass(): void {
    const pass = this.#pass!;
    pass.finish().then(
      ({ zxid }) => {
        const tookMs = Math.round(this.#clock.monotonicMs() - this.#startedMs);
        this.#ports.note(
          `snapshot 0x${zxid.toString(16)}: ${pass.pagesOwed} pages in ${tookMs} ms`,
        );
        this.#host.send({ type: 'snapshot.finished', zxid });
      },
      (failure: Error) => this.#fail(failure),
    );
  }

  /** The next pass may begin before the log has been trimmed behind this one. */
  #trimLog(zxid: number): void {
    const pass = this.#pass;
    const purged = this.#log.purge(Math.min(zxid, this.#ports.claimedZxid()), this.#rester());
    purged.then(
      () => {
        if (this.#pass === pass) this.#passEnded();
      },
      (failure: Error) => this.#fail(failure),
    );
  }

  /** Rests behind each step of a trim as behind a slice: a commit of the log meets one at most. */
  #rester(): () => Promise<void> {
    let startedMs = this.#clock.monotonicMs();
    return () =>
      new Promise((resolve) => {
        const end = () => {
          timer.cancel();
          startedMs = this.#clock.monotonicMs();
          resolve();
        };
        const ms = this.#restMs(this.#clock.monotonicMs() - startedMs);
        const timer = this.#clock.after(ms, end);
        this.#endTrimRest = end;
        if (this.#isAwaited) end();
      });
  }

  #restMs(stepMs: number): number {
    return Math.min(restMsMax, stepMs * restsPerSlice);
  }

  #fail(failure: Error): void {
    if (this.#host.state !== 'idle') this.#host.send({ type: 'snapshot.failed' });
    this.#ports.failed(failure);
    this.#passEnded();
  }

  #passEnded(): void {
    this.#pass = null;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }
}
