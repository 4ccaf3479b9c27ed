/**
 * All watches of a replica in columns of integers: about forty bytes each, nothing on the heap. A
 * watch belongs to one watcher (a connection), one path and one table (data or children), and is
 * found by these three; it is chained to the others of its path and to the others of its watcher.
 *
 * What a watch's state means, and when it fires, is not known here (machines/watch.ts).
 */

import { assert } from '../protocol/assert.ts';
import { CellPool } from './cell-pool.ts';
import { finishHash, hashBytes, PathIndex, pathHashBasis } from './path-index.ts';

export const WatchTable = { data: 0, child: 1 } as const;
export type WatchTable = (typeof WatchTable)[keyof typeof WatchTable];

export const noWatch = -1;
const columnLengthMin = 64;

/** An integer per record, growing by doubling. */
class Column {
  values: Int32Array = new Int32Array(columnLengthMin);

  get(index: number): number {
    return this.values[index]!;
  }

  set(index: number, value: number): void {
    assert(index >= 0, 'watch index: records are numbered from 0');
    if (index >= this.values.length) {
      const grown = new Int32Array(Math.max(index + 1, this.values.length * 2));
      grown.set(this.values);
      this.values = grown;
    }
    this.values[index] = value;
  }
}

/** Numbers for records: the freed ones first. */
class Numbers {
  #limit = 0;
  #free: number[] = [];

  /** All numbers ever taken are below it. */
  get limit(): number {
    return this.#limit;
  }

  take(): number {
    const number = this.#free.pop() ?? this.#limit++;
    assert(number < this.#limit, 'watch index: a number is one of those in use');
    return number;
  }

  give(number: number): void {
    assert(number >= 0 && number < this.#limit, 'watch index: what is given back was taken');
    assert(this.#free.length < this.#limit, 'watch index: a number is given back once');
    this.#free.push(number);
  }
}

export class WatchIndex {
  readonly #cells = new CellPool();
  readonly #paths = new PathIndex();
  readonly #pathNumbers = new Numbers();
  readonly #pathHash = new Column();
  readonly #pathLength = new Column();
  readonly #pathCell = new Column();
  /** First watch of a path, by table. */
  readonly #heads = [new Column(), new Column()] as const;

  readonly #watches = new PathIndex();
  readonly #watchNumbers = new Numbers();
  readonly #path = new Column();
  readonly #watcher = new Column();
  readonly #table = new Column();
  readonly #state = new Column();
  readonly #nextOfPath = new Column();
  readonly #previousOfPath = new Column();
  readonly #nextOfWatcher = new Column();
  readonly #previousOfWatcher = new Column();
  /** First watch of each watcher that has any. */
  readonly #firstOfWatcher = new Map<number, number>();

  get watchCount(): number {
    return this.#watches.size;
  }

  get pathCount(): number {
    return this.#paths.size;
  }

  get watcherCount(): number {
    return this.#firstOfWatcher.size;
  }

  /** All watches have numbers below it, which need not be in use: see isLive. */
  get watchLimit(): number {
    return this.#watchNumbers.limit;
  }

  /** Is this the number of a watch? It may have been, and be another's later. */
  isLive(watch: number): boolean {
    if (watch < 0 || watch >= this.watchLimit) return false;
    const found = this.#findWatch(
      this.#watcher.get(watch),
      this.#table.get(watch),
      this.#path.get(watch),
    );
    return found === watch;
  }

  /** The number of the path of a watch, which stays the same while the path has any. */
  pathNumberOf(watch: number): number {
    return this.#path.get(watch);
  }

  /** First watch in `table` of the path with this number; noWatch also when there is no such. */
  firstOfPath(table: WatchTable, path: number): number {
    return this.#heads[table].get(path);
  }

  /**
   * Sets cells.buffer and cells.offset to the path with this number; returns its length, 0 when
   * there is no such path.
   */
  locatePath(path: number): number {
    assert(path >= 0, 'watch index: paths are numbered from 0');
    const isUsed = [WatchTable.data, WatchTable.child].some(
      (table) => this.firstOfPath(table, path) !== noWatch,
    );
    if (path >= this.#pathNumbers.limit || !isUsed) return 0;
    const length = this.#pathLength.get(path);
    this.#cells.locate(this.#pathCell.get(path), length);
    return length;
  }

  /** Where the last path was located. */
  get cells(): Pick<CellPool, 'buffer' | 'offset'> {
    return this.#cells;
  }

  state(watch: number): number {
    return this.#state.get(watch);
  }

  setState(watch: number, state: number): void {
    assert(state >= 0, 'watch index: a state is the number of one');
    this.#state.set(watch, state);
  }

  watcherOf(watch: number): number {
    return this.#watcher.get(watch);
  }

  tableOf(watch: number): number {
    return this.#table.get(watch);
  }

  nextOfPath(watch: number): number {
    return this.#nextOfPath.get(watch);
  }

  nextOfWatcher(watch: number): number {
    return this.#nextOfWatcher.get(watch);
  }

  firstOfWatcher(watcher: number): number {
    return this.#firstOfWatcher.get(watcher) ?? noWatch;
  }

  watchers(): Iterable<number> {
    return this.#firstOfWatcher.keys();
  }

  pathOf(watch: number): string {
    assert(watch >= 0, 'watch index: whose path is asked for is there');
    const path = this.#path.get(watch);
    const length = this.#pathLength.get(path);
    this.#cells.locate(this.#pathCell.get(path), length);
    const { buffer, offset } = this.#cells;
    return buffer.toString('utf8', offset, offset + length);
  }

  /** First watch of the path in `table`, or noWatch. `hash` is the path's, not yet finished. */
  first(table: WatchTable, hash: number, bytes: Buffer, start: number, end: number): number {
    const path = this.#findPath(finishHash(hash), bytes, start, end);
    return path < 0 ? noWatch : this.#heads[table].get(path);
  }

  #findPath(hash: number, bytes: Buffer, start: number, end: number): number {
    let path = this.#paths.find(hash);
    while (path >= 0 && !this.#equals(path, bytes, start, end)) path = this.#paths.next();
    return path;
  }

  #equals(path: number, bytes: Buffer, start: number, end: number): boolean {
    const length = this.#pathLength.get(path);
    if (length !== end - start) return false;
    this.#cells.locate(this.#pathCell.get(path), length);
    const { buffer, offset } = this.#cells;
    return bytes.compare(buffer, offset, offset + length, start, end) === 0;
  }

  /** The watch of these three, or noWatch. */
  find(watcher: number, table: WatchTable, bytes: Buffer, start: number, end: number): number {
    const hash = finishHash(hashBytes(pathHashBasis, bytes, start, end));
    const path = this.#findPath(hash, bytes, start, end);
    return path < 0 ? noWatch : this.#findWatch(watcher, table, path);
  }

  #findWatch(watcher: number, table: number, path: number): number {
    let watch = this.#watches.find(watchHash(watcher, table, path));
    while (watch >= 0 && !this.#is(watch, watcher, table, path)) watch = this.#watches.next();
    return watch;
  }

  #is(watch: number, watcher: number, table: number, path: number): boolean {
    return (
      this.#watcher.get(watch) === watcher &&
      this.#path.get(watch) === path &&
      this.#table.get(watch) === table
    );
  }

  /** The watch of these three; a new one has state 0. */
  ensure(watcher: number, table: WatchTable, bytes: Buffer, start: number, end: number): number {
    const hash = finishHash(hashBytes(pathHashBasis, bytes, start, end));
    let path = this.#findPath(hash, bytes, start, end);
    if (path < 0) path = this.#addPath(hash, bytes, start, end);
    const known = this.#findWatch(watcher, table, path);
    if (known >= 0) return known;
    const watch = this.#watchNumbers.take();
    this.#watcher.set(watch, watcher);
    this.#table.set(watch, table);
    this.#path.set(watch, path);
    this.#state.set(watch, 0);
    this.#watches.insert(watchHash(watcher, table, path), watch);
    const heads = this.#heads[table];
    const next = heads.get(path);
    this.#link(this.#nextOfPath, this.#previousOfPath, watch, next);
    heads.set(path, watch);
    this.#link(this.#nextOfWatcher, this.#previousOfWatcher, watch, this.firstOfWatcher(watcher));
    this.#firstOfWatcher.set(watcher, watch);
    assert(heads.get(path) === watch, 'watch index: a new watch is the head of its path');
    return watch;
  }

  #link(next: Column, previous: Column, watch: number, head: number): void {
    next.set(watch, head);
    previous.set(watch, noWatch);
    if (head === noWatch) return;
    assert(previous.get(head) === noWatch, 'watch index: nothing is before the head of a chain');
    previous.set(head, watch);
  }

  #addPath(hash: number, bytes: Buffer, start: number, end: number): number {
    const path = this.#pathNumbers.take();
    const cell = this.#cells.allocate(end - start);
    this.#cells.locate(cell, end - start);
    bytes.copy(this.#cells.buffer, this.#cells.offset, start, end);
    this.#pathHash.set(path, hash);
    this.#pathLength.set(path, end - start);
    this.#pathCell.set(path, cell);
    this.#heads[WatchTable.data].set(path, noWatch);
    this.#heads[WatchTable.child].set(path, noWatch);
    this.#paths.insert(hash, path);
    return path;
  }

  remove(watch: number): void {
    assert(watch >= 0, 'watch index: what is removed is there');
    const path = this.#path.get(watch);
    const watcher = this.#watcher.get(watch);
    const table = this.#table.get(watch) as WatchTable;
    this.#watches.remove(watchHash(watcher, table, path), watch);
    const heads = this.#heads[table];
    const afterInPath = this.#unlink(this.#nextOfPath, this.#previousOfPath, watch);
    const isHead = heads.get(path) === watch;
    const isBehind = this.#previousOfPath.get(watch) !== noWatch;
    assert(isHead !== isBehind, 'watch index: the head of a path is its first watch');
    if (isHead) heads.set(path, afterInPath);
    const after = this.#unlink(this.#nextOfWatcher, this.#previousOfWatcher, watch);
    if (this.#firstOfWatcher.get(watcher) === watch) {
      if (after === noWatch) this.#firstOfWatcher.delete(watcher);
      else this.#firstOfWatcher.set(watcher, after);
    }
    this.#watchNumbers.give(watch);
    this.#dropUnusedPath(path);
    assert(this.pathCount <= this.watchCount, 'watch index: each path has a watch');
    assert(this.watcherCount <= this.watchCount, 'watch index: so has each watcher');
  }

  /** Takes a watch out of a chain; returns the one behind it. */
  #unlink(next: Column, previous: Column, watch: number): number {
    const after = next.get(watch);
    const before = previous.get(watch);
    assert(after === noWatch || previous.get(after) === watch, 'watch index: chains link back');
    assert(before === noWatch || next.get(before) === watch, 'watch index: chains link on');
    if (after !== noWatch) previous.set(after, before);
    if (before !== noWatch) next.set(before, after);
    return after;
  }

  #dropUnusedPath(path: number): void {
    if (this.#heads[WatchTable.data].get(path) !== noWatch) return;
    if (this.#heads[WatchTable.child].get(path) !== noWatch) return;
    this.#paths.remove(this.#pathHash.get(path), path);
    this.#cells.free(this.#pathCell.get(path), this.#pathLength.get(path));
    this.#pathNumbers.give(path);
    assert(this.pathCount >= 0, 'watch index: paths are removed once');
  }
}

function watchHash(watcher: number, table: number, path: number): number {
  return finishHash(Math.imul(watcher, 0x9e3779b1) ^ Math.imul(path * 2 + table, 0x85ebca6b));
}
