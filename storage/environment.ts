/**
 * One LMDB environment: the only file that imports the library. A promise of `put` means durable:
 * the library's default (`overlappingSync`) would answer before the sync, and hang after a full
 * disk.
 *
 * Values are written from the caller's buffer, in another thread: it must not change until the
 * promise is settled. Transactions come one after the other: left to itself, the library goes on
 * behind one that has failed.
 */

import { existsSync, statfsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { assert } from '../protocol/assert.ts';
import { syncDirectory } from './directory.ts';
import { faultOfLmdbFile } from './lmdb-file.ts';
import { reserve } from './reserve.ts';
import { remedy, StorageError, WriteFailure } from './storage-error.ts';

const formatKey = Buffer.from([0xff, ...Buffer.from('format')]);

export type Entry = readonly [key: Buffer, value: Buffer];

/** What the library's own types do not tell. */
interface Statistics {
  readonly lastPageNumber: number;
  readonly pageSize: number;
}

interface Write {
  readonly entries: readonly Entry[];
  readonly removed: readonly Buffer[];
  readonly isAtOnce: boolean;
}

interface Waiting extends Write {
  readonly resolve: () => void;
  readonly reject: (failure: WriteFailure) => void;
}

export interface EnvironmentOptions {
  /** What the file holds and in which version, e.g. `natskeeper log 1`. */
  readonly format: string;
  readonly mapBytes: number;
  /** A new file is that long from the start, for faster commits (reserve.ts). */
  readonly reservedBytes?: number;
  /** What a new file holds from the first moment on. */
  readonly initial?: readonly Entry[];
  /** This process has looked through the file already. */
  readonly isChecked?: boolean;
}

export class Environment {
  readonly path: string;
  readonly #database: RootDatabase<Buffer, Buffer>;
  #closed = false;
  /** Why a write failed. Nothing is written after it: that would leave a hole. */
  #failure: WriteFailure | null = null;
  /** Filled by whoever writes, drained into one transaction at a time. */
  #waiting: Waiting[] = [];
  #writing: Promise<void> | null = null;

  private constructor(path: string, database: RootDatabase<Buffer, Buffer>) {
    this.path = path;
    this.#database = database;
  }

  /** Opens or makes the file; refuses one of another format. */
  static async open(path: string, options: EnvironmentOptions): Promise<Environment> {
    const isNew = !existsSync(path);
    if (isNew) await Environment.#make(path, options);
    const fault = isNew || options.isChecked ? null : faultOfLmdbFile(path);
    if (fault !== null) throw unusable(path, fault);
    const environment = Environment.#open(path, options);
    await environment.#checkFormat(options);
    return environment;
  }

  /** Under another name until all of it is durable: a crash leaves a sound file, or none. */
  static async #make(path: string, options: EnvironmentOptions): Promise<void> {
    const making = `${path}.making`;
    const discard = async (name: string) => rm(name, { force: true });
    for (const name of [making, `${making}-lock`]) await discard(name);
    const environment = Environment.#open(making, options);
    try {
      await environment.#begin(options);
    } finally {
      await environment.close();
      await discard(`${making}-lock`);
    }
    const { reservedBytes } = options;
    if (reservedBytes !== undefined) await Environment.#reserve(making, reservedBytes);
    await rename(making, path);
    await syncDirectory(dirname(path));
  }

  static async #reserve(path: string, bytes: number): Promise<void> {
    try {
      await reserve(path, bytes);
    } catch (failure) {
      throw new WriteFailure(path, failure, freeBytes(path));
    }
  }

  static #open(path: string, { mapBytes }: EnvironmentOptions): Environment {
    let database: RootDatabase<Buffer, Buffer>;
    try {
      database = open<Buffer, Buffer>({
        path,
        noSubdir: true,
        encoding: 'binary',
        keyEncoding: 'binary',
        mapSize: mapBytes,
        maxReaders: 16,
        overlappingSync: false,
        remapChunks: false,
        useWritemap: false,
        noSync: false,
        noMetaSync: false,
        noMemInit: false,
        cache: false,
        // Its batches have a promise that nobody holds: a failed commit would go unhandled.
        eventTurnBatching: false,
      });
    } catch (failure) {
      throw unusable(path, (failure as Error).message);
    }
    return new Environment(path, database);
  }

  #begin({ format, initial = [] }: EnvironmentOptions): Promise<void> {
    return this.putAll([[formatKey, Buffer.from(format)], ...initial]);
  }

  async #checkFormat(options: EnvironmentOptions): Promise<void> {
    const { format } = options;
    const found = this.get(formatKey)?.toString();
    if (found === format) return;
    // An empty file that somebody made, or a crash of an earlier version right after it did.
    if (found === undefined && this.isEmpty) return this.#begin(options);
    await this.close();
    throw new StorageError(
      `${this.path} holds '${found ?? 'data of an unknown format'}', this program reads ` +
        `'${format}': start the version that wrote it, or move the file away`,
    );
  }

  /** Of its file, those that are or were in use. */
  get bytes(): number {
    const { lastPageNumber, pageSize } = this.#database.getStats() as Statistics;
    assert(lastPageNumber > 0, 'environment: a file has its two meta pages');
    return (lastPageNumber + 1) * pageSize;
  }

  get isEmpty(): boolean {
    for (const _ of this.#database.getKeys({ limit: 1 })) return false;
    return true;
  }

  /**
   * Resolves when the entry is on stable storage; a rejection is a WriteFailure. At once: without
   * another thread, if nothing else is under way: less work in all, but nothing else happens
   * meanwhile.
   */
  put(key: Buffer, value: Buffer, isAtOnce = false): Promise<void> {
    assert(key.length > 0, 'environment: an entry has a key');
    return this.#enter([[key, value]], [], isAtOnce);
  }

  /** All entries in one transaction. */
  putAll(entries: readonly Entry[]): Promise<void> {
    return this.change(entries);
  }

  /** All in one transaction. */
  removeAll(keys: readonly Buffer[]): Promise<void> {
    return this.change([], keys);
  }

  /** In one transaction: the keys of `removed` go, then the entries are written. */
  change(entries: readonly Entry[], removed: readonly Buffer[] = []): Promise<void> {
    return this.#enter(entries, removed, false);
  }

  #enter(entries: readonly Entry[], removed: readonly Buffer[], isAtOnce: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ entries, removed, isAtOnce, resolve, reject });
      if (this.#writing === null) this.#writing = this.#writeAll();
    });
  }

  /** One transaction after the other, each of all that waits by then: none overtakes another. */
  async #writeAll(): Promise<void> {
    // What is still said in this turn belongs to it; and what was sent leaves first.
    await null;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      const failure = this.#failure ?? (await this.#write(group));
      this.#failure = failure;
      for (const { resolve, reject } of group) {
        if (failure === null) resolve();
        else reject(failure);
      }
    }
    this.#writing = null;
  }

  /** Why it failed; null for a success. */
  async #write(group: readonly Write[]): Promise<WriteFailure | null> {
    try {
      const [first] = group;
      if (group.length === 1 && first!.isAtOnce) this.#writeNow(first!);
      else await this.#writeInThread(group);
      return null;
    } catch (failure) {
      return this.#explain(failure);
    }
  }

  /** Durable when it returns, or throws. */
  #writeNow({ entries }: Write): void {
    const [[key, value]] = entries as [Entry];
    this.#database.putSync(key, value);
  }

  async #writeInThread(group: readonly Write[]): Promise<void> {
    const [{ entries, removed }] = group as [Write];
    const isOne = group.length === 1 && entries.length === 1 && removed.length === 0;
    const isDone = isOne
      ? await this.#database.put(entries[0]![0], entries[0]![1])
      : await this.#database.batch(() => this.#giveAll(group));
    if (!isDone) throw new Error('the write was refused');
  }

  /** The transaction's own promise tells; those of its parts must not go unhandled. */
  #giveAll(group: readonly Write[]): void {
    for (const { entries, removed } of group) {
      for (const key of removed) this.#database.remove(key).catch(ignore);
      for (const [key, value] of entries) this.#database.put(key, value).catch(ignore);
    }
  }

  async #explain(failure: unknown): Promise<WriteFailure> {
    // The library hands the real reason on as a second promise, which must not go unhandled.
    const { commitError } = failure as { commitError?: Promise<unknown> };
    const reason = await commitError?.catch((error: unknown) => error);
    return new WriteFailure(this.path, reason ?? failure, freeBytes(this.path));
  }

  get(key: Buffer): Buffer | undefined {
    return this.#database.get(key);
  }

  /** As get(), but not its own: valid until anything else is read. */
  view(key: Buffer): Buffer | undefined {
    const bytes = this.#database.getBinaryFast(key);
    // It is as long as the value, the memory behind it is longer.
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Entries from `from` (inclusive) up to `to` (exclusive), in the order of their keys. */
  entries(from: Buffer, to: Buffer): Iterable<{ key: Buffer; value: Buffer }> {
    return this.#database.getRange({ start: from, end: to });
  }

  /** Keys from `from` (inclusive) up to `to` (exclusive). Each is valid until the next. */
  keys(from: Buffer, to: Buffer): Iterable<Buffer> {
    return this.#database.getKeys({ start: from, end: to });
  }

  /** Keys from `from` down to `to` (exclusive), last first. */
  keysDown(from: Buffer, to: Buffer): Iterable<Buffer> {
    return this.#database.getKeys({ start: from, end: to, reverse: true });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writing;
    await this.#database.close();
  }
}

function ignore(): void {}

function unusable(path: string, reason: string): StorageError {
  return new StorageError(`${path} is not a usable LMDB file: ${reason}; ${remedy}`);
}

/** The library calls a write cut short by a full disk an input/output error: so look there. */
function freeBytes(path: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize;
  } catch {
    return null;
  }
}
