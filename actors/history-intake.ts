/**
 * Takes over a leader's history over one link: batches come in order, long ones are stored piece by
 * piece, and the last piece goes into the log together with the cut and our new currentEpoch, in
 * one transaction. Until then we count as holding what we held before.
 */

import { crc32 } from 'node:zlib';
import { batchFault, lastZxidOf } from '../protocol/batch.ts';
import type { JuteReader } from '../protocol/jute.ts';
import { type Leadership, readZxid } from '../protocol/zab.ts';
import { follows, type History } from './history.ts';

export interface HistoryIntakePorts {
  /** A chunk is stored: another may come. */
  credit(): void;
  /** NEWLEADER has come, and all that belongs before it. */
  received(): void;
  broken(reason: string): void;
}

/** Batches of history that are stored in one go: less than the leader sends without a credit. */
const pieceBytesMax = 1024 * 1024;

export class HistoryIntake {
  readonly #history: History;
  readonly #ports: HistoryIntakePorts;
  /** Received and not stored yet; bounded by the credits that we give. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** Chunks of the leader's that end in the pieces: each is worth a credit once it is stored. */
  #chunks = 0;
  #isStoring = false;
  /** Up to where our own log is kept. */
  #cutTo: number;
  /** End of what is kept and what has been received behind it. */
  #receivedZxid: number;
  /** What the leader knew to be committed, for good. */
  #committed = 0;
  #leadership: Leadership | null = null;
  #isClosed = false;

  constructor(history: History, ports: HistoryIntakePorts) {
    this.#history = history;
    this.#ports = ports;
    this.#cutTo = history.lastZxid;
    this.#receivedZxid = history.lastZxid;
  }

  /**
   * Where we would stand if we cut there; null if that is out of the question. Nothing is cut yet:
   * only with what comes in its place.
   */
  considerCut(zxid: number): number | null {
    const { log, appliedZxid } = this.#history;
    const position = log.lastBatchEndAtOrBelow(zxid);
    if (position < Math.max(appliedZxid, log.committedZxid, log.oldestZxid)) return null;
    this.#cutTo = position;
    this.#receivedZxid = position;
    return position;
  }

  /** One batch: boolean whether it ends a chunk, long zxid that is committed, the frame. */
  take(body: JuteReader): void {
    if (body.boolean()) this.#chunks++;
    const committed = readZxid(body);
    const frame = body.buffer.subarray(body.position, body.end);
    if (batchFault(frame, crc32) !== null || !follows(frame, this.#receivedZxid)) {
      return this.#ports.broken('a batch of the history is damaged or does not follow');
    }
    this.#receivedZxid = lastZxidOf(frame);
    this.#pieces.push(frame);
    this.#pieceBytes += frame.length;
    this.#committed = Math.max(this.#committed, committed);
    if (this.#pieceBytes >= pieceBytesMax) this.#storePieces();
  }

  /** Our currentEpoch stays what it is: as a voter we claim less than we hold, never more. */
  #storePieces(): void {
    if (this.#isStoring) return;
    const frames = this.#pieces;
    const chunks = this.#chunks;
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.#chunks = 0;
    this.#store(frames, this.#history.promises, () => {
      // Committed is committed, and need not wait in memory.
      this.#history.commit(Math.min(this.#committed, this.#cutTo));
      for (let left = chunks; left > 0; left--) this.#ports.credit();
      if (this.#pieceBytes >= pieceBytesMax) this.#storePieces();
      else this.#checkWhole();
    });
  }

  #store(frames: readonly Buffer[], promises: History['promises'], done: () => void): void {
    this.#isStoring = true;
    this.#history.adopt({ cutTo: this.#cutTo, frames, promises }, () => {
      this.#isStoring = false;
      this.#cutTo = this.#history.lastZxid;
      if (!this.#isClosed) done();
    });
  }

  leadershipReceived(leadership: Leadership): void {
    this.#leadership = leadership;
    this.#checkWhole();
  }

  #checkWhole(): void {
    if (this.#leadership === null || this.#isStoring) return;
    if (this.#receivedZxid !== this.#leadership.lastZxid) {
      return this.#ports.broken('the history does not end where the leader says');
    }
    this.#ports.received();
  }

  /** Stores what is left, and with it our currentEpoch: the leader may count on us then. */
  adopt(epoch: number, done: (leadership: Leadership) => void): void {
    const acceptedEpoch = Math.max(epoch, this.#history.promises.acceptedEpoch);
    const frames = this.#pieces;
    this.#pieces = [];
    this.#store(frames, { acceptedEpoch, currentEpoch: epoch }, () => done(this.#leadership!));
  }

  close(): void {
    this.#isClosed = true;
  }
}
