/**
 * A replica's storage as its actors drive it, with a mark at each step: batches go through the
 * history and its log writer, are committed when they are logged unless a scenario says otherwise,
 * and are applied then.
 */

import { BatchApplier } from '../../actors/applier.ts';
import { systemClock } from '../../actors/clock.ts';
import { History } from '../../actors/history.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import type { Promises } from '../../storage/log-store.ts';
import { recover } from '../../storage/recovery.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import { openStores, type Stores } from '../../storage/stores.ts';
import { frameOf, Pipeline, type PipelineOptions } from '../support/pipeline.ts';
import type { Marks } from './marks.ts';

export const textOf = (frame: Buffer): string => frame.toString('base64');

export class Rig {
  readonly #directory: string;
  readonly marks: Marks;
  readonly #segmentBytes: number;
  readonly #options: PipelineOptions;
  stores!: Stores;
  history!: History;
  pipeline!: Pipeline;
  /** Whether what is logged counts as committed at once. */
  commitsAlone = true;
  #prepared = 0;
  #loggedWaiters: { readonly zxid: number; readonly done: () => void }[] = [];

  private constructor(top: string, marks: Marks, segmentBytes: number, options: PipelineOptions) {
    this.#directory = top;
    this.marks = marks;
    this.#segmentBytes = segmentBytes;
    this.#options = options;
  }

  static async open(
    top: string,
    marks: Marks,
    segmentBytes: number,
    options: PipelineOptions = {},
  ): Promise<Rig> {
    const rig = new Rig(top, marks, segmentBytes, options);
    await rig.#begin(await openStores(top, top, process.pid, segmentBytes));
    return rig;
  }

  async #begin(stores: Stores): Promise<void> {
    this.stores = stores;
    const { snapshots, log } = stores;
    const { state } = recover(snapshots, log, this.commitsAlone ? {} : { upTo: log.committedZxid });
    await snapshots.endReading();
    this.#lead(state);
  }

  /** Txns are prepared against this state from now on. */
  #lead(state: Pipeline['state']): void {
    this.pipeline = new Pipeline({ ...this.#options, state, sessions: [] });
    this.#prepared = 0;
    const { outstanding } = this.pipeline.preparer;
    const nothing = (): void => {};
    const applier = new BatchApplier(-1, this.pipeline.applier, {
      session: () => undefined,
      sessionCreated: (id) => outstanding.opening.delete(id),
      sessionMoved: nothing,
      sessionClosed: (id) => outstanding.closing.delete(id),
      secretAgreed: nothing,
      membershipChanged: nothing,
    });
    this.history = new History(state, this.stores.log, applier, systemClock, {
      logged: (zxid) => this.#logged(zxid),
      failed: (reason) => {
        throw reason;
      },
      damaged: (reason) => {
        throw reason;
      },
      flushTook: nothing,
      applied: () => outstanding.applied(state.lastZxid),
    });
  }

  #logged(zxid: number): void {
    this.marks.note({ is: 'logged', zxid });
    if (this.commitsAlone) this.history.commit(zxid);
    const waiters = this.#loggedWaiters;
    this.#loggedWaiters = waiters.filter((waiter) => waiter.zxid > zxid);
    for (const { zxid: awaited, done } of waiters) if (awaited <= zxid) done();
  }

  /** The next txn is the first of the epoch: as a leader's that has just been established. */
  async beginEpoch(epoch: number): Promise<void> {
    await this.promise({ acceptedEpoch: epoch, currentEpoch: epoch });
    this.pipeline.state.lastZxid = makeZxid(epoch, 0);
    this.#lead(this.pipeline.state);
  }

  commitAll(): void {
    this.history.commit(this.history.lastZxid);
    this.#lead(this.pipeline.state);
  }

  /** All txns that were prepared since the last frame. */
  frame(): Buffer {
    const { txns } = this.pipeline;
    const frame = frameOf(txns.slice(this.#prepared));
    this.#prepared = txns.length;
    return frame;
  }

  /** Resolves when it is logged. */
  append(frame = this.frame()): Promise<void> {
    this.marks.note({ is: 'append', frame: textOf(frame) });
    this.history.append(frame);
    const zxid = this.history.lastZxid;
    return new Promise((done) => this.#loggedWaiters.push({ zxid, done }));
  }

  prepare(op: number, body: Buffer, session: string): void {
    const { error } = this.pipeline.prepare(op, body, { session });
    if (error !== 0) throw new Error(`request ${op} is refused with ${error}`);
  }

  async promise(promises: Promises): Promise<void> {
    this.marks.note({ is: 'promise', promises });
    await new Promise<void>((done) => this.history.storePromises(promises, done));
    this.marks.note({ is: 'promised', promises });
  }

  async noteCommitted(): Promise<void> {
    const zxid = this.pipeline.state.lastZxid;
    this.marks.note({ is: 'note', zxid });
    this.history.noteCommitted();
    await this.settled();
    this.marks.note({ is: 'noted', zxid });
  }

  settled(): Promise<void> {
    return new Promise((done) => this.history.settle(done));
  }

  async adopt(cutTo: number, frames: readonly Buffer[], promises: Promises): Promise<void> {
    this.marks.note({ is: 'adopt', cutTo, frames: frames.map(textOf), promises });
    await new Promise<void>((done) => this.history.adopt({ cutTo, frames, promises }, done));
    this.marks.note({ is: 'adopted' });
  }

  /** `betweenSlices` is what goes on while the pass is written. */
  async snapshot(betweenSlices: () => Promise<unknown> = async () => {}): Promise<void> {
    const { state } = this.pipeline;
    const pass = new SnapshotPass(state, this.stores.snapshots, 0);
    while (await pass.writeSlice(1)) await betweenSlices();
    this.marks.note({ is: 'pass', zxid: pass.zxid });
    await pass.finish();
    this.marks.note({ is: 'passed', zxid: pass.zxid });
  }

  async purge(): Promise<number> {
    const { zxid } = this.stores.snapshots.meta!;
    this.marks.note({ is: 'purge', zxid });
    return this.stores.log.purge(zxid);
  }

  /** Closes and opens without letting go of the directory. */
  async reopen(): Promise<void> {
    await this.settled();
    await this.#begin(await this.stores.reopen());
  }

  /** Another process takes over. */
  async restart(): Promise<void> {
    await this.close();
    await this.#begin(
      await openStores(this.#directory, this.#directory, process.pid, this.#segmentBytes),
    );
  }

  async close(): Promise<void> {
    await this.settled();
    await this.stores.close();
  }
}
