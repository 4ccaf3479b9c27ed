/**
 * The log in segments, each an LMDB file of its own: key = first zxid of a batch, value = the batch
 * frame as it was agreed upon. One value per batch, so that a commit writes a few pages and not
 * fifty kilobytes per txn; purging closes and unlinks whole segments, so that no free list ever
 * grows.
 *
 * A damaged last frame is a torn tail and is cut; a damaged frame with a sound one behind it is
 * corruption, and the log refuses to open.
 */

import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../protocol/assert.ts';
import { type BatchFault, batchFault, firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { epochOf, formatZxid } from '../protocol/zxid.ts';
import { discarded, discardFile } from './directory.ts';
import { Environment } from './environment.ts';
import type { LogStore, Promises } from './log-store.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper log 1';
const promisesKey = Buffer.from([0xff, ...Buffer.from('promises')]);
/** In a segment: the number of the one that follows it, so that a lost one is missed. */
const nextKey = Buffer.from([0xff, ...Buffer.from('next')]);
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
  /** About the size of its file. */
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
  trimmed: string | null = null;

  private constructor(options: LmdbLogOptions) {
    this.#directory = options.directory;
    this.#segmentBytesMax = options.segmentBytesMax ?? 256 * 1024 * 1024;
  }

  /**
   * Opens the log; `lastZxid` is right afterwards. What lies before the end is checked by `read`.
   */
  static async open(options: LmdbLogOptions): Promise<LmdbLog> {
    const log = new LmdbLog(options);
    mkdirSync(options.directory, { recursive: true });
    const names = readdirSync(options.directory);
    for (const name of names.filter((name) => name.endsWith(discarded))) {
      await rm(join(options.directory, name), { force: true });
    }
    const numbers = names
      .map((name) => segmentPattern.exec(name)?.[1])
      .filter((digits) => digits !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    for (const number of numbers) log.#segments.push(await log.#openSegment(number));
    if (numbers.length === 0) log.#segments.push(await log.#openSegment(1));
    await log.#checkChain();
    log.#restorePromises();
    log.#restoreStarts();
    await log.#restoreEnd();
    return log;
  }

  async #openSegment(number: number): Promise<Segment> {
    const name = `log.${String(number).padStart(8, '0')}.mdb`;
    const environment = await Environment.open(join(this.#directory, name), {
      format,
      mapBytes: this.#segmentBytesMax * 2,
    });
    const bytes = statSync(environment.path).size;
    return { number, environment, firstZxid: Number.POSITIVE_INFINITY, bytes };
  }

  /** Each segment names the one behind it; a crash may have come before that was written. */
  async #checkChain(): Promise<void> {
    for (const [index, { number, environment }] of this.#segments.entries()) {
      const following = this.#segments[index + 1]?.number;
      const isNamed = environment.get(nextKey) !== undefined;
      if (following === undefined ? isNamed : following !== number + 1) {
        throw new StorageError(
          `${this.#directory}: segment ${number + 1} of the log is missing; ${remedy}`,
        );
      }
      if (following !== undefined && !isNamed) await this.#name(environment, following);
    }
  }

  #name(environment: Environment, following: number): Promise<void> {
    return environment.put(nextKey, Buffer.from(String(following)));
  }

  get #newest(): Segment {
    return this.#segments.at(-1)!;
  }

  /**
   * Promises only rise, and the segment that was made ahead of need may hold older ones than the
   * one that was still written to: the highest are the valid ones.
   */
  #restorePromises(): void {
    for (const { environment } of this.#segments) {
      const stored = environment.get(promisesKey);
      if (stored === undefined) continue;
      const found = JSON.parse(stored.toString()) as Promises;
      const { acceptedEpoch, currentEpoch } = this.promises;
      this.promises = {
        acceptedEpoch: Math.max(acceptedEpoch, found.acceptedEpoch),
        currentEpoch: Math.max(currentEpoch, found.currentEpoch),
      };
    }
  }

  /** First zxid of each segment, from the keys alone. */
  #restoreStarts(): void {
    for (const segment of this.#segments) {
      for (const { key } of segment.environment.entries(zxidKey(0), keyEnd)) {
        segment.firstZxid = readKey(key);
        break;
      }
    }
  }

  /**
   * Finds the last record. One that is short is a torn tail, which was never acknowledged, and is
   * cut: the next batch may have another key or go to another segment, and must not have a damaged
   * record before it. One of full length whose checksum is wrong was acknowledged: that is
   * corruption, also at the end.
   */
  async #restoreEnd(): Promise<void> {
    let torn: { readonly environment: Environment; readonly key: Buffer } | null = null;
    for (const { environment } of this.#segments.toReversed()) {
      for (const key of environment.keysDown(keyEnd, zxidKey(0))) {
        const value = environment.get(key)!;
        const fault = batchFault(value, checksum);
        if (fault === null) {
          this.lastZxid = lastZxidOf(value);
          return this.#cut(torn);
        }
        if (fault === 'version') return;
        if (torn !== null || fault === 'corrupt') {
          throw new StorageError(`${faultyRecord(environment, key, fault)}; ${remedy}`);
        }
        torn = { environment, key: Buffer.from(key) };
      }
    }
    return this.#cut(torn);
  }

  async #cut(torn: { readonly environment: Environment; readonly key: Buffer } | null) {
    if (torn === null) return;
    this.trimmed = faultyRecord(torn.environment, torn.key, 'torn');
    await torn.environment.removeAll([torn.key]);
  }

  append(frame: Buffer): Promise<void> {
    const firstZxid = firstZxidOf(frame);
    const follows = firstZxid === this.lastZxid + 1 || epochOf(firstZxid) > epochOf(this.lastZxid);
    assert(follows, 'log: a batch follows the last one without a gap');
    this.lastZxid = lastZxidOf(frame);
    this.bytesWritten += frame.length;
    if (this.#newest.bytes > this.#segmentBytesMax && this.#rolling === null) {
      this.#rolling = this.#roll();
      // Ahead of the writes that wait for it, so that none that comes later overtakes them.
      const rolled = () => {
        this.#rolling = null;
      };
      this.#rolling.then(rolled, rolled);
    }
    if (this.#rolling !== null) return this.#rolling.then(() => this.#write(firstZxid, frame));
    return this.#write(firstZxid, frame);
  }

  #write(firstZxid: number, frame: Buffer): Promise<void> {
    const segment = this.#newest;
    if (segment.firstZxid === Number.POSITIVE_INFINITY) segment.firstZxid = firstZxid;
    segment.bytes += frame.length;
    if (segment.bytes > this.#segmentBytesMax / 2 && this.#next === null) {
      this.#next = this.#makeNext(segment.number + 1);
      // Its failure is that of the append that needs it.
      this.#next.catch(() => {});
    }
    return segment.environment.put(zxidKey(firstZxid), frame);
  }

  /** A new segment starts with a copy of the promises, so that older ones may be purged. */
  async #makeNext(number: number): Promise<Segment> {
    const { environment } = this.#newest;
    const segment = await this.#openSegment(number);
    await segment.environment.put(promisesKey, Buffer.from(JSON.stringify(this.promises)));
    await this.#name(environment, number);
    return segment;
  }

  async #roll(): Promise<void> {
    const next = await (this.#next ?? this.#makeNext(this.#newest.number + 1));
    this.#next = null;
    // They may have risen since it was made, and may while they are written.
    for (let copied: Promises | null = null; copied !== this.promises; ) {
      copied = this.promises;
      await next.environment.put(promisesKey, Buffer.from(JSON.stringify(copied)));
    }
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
      for (const { key, value } of environment.entries(floorKey(environment, zxid), keyEnd)) {
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
          damaged = faultyRecord(environment, key, fault);
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
      await rm(`${segment.environment.path}-lock`, { force: true });
      // One by one: a crash must not leave one behind without the one that follows it.
      await discardFile(segment.environment.path);
      count++;
    }
    return count;
  }

  async close(): Promise<void> {
    // After a failure there is nothing to wait for, but the files are closed all the same.
    await this.#rolling?.catch(() => {});
    const next = await this.#next?.catch(() => null);
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

/** Key of the last batch that starts at or below `zxid` + 1: what lies before it is not needed. */
function floorKey(environment: Environment, zxid: number): Buffer {
  for (const key of environment.keysDown(zxidKey(zxid + 1), zxidKey(0))) return key;
  return zxidKey(0);
}

function faultyRecord(environment: Environment, key: Buffer, fault: BatchFault): string {
  return `${environment.path}: the record at ${formatZxid(readKey(key))} is ${fault}`;
}

function readKey(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}
