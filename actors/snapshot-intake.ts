/**
 * Takes in a leader's snapshot: its pages go to a file beside ours as they come; when all of it is
 * durable the log restarts behind it, which is the moment at which it counts.
 */

import { crc32 } from 'node:zlib';
import { batchFault, lastZxidOf } from '../protocol/batch.ts';
import type { JuteReader } from '../protocol/jute.ts';
import { PacketKind } from '../protocol/packet.ts';
import type { SnapshotReceiver, SnapshotStore } from '../storage/snapshot-store.ts';
import { follows, type History } from './history.ts';
import { readHead, readPages, type SnapshotHead } from './snapshot-sender.ts';

export interface IntakePorts {
  /** One chunk is stored: another may come. */
  credit(): void;
  failed(reason: string): void;
  received(): void;
}

export class SnapshotIntake {
  readonly #snapshots: SnapshotStore;
  readonly #history: History;
  readonly #storageFailed: (reason: Error) => void;
  #head: SnapshotHead | null = null;
  #receiver: SnapshotReceiver | null = null;
  /** What was taken is stored step by step. */
  #work: Promise<void> = Promise.resolve();
  /** Steps of an abandoned snapshot are not taken any more. */
  #generation = 0;

  constructor(snapshots: SnapshotStore, history: History, storageFailed: (reason: Error) => void) {
    this.#snapshots = snapshots;
    this.#history = history;
    this.#storageFailed = storageFailed;
  }

  take(kind: number, body: JuteReader, ports: IntakePorts): void {
    if (kind === PacketKind.snapshot) {
      if (this.#head !== null) return ports.failed('a second snapshot begins within the first');
      this.#head = readHead(body);
      if (this.#head === null) return ports.failed('the head of the snapshot makes no sense');
      this.#then(async () => {
        this.#receiver = await this.#snapshots.receive();
      });
    } else if (this.#head === null) {
      ports.failed('pages of a snapshot came before its head');
    } else if (kind === PacketKind.pages) {
      const pages = readPages(body);
      this.#then(async () => {
        await Promise.all(pages.map(({ page, bytes }) => this.#receiver!.writePage(page, bytes)));
        ports.credit();
      });
    } else this.#finish(this.#head, body, ports);
  }

  #finish({ meta, sessions, acls }: SnapshotHead, body: JuteReader, ports: IntakePorts): void {
    const frames: Buffer[] = [];
    for (let left = body.int(); left > 0; left--) {
      body.range();
      frames.push(body.buffer.subarray(body.start, body.stop));
    }
    let last = meta.zxid;
    for (const frame of frames) {
      if (batchFault(frame, crc32) !== null || !follows(frame, last)) {
        return ports.failed('a batch behind the snapshot is damaged or does not follow');
      }
      last = lastZxidOf(frame);
    }
    if (last < Math.max(this.#history.appliedZxid, this.#history.log.committedZxid)) {
      return ports.failed('the snapshot lacks what is known to be committed (Z10)');
    }
    const generation = this.#generation;
    this.#then(async () => {
      await this.#receiver!.finish(meta, sessions, acls);
      // The link may be over by now, and more have been promised over another.
      if (generation !== this.#generation) return;
      await new Promise<void>((done) => this.#history.restartAfter(meta.zxid, frames, done));
      this.#receiver = null;
      ports.received();
    });
  }

  #then(step: () => Promise<void>): void {
    const generation = this.#generation;
    this.#work = this.#work.then(() => (generation === this.#generation ? step() : undefined));
    this.#work.catch(this.#storageFailed);
  }

  /** The link is over: what did not become whole is removed. */
  abandon(): void {
    if (this.#head === null) return;
    this.#head = null;
    this.#generation++;
    this.#then(async () => {
      await this.#receiver?.abandon();
      this.#receiver = null;
    });
  }
}
