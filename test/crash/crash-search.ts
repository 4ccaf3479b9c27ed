/**
 * Goes through a record and stops at each moment: every image that a crash may leave then is
 * started from, each distinct one once, and what the start finds is held against the marks up to
 * that moment.
 */

import { writeSync } from 'node:fs';
import { Disk, type DiskFolder, type Image } from './disk.ts';
import { after, type Expectation, nothingYet, type World } from './expectation.ts';
import { type Facts, factsOf } from './facts.ts';
import { type Bounds, ImageMaker, writeImage } from './image.ts';
import type { Mark } from './marks.ts';
import type { DiskRecord } from './record.ts';
import { faultsOf, type Replays, worldOf } from './verdict.ts';

export interface SearchOptions {
  /** Where images are put and started from. */
  readonly directory: string;
  /** Gets told what is being started from, in case that ends the process. */
  readonly progress: number;
  readonly segmentBytes: number;
  readonly bounds: Bounds;
  readonly locksMayTear: boolean;
  /** From every so many-th state the next life goes on; 1 for all. */
  readonly goesOnEvery: number;
}

export interface Failure {
  readonly moment: string;
  readonly faults: readonly string[];
}

/** A state that was started from, for another crash while that start is under way. */
export interface Life {
  readonly image: Image;
  readonly world: World;
}

interface Start {
  readonly facts: Facts | null;
  readonly fault: string;
  /** What it was last held against. */
  seenBy: Expectation | null;
}

const failuresMax = 20;
const sampledMax = 4096;

export class CrashSearch {
  readonly #options: SearchOptions;
  readonly #replays: Replays;
  readonly #maker: ImageMaker;
  readonly #starts = new Map<string, Start>();
  readonly #kinds = new Set<string>();
  readonly failures: Failure[] = [];
  /** States that failed at some moment. */
  failed = 0;
  /** A sample of sound states. */
  readonly lives: Life[] = [];
  cuts = 0;

  constructor(options: SearchOptions, replays: Replays) {
    this.#options = options;
    this.#replays = replays;
    this.#maker = new ImageMaker(options.bounds);
  }

  get states(): number {
    return this.#starts.size;
  }

  async search(records: readonly DiskRecord[]): Promise<void> {
    const disk = new Disk(this.#options);
    await this.#walk(records, disk, nothingYet, () => disk.top);
  }

  /** The record is of one start after the other, from the images of these lives. */
  async searchLives(records: readonly DiskRecord[], lives: readonly Life[]): Promise<void> {
    const disk = new Disk(this.#options);
    for (const [index, { image }] of lives.entries()) disk.load(String(index), image);
    let from = 0;
    for (const [index, { world }] of lives.entries()) {
      const isNext = (one: DiskRecord): boolean =>
        one.kind === 'mark' && (JSON.parse(one.text) as Mark).is === 'life';
      const end = records.findIndex((one, at) => at > from && isNext(one));
      const part = records.slice(from, end < 0 ? records.length : end);
      await this.#walk(part, disk, [world], () => disk.find(String(index)) as DiskFolder);
      from = end;
    }
  }

  async #walk(
    records: readonly DiskRecord[],
    disk: Disk,
    start: Expectation,
    top: () => DiskFolder,
  ): Promise<void> {
    let expectation = start;
    for (const [at, record] of records.entries()) {
      if (record.kind === 'mark') expectation = after(expectation, JSON.parse(record.text) as Mark);
      else disk.apply(record);
      if (record.kind === 'open' && !record.isCreated && !record.isEmptied) continue;
      this.cuts++;
      const moment = `${at} (${described(record)})`;
      for (const image of this.#maker.images(top())) await this.#look(image, expectation, moment);
    }
  }

  async #look(image: Image, expectation: Expectation, moment: string): Promise<void> {
    let start = this.#starts.get(image.key);
    if (start === undefined) {
      start = await this.#start(image, moment);
      this.#starts.set(image.key, start);
    }
    if (start.seenBy === expectation) return;
    start.seenBy = expectation;
    const { facts, fault } = start;
    const faults = facts === null ? [fault] : faultsOf(expectation, facts, this.#replays);
    if (faults.length > 0) this.#fail(moment, faults);
    else if (facts !== null) this.#sample(image, expectation, facts);
  }

  /** Each kind of failure at the moment at which it first came. */
  #fail(moment: string, faults: readonly string[]): void {
    this.failed++;
    const kind = faults.join('; ');
    if (this.failures.length >= failuresMax || this.#kinds.has(kind)) return;
    this.#kinds.add(kind);
    this.failures.push({ moment, faults });
  }

  async #start(image: Image, moment: string): Promise<Start> {
    const { directory, segmentBytes, goesOnEvery, progress } = this.#options;
    writeSync(progress, moment.padEnd(200), 0);
    writeImage(directory, image);
    const goesOn = this.#starts.size % goesOnEvery === 0;
    try {
      const facts = await factsOf(directory, segmentBytes, { goesOn });
      return { facts, fault: '', seenBy: null };
    } catch (failure) {
      return { facts: null, fault: String(failure), seenBy: null };
    }
  }

  #sample(image: Image, expectation: Expectation, facts: Facts): void {
    if (this.#starts.size % 64 !== 1 || this.lives.length >= sampledMax) return;
    const world = worldOf(expectation, facts, this.#replays);
    const { lastZxid, oldestZxid, promises, committedZxid, snapshotZxid } = facts;
    const { key, folders, files } = image;
    this.lives.push({
      image: { key, folders, files },
      world: {
        ...world,
        frames: world.frames.filter(({ last }) => last <= lastZxid),
        logged: lastZxid,
        promises: [promises],
        committed: [committedZxid],
        snapshots: [snapshotZxid],
        purged: oldestZxid,
      },
    });
  }
}

function described(record: DiskRecord): string {
  switch (record.kind) {
    case 'mark':
      return record.text.slice(0, 60);
    case 'write':
      return `write of ${record.bytes.length} at ${record.offset}`;
    case 'sync':
      return record.isDirectory ? 'sync of a directory' : 'sync';
    case 'truncate':
      return `cut to ${record.size}`;
    default:
      return `${record.kind} ${record.path}`;
  }
}
