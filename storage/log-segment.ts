/**
 * One segment of the log: an LMDB file with batch frames by their first zxid, and a small table of
 * what must be durable together with them: promises, what is known to be committed, and how the
 * segment lies among the others. What a segment says of another is settled when the log is opened
 * (log-chain.ts).
 */

import { statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { type BatchFault, batchFault, firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { formatZxid } from '../protocol/zxid.ts';
import { discardFile } from './directory.ts';
import { Environment } from './environment.ts';
import type { Promises } from './log-store.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper log 1';
export const segmentPattern = /^log\.(\d{8})\.mdb$/;

const tableKey = (name: string): Buffer => Buffer.from([0xff, ...Buffer.from(name)]);
/** The number of the segment that follows, so that a lost one is missed. */
const nextKey = tableKey('next');
const promisesKey = tableKey('promises');
const committedKey = tableKey('committed');
const startKey = tableKey('start');
/** zxid that its first batch follows. */
const afterKey = tableKey('after');
/** There while the younger segments are void, because the log was cut in this one. */
const cutKey = tableKey('cut');
/** There until the snapshot that the log was restarted behind has taken its place. */
const awaitedKey = tableKey('awaited');
export const batchesEnd = Buffer.from([0xff]);

/** Where the log begins. */
export interface LogStart {
  readonly zxid: number;
  /** Number of the segment that was the first one then: older ones are void. */
  readonly segment: number;
}

/** What every new segment takes along, so that older ones may be purged. */
export interface Heritage {
  readonly promises: Promises;
  readonly committedZxid: number;
  readonly start: LogStart;
}

export class LogSegment {
  readonly number: number;
  readonly environment: Environment;
  /** First zxid of its first batch; Infinity while it is empty. */
  firstZxid = Number.POSITIVE_INFINITY;
  /**
   * zxid that its first batch follows. Null: not known, in an empty one and in those of versions
   * that did not note it.
   */
  after: number | null = null;
  /** About the size of its file. */
  bytes: number;

  private constructor(number: number, environment: Environment) {
    this.number = number;
    this.environment = environment;
    this.bytes = statSync(environment.path).size;
    this.after = this.#readNumber(afterKey);
    for (const { key } of environment.entries(zxidKey(0), batchesEnd)) {
      this.firstZxid = readKey(key);
      break;
    }
  }

  /** Opens or makes it. `mapBytes` of address space; the file takes what it needs. */
  static async open(directory: string, number: number, mapBytes: number): Promise<LogSegment> {
    const path = segmentPath(directory, number);
    return new LogSegment(number, await Environment.open(path, { format, mapBytes }));
  }

  get isEmpty(): boolean {
    return this.firstZxid === Number.POSITIVE_INFINITY;
  }

  /** `after` is the end of the batch before it, of whichever segment. */
  append(frame: Buffer, after: number): Promise<void> {
    const firstZxid = firstZxidOf(frame);
    this.bytes += frame.length;
    if (!this.isEmpty) return this.environment.put(zxidKey(firstZxid), frame);
    this.firstZxid = firstZxid;
    this.after = after;
    return this.environment.change([
      [afterKey, numberValue(after)],
      [zxidKey(firstZxid), frame],
    ]);
  }

  /**
   * End of the last batch that ends at or below `zxid`; null when none does.
   * @throws StorageError on a record that is corrupt
   */
  endAtOrBelow(zxid: number): number | null {
    for (const key of this.environment.keysDown(zxidKey(zxid), zxidKey(0))) {
      const frame = this.environment.get(key)!;
      const fault = batchFault(frame, crc32);
      if (fault !== null) throw new StorageError(`${this.faultAt(key, fault)}; ${remedy}`);
      if (lastZxidOf(frame) <= zxid) return lastZxidOf(frame);
    }
    return null;
  }

  /** Whether a batch begins above `zxid`, at or below `limit` if one is given. */
  hasStartAbove(zxid: number, limit?: number): boolean {
    const end = limit === undefined ? batchesEnd : zxidKey(limit + 1);
    for (const _ of this.environment.keys(zxidKey(zxid + 1), end)) return true;
    return false;
  }

  faultAt(key: Buffer, fault: BatchFault): string {
    return `${this.environment.path}: the record at ${formatZxid(readKey(key))} is ${fault}`;
  }

  /** Removes its last record. */
  async removeTorn(key: Buffer): Promise<void> {
    await this.environment.removeAll([key]);
    if (readKey(key) === this.firstZxid) this.firstZxid = Number.POSITIVE_INFINITY;
  }

  /**
   * In one transaction: the batches above `zxid` go, `frames` follow what is left, `heritage` is
   * written. With `voids` the younger segments count for nothing from then on, also after a crash.
   * Invariant: `zxid` is the end of a batch, of whichever segment.
   */
  async cut(
    zxid: number,
    frames: readonly Buffer[],
    heritage: Heritage,
    { voids }: { readonly voids: boolean },
  ): Promise<void> {
    const from = zxidKey(zxid + 1);
    const removed = Array.from(this.environment.keys(from, batchesEnd), (key) => Buffer.from(key));
    const isEmptied = this.firstZxid > zxid;
    const put = entriesOf(frames, heritage);
    if (isEmptied) put.push([afterKey, numberValue(zxid)]);
    if (voids) put.push([cutKey, Buffer.alloc(0)]);
    await this.environment.change(put, voids ? [...removed, nextKey] : removed);
    if (isEmptied) this.#begin(frames, zxid);
    this.#grow(frames);
  }

  /** In one transaction: the log begins with this segment, which holds no batch yet. */
  async restart(frames: readonly Buffer[], heritage: Heritage): Promise<void> {
    const after = heritage.start.zxid;
    await this.environment.change([
      ...entriesOf(frames, heritage),
      [afterKey, numberValue(after)],
      [awaitedKey, Buffer.alloc(0)],
    ]);
    this.#begin(frames, after);
    this.#grow(frames);
  }

  #begin(frames: readonly Buffer[], after: number): void {
    this.after = after;
    this.firstZxid = frames.length > 0 ? firstZxidOf(frames[0]!) : Number.POSITIVE_INFINITY;
  }

  #grow(frames: readonly Buffer[]): void {
    for (const { length } of frames) this.bytes += length;
  }

  inherit(heritage: Heritage): Promise<void> {
    return this.environment.change(heritageEntries(heritage));
  }

  writePromises(promises: Promises): Promise<void> {
    return this.environment.put(promisesKey, jsonValue(promises));
  }

  writeCommitted(zxid: number): Promise<void> {
    return this.environment.put(committedKey, numberValue(zxid));
  }

  get promises(): Promises | null {
    return this.#readJson<Promises>(promisesKey);
  }

  get committedZxid(): number {
    return this.#readNumber(committedKey) ?? 0;
  }

  get start(): LogStart | null {
    return this.#readJson<LogStart>(startKey);
  }

  get next(): number | null {
    return this.#readNumber(nextKey);
  }

  writeNext(number: number): Promise<void> {
    return this.environment.put(nextKey, numberValue(number));
  }

  get isCut(): boolean {
    return this.environment.get(cutKey) !== undefined;
  }

  /** The void segments are gone. */
  endCut(): Promise<void> {
    return this.environment.removeAll([cutKey]);
  }

  get isSnapshotAwaited(): boolean {
    return this.environment.get(awaitedKey) !== undefined;
  }

  endAwaiting(): Promise<void> {
    return this.environment.removeAll([awaitedKey]);
  }

  #readNumber(key: Buffer): number | null {
    const value = this.environment.get(key);
    return value === undefined ? null : Number(value.toString());
  }

  #readJson<T>(key: Buffer): T | null {
    const value = this.environment.get(key);
    return value === undefined ? null : (JSON.parse(value.toString()) as T);
  }

  close(): Promise<void> {
    return this.environment.close();
  }

  /** Closes it and removes its file for good. */
  async discard(): Promise<void> {
    await this.close();
    await discardSegment(this.environment.path);
  }
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `log.${String(number).padStart(8, '0')}.mdb`);
}

/** Removes the file of a segment that nobody has open. */
export async function discardSegment(path: string): Promise<void> {
  await rm(`${path}-lock`, { force: true });
  await discardFile(path);
}

export function zxidKey(zxid: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(zxid));
  return key;
}

export function readKey(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}

type Entry = readonly [Buffer, Buffer];

function entriesOf(frames: readonly Buffer[], heritage: Heritage): Entry[] {
  const batches = frames.map((frame): Entry => [zxidKey(firstZxidOf(frame)), frame]);
  return [...heritageEntries(heritage), ...batches];
}

function heritageEntries({ promises, committedZxid, start }: Heritage): Entry[] {
  return [
    [promisesKey, jsonValue(promises)],
    [committedKey, numberValue(committedZxid)],
    [startKey, jsonValue(start)],
  ];
}

const numberValue = (value: number): Buffer => Buffer.from(String(value));
const jsonValue = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
