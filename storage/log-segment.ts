/**
 * One segment of the log: an LMDB file with batch frames by their first zxid, and a small table of
 * what must be durable together with them: promises, what is known to be committed, and how the
 * segment lies among the others. What a segment says of another is settled when the log is opened
 * (log-chain.ts).
 */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../protocol/assert.ts';
import { type BatchFault, batchFault, firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { formatZxid } from '../protocol/zxid.ts';
import { discardFile, type Rest } from './directory.ts';
import { type Entry, Environment } from './environment.ts';
import { bytesInLmdb } from './lmdb-room.ts';
import type { Promises } from './log-store.ts';
import { sealed, unsealed } from './sealed.ts';
import { remedy, StorageError } from './storage-error.ts';

const format = 'natskeeper log 2';
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
const tableEnd = Buffer.from([0xff, 0xff]);
const tableNames = new Set([
  'format',
  'next',
  'promises',
  'committed',
  'start',
  'after',
  'cut',
  'awaited',
]);
const nameOf = (key: Buffer): string => key.toString('latin1', 1);
/** And the first zxid of a batch that does not follow the zxid before it: what it follows. */
const beginKey = (firstZxid: number): Buffer =>
  Buffer.concat([tableKey('begin'), zxidKey(firstZxid)]);
const beginsEnd = tableKey('begio');
const isBegin = (key: Buffer): boolean =>
  nameOf(key).startsWith('begin') && key.length === beginKey(0).length;

/** What ZooKeeper allocates ahead for its log by default (preAllocSize). */
const reservedBytesMax = 64 * 1024 * 1024;

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
  /** zxid that its first batch follows. Null: not known, in an empty one. */
  after: number | null = null;
  /** About as much of its file is in use. */
  bytes: number;

  private constructor(number: number, environment: Environment) {
    this.number = number;
    this.environment = environment;
    this.bytes = environment.bytes;
    for (const key of environment.keys(batchesEnd, tableEnd)) {
      // One that is damaged hides what it stands for.
      if (tableNames.has(nameOf(key)) || isBegin(key)) continue;
      throw new StorageError(`${environment.path}: a key of its table is corrupt; ${remedy}`);
    }
    this.after = this.#read<number>(afterKey);
    this.#findFirst();
    if (this.after === null && !this.isEmpty) throw this.#missing(nameOf(afterKey));
    this.#checkBegins();
  }

  #findFirst(): void {
    this.firstZxid = Number.POSITIVE_INFINITY;
    for (const key of this.environment.keys(zxidKey(0), batchesEnd)) {
      const isSound = key.length === 8 && readKey(key) > (this.after ?? 0);
      if (!isSound) throw new StorageError(`${this.faultAt(key, 'misplaced')}; ${remedy}`);
      this.firstZxid = readKey(key);
      break;
    }
  }

  /** The first batch of an epoch is there if it is said to begin one. */
  #checkBegins(): void {
    for (const begin of this.#keys(beginKey(0), beginsEnd)) {
      const key = begin.subarray(-8);
      const isThere = this.environment.get(key) !== undefined;
      if (!isThere) throw this.#missing(`record at ${formatZxid(readKey(key))}`);
    }
  }

  #missing(name: string): StorageError {
    return new StorageError(`${this.environment.path}: its ${name} is missing; ${remedy}`);
  }

  /** Opens or makes it, to be filled with about `bytesMax`. */
  static async open(directory: string, number: number, bytesMax: number): Promise<LogSegment> {
    const path = segmentPath(directory, number);
    const initial = heritageEntries(noHeritage);
    const mapBytes = bytesMax * 2;
    const reservedBytes = Math.min(bytesMax, reservedBytesMax);
    const environment = await Environment.open(path, { format, mapBytes, reservedBytes, initial });
    try {
      return new LogSegment(number, environment);
    } catch (failure) {
      await environment.close();
      throw failure;
    }
  }

  get isEmpty(): boolean {
    return this.firstZxid === Number.POSITIVE_INFINITY;
  }

  /** `after` is the end of the batch before it, of whichever segment. */
  append(frame: Buffer, after: number, isAtOnce: boolean): Promise<void> {
    const firstZxid = firstZxidOf(frame);
    assert(firstZxid > after, 'log segment: a batch comes behind the one before it');
    assert(
      this.isEmpty || firstZxid > this.firstZxid,
      'log segment: its first batch is the lowest',
    );
    this.bytes += bytesInLmdb(frame.length);
    if (!this.isEmpty && firstZxid === after + 1) {
      return this.environment.put(zxidKey(firstZxid), frame, isAtOnce);
    }
    const entries = batchEntries([frame], after);
    if (this.isEmpty) {
      entries.push([afterKey, sealed(afterKey, after)]);
      this.firstZxid = firstZxid;
      this.after = after;
    }
    return this.environment.change(entries);
  }

  /** What a batch follows that begins an epoch; null when it is not known to begin one. */
  beginOf(firstZxid: number): number | null {
    return this.#read<number>(beginKey(firstZxid));
  }

  /**
   * End of the last batch that ends at or below `zxid`; null when none does.
   * @throws StorageError on a record that is corrupt
   */
  endAtOrBelow(zxid: number): number | null {
    for (const key of this.environment.keysDown(zxidKey(zxid), zxidKey(0))) {
      const frame = this.environment.get(key)!;
      const fault = recordFault(key, frame);
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

  faultAt(key: Buffer, fault: RecordFault): string {
    const at = key.length === 8 ? formatZxid(readKey(key)) : `'${key.toString('hex')}'`;
    return `${this.environment.path}: the record at ${at} is ${fault}`;
  }

  /** Removes its last record. */
  async removeTorn(key: Buffer): Promise<void> {
    await this.environment.removeAll([key, beginKey(readKey(key))]);
    this.#findFirst();
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
    assert(zxid >= 0, 'log segment: a cut is behind a zxid');
    const removed = [
      ...this.#keys(zxidKey(zxid + 1), batchesEnd),
      ...this.#keys(beginKey(zxid + 1), beginsEnd),
    ];
    const isEmptied = this.firstZxid > zxid;
    const put = [...heritageEntries(heritage), ...batchEntries(frames, zxid)];
    if (isEmptied) put.push([afterKey, sealed(afterKey, zxid)]);
    if (voids) put.push([cutKey, sealed(cutKey, true)]);
    await this.environment.change(put, voids ? [...removed, nextKey] : removed);
    if (isEmptied) this.after = zxid;
    this.#findFirst();
    this.#grow(frames);
  }

  #keys(from: Buffer, to: Buffer): Buffer[] {
    return Array.from(this.environment.keys(from, to), (key) => Buffer.from(key));
  }

  /** In one transaction: the log begins with this segment, which holds no batch yet. */
  async restart(frames: readonly Buffer[], heritage: Heritage): Promise<void> {
    const after = heritage.start.zxid;
    assert(this.isEmpty, 'log segment: the log begins anew in an empty one');
    assert(heritage.start.segment === this.number, 'log segment: it is the first one by its table');
    await this.environment.change([
      ...heritageEntries(heritage),
      ...batchEntries(frames, after),
      [afterKey, sealed(afterKey, after)],
      [awaitedKey, sealed(awaitedKey, true)],
    ]);
    this.after = after;
    this.#findFirst();
    this.#grow(frames);
  }

  #grow(frames: readonly Buffer[]): void {
    for (const { length } of frames) this.bytes += bytesInLmdb(length);
  }

  inherit(heritage: Heritage): Promise<void> {
    assert(this.isEmpty, 'log segment: only a new one inherits');
    return this.environment.change(heritageEntries(heritage));
  }

  writePromises(promises: Promises): Promise<void> {
    return this.environment.put(promisesKey, sealed(promisesKey, promises));
  }

  writeCommitted(zxid: number): Promise<void> {
    return this.environment.put(committedKey, sealed(committedKey, zxid));
  }

  get promises(): Promises {
    return this.#present<Promises>(promisesKey);
  }

  get committedZxid(): number {
    return this.#present<number>(committedKey);
  }

  get start(): LogStart {
    return this.#present<LogStart>(startKey);
  }

  get next(): number | null {
    return this.#read<number>(nextKey);
  }

  writeNext(number: number): Promise<void> {
    assert(number === this.number + 1, 'log segment: the next one has the next number');
    return this.environment.put(nextKey, sealed(nextKey, number));
  }

  get isCut(): boolean {
    return this.#read<true>(cutKey) !== null;
  }

  /** The void segments are gone. */
  endCut(): Promise<void> {
    return this.environment.removeAll([cutKey]);
  }

  get isSnapshotAwaited(): boolean {
    return this.#read<true>(awaitedKey) !== null;
  }

  endAwaiting(): Promise<void> {
    return this.environment.removeAll([awaitedKey]);
  }

  #present<T>(key: Buffer): T {
    const value = this.#read<T>(key);
    if (value === null) throw this.#missing(nameOf(key));
    return value;
  }

  #read<T>(key: Buffer): T | null {
    const value = this.environment.get(key);
    if (value === undefined) return null;
    const read = unsealed(key, value);
    if (read !== undefined) return read as T;
    const name = isBegin(key) ? 'begin of an epoch' : nameOf(key);
    throw new StorageError(`${this.environment.path}: its ${name} is corrupt; ${remedy}`);
  }

  close(): Promise<void> {
    return this.environment.close();
  }

  /** Closes it and removes its file for good. */
  async discard(rest?: Rest): Promise<void> {
    await this.close();
    await discardSegment(this.environment.path, rest);
  }
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `log.${String(number).padStart(8, '0')}.mdb`);
}

/** Removes the file of a segment that nobody has open. */
export async function discardSegment(path: string, rest?: Rest): Promise<void> {
  await rm(`${path}-lock`, { force: true });
  await discardFile(path, rest);
}

export function zxidKey(zxid: number): Buffer {
  assert(Number.isSafeInteger(zxid), 'log segment: a zxid is exact');
  const key = Buffer.alloc(8);
  key.writeBigUInt64BE(BigInt(zxid));
  return key;
}

export function readKey(key: Buffer): number {
  return Number(key.readBigUInt64BE());
}

/** What is wrong with a stored batch: also that it is not the one that belongs under its key. */
export type RecordFault = BatchFault | 'misplaced';

export function recordFault(key: Buffer, frame: Buffer): RecordFault | null {
  const fault = batchFault(frame, crc32);
  if (fault !== null) return fault;
  return key.equals(zxidKey(firstZxidOf(frame))) ? null : 'misplaced';
}

/** Batches that follow `after`, with what says where epochs begin. */
function batchEntries(frames: readonly Buffer[], after: number): Entry[] {
  const entries: Entry[] = [];
  let last = after;
  for (const frame of frames) {
    const first = firstZxidOf(frame);
    if (first !== last + 1) entries.push([beginKey(first), sealed(beginKey(first), last)]);
    entries.push([zxidKey(first), frame]);
    last = lastZxidOf(frame);
  }
  return entries;
}

/** Of a log that holds nothing: a file is made with it, so that what is not there was lost. */
const noHeritage: Heritage = {
  promises: { acceptedEpoch: 0, currentEpoch: 0 },
  committedZxid: 0,
  start: { zxid: 0, segment: 0 },
};

function heritageEntries({ promises, committedZxid, start }: Heritage): Entry[] {
  return [
    [promisesKey, sealed(promisesKey, promises)],
    [committedKey, sealed(committedKey, committedZxid)],
    [startKey, sealed(startKey, start)],
  ];
}
