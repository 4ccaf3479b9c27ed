/**
 * The log in segments, each an LMDB file of its own: key = first zxid of a batch, value = the batch
 * frame as it was agreed upon. One value per batch, so that a commit writes a few pages and not
 * fifty kilobytes per txn; purging closes and unlinks whole segments, so that no free list ever
 * grows.
 *
 * A damaged last frame is a torn tail and is cut; a damaged frame with a sound one behind it is
 * corruption, and the log refuses to open.
 */

import { mkdirSync, readdirSync } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../protocol/assert.ts';
import { batchFault, firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { epochOf, formatZxid } from '../protocol/zxid.ts';
import { Environment, syncDirectory } from './environment.ts';
import type { LogStore, Promises } from './log-store.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper log 1';
const promisesKey = Buffer.from([0xff, ...Buffer.from('promises')]);
const keyEnd = Buffer.from([0xff]);
const segmentPattern = /^log\.(\d{8})\.mdb$/;

export interface LmdbLogOptions {
  readonly directory: string;
  /** A new segment begins once the newest holds this many bytes. */
  readonly segmentBytesMax?: number;
}

interface Segment {
  readonly number: number;
  readonly environment: Environment;
  /** First zxid of its first batch; Infinity while it is empty. */
  firstZxid: number;
  bytes: number;
}

export class LmdbLog implements LogStore {
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  /** Oldest first; the last one is written to. Invariant: never empty once opened. */
  #segments: Segment[] = [];
  /** The segment after the newest, made ahead of need. */
  #next: Promise<Segment> | null = null;
  #rolling: Promise<void> | null = null;
  lastZxid = 0;
  bytesWritten = 0;
  promises: Promises = { acceptedEpoch: 0, currentEpoch: 0 };

  private constructor(options: LmdbLogOptions) {
    this.#directory = options.directory;
    this.#segmentBytesMax = options.segmentBytesMax ?? 256 * 1024 * 1024;
  }

  /** Opens the log and checks every frame; `lastZxid` is right afterwards. */
  static async open(options: LmdbLogOptions): Promise<LmdbLog> {
    const log = new LmdbLog(options);
    mkdirSync(options.directory, { recursive: true });
    const numbers = readdirSync(options.directory)
      .map((name) => segmentPattern.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const number of numbers) log.#segments.push(await log.#openSegment(number));
    if (numbers.length === 0) log.#segments.push(await log.#openSegment(1));
    log.#restorePromises();
    log.#restoreEnds();
    return log;
  }

  async #openSegment(number: number): Promise<Segment> {
    const name = `log.${String(number).padStart(8, '0')}.mdb`;
    const environment = await Environment.open(join(this.#directory, name), {
      format,
      mapBytes: this.#segmentBytesMax * 2,
    });
    return { number, environment, firstZxid: Number.POSITIVE_INFINITY, bytes: 0 };
  }

  get #newest(): Segment {
    return this.#segments.at(-1)!;
  }

  #restorePromises(): void {
    for (const { environment } of this.#segments) {
      const stored = environment.get(promisesKey);
      if (stored !== undefined) this.promises = JSON.parse(stored.toString()) as Promises;
    }
  }

  /** First zxid of each segment and the last of all, from the keys alone. */
  #restoreEnds(): void {
    for (const segment of this.#segments) {
      for (const { value } of segment.environment.entries(zxidKey(0), keyEnd)) {
        segment.firstZxid = firstZxidOf(value);
        break;
      }
    }
  }

  append(frame: Buffer): Promise<void> {
    const firstZxid = firstZxidOf(frame);
    const follows = firstZxid === this.lastZxid + 1 || epochOf(firstZxid) > epochOf(this.lastZxid);
    assert(follows, 'log: a batch follows the last one without a gap');
    this.lastZxid = lastZxidOf(frame);
    this.bytesWritten += frame.length;
    if (this.#newest.bytes > this.#segmentBytesMax && this.#rolling === null) {
      this.#rolling = this.#roll().finally(() => {
        this.#rolling = null;
      });
    }
    if (this.#rolling !== null) return this.#rolling.then(() => this.#write(firstZxid, frame));
    return this.#write(firstZxid, frame);
  }

  #write(firstZxid: number, frame: Buffer): Promise<void> {
    const segment = this.#newest;
    if (segment.firstZxid === Number.POSITIVE_INFINITY) segment.firstZxid = firstZxid;
    segment.bytes += frame.length;
    if (segment.bytes > this.#segmentBytesMax / 2)
      this.#next ??= this.#makeNext(segment.number + 1);
    return segment.environment.put(zxidKey(firstZxid), frame);
  }

  /** A new segment starts with a copy of the promises: the newest segment's are the valid ones. */
  async #makeNext(number: number): Promise<Segment> {
    const segment = await this.#openSegment(number);
    await segment.environment.put(promisesKey, Buffer.from(JSON.stringify(this.promises)));
    return segment;
  }

  async #roll(): Promise<void> {
    const next = await (this.#next ?? this.#makeNext(this.#newest.number + 1));
    this.#next = null;
    this.#segments.push(next);
  }

  /**
   * @throws StorageError on a corrupt frame or a gap; a torn tail ends the iteration, and the next
   *   append takes its place
   */
  *read(zxid: number): Iterable<Buffer> {
    let last = 0;
    let damaged: string | null = null;
    for (const { environment, firstZxid } of this.#segmentsFrom(zxid)) {
      if (firstZxid === Number.POSITIVE_INFINITY) continue;
      for (const { key, value } of environment.entries(zxidKey(0), keyEnd)) {
        if (damaged !== null) {
          throw new StorageError(
            `${damaged}, with sound records behind it: the log is corrupt; ${remedy}`,
          );
        }
        const fault = batchFault(value, checksum);
        if (fault === 'version') {
          throw new StorageError(`${environment.path}: a newer program wrote this log`);
        }
        if (fault !== null) {
          damaged = `${environment.path}: the record at ${formatZxid(readKey(key))} is ${fault}`;
          continue;
        }
        const first = firstZxidOf(value);
        if (last > 0 && first !== last + 1 && epochOf(first) === epochOf(last)) {
          throw new StorageError(
            `${environment.path}: ${formatZxid(first)} follows ${formatZxid(last)}: ` +
              `txns are missing; ${remedy}`,
          );
        }
        last = lastZxidOf(value);
        this.lastZxid = Math.max(this.lastZxid, last);
        if (last > zxid) yield value;
      }
    }
  }

  /** The segments that may hold txns above `zxid`: from the last one that starts at or below it. */
  #segmentsFrom(zxid: number): readonly Segment[] {
    let start = 0;
    this.#segments.forEach((segment, index) => {
      if (segment.firstZxid <= zxid + 1) start = index;
    });
    return this.#segments.slice(start);
  }

  startAfter(zxid: number): void {
    this.lastZxid = Math.max(this.lastZxid, zxid);
  }

  writePromises(promises: Promises): Promise<void> {
    assert(promises.acceptedEpoch >= promises.currentEpoch, 'epochs: accepted >= current (Z11)');
    assert(promises.acceptedEpoch >= this.promises.acceptedEpoch, 'epochs: none ever goes down');
    this.promises = promises;
    return this.#newest.environment.put(promisesKey, Buffer.from(JSON.stringify(promises)));
  }

  async purge(zxid: number): Promise<number> {
    let count = 0;
    while (this.#segments.length > 1 && this.#segments[1]!.firstZxid <= zxid + 1) {
      const segment = this.#segments.shift()!;
      await segment.environment.close();
      // Freeing the blocks of a large file takes long: not in this thread.
      await unlink(segment.environment.path);
      await unlink(`${segment.environment.path}-lock`);
      count++;
    }
    if (count > 0) syncDirectory(this.#directory);
    return count;
  }

  async close(): Promise<void> {
    await this.#rolling;
    const next = await this.#next;
    for (const segment of next ? [...this.#segments, next] : this.#segments) {
      await segment.environment.close();
    }
  }
}

const checksum = (bytes: Buffer) => crc32(bytes);

function zxidKey(zxid: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(zxid));
  return key;
}

function readKey(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
