/**
 * Watches, counted and listed by path and by session. Counts are of the time in which they are
 * taken: a watch that is there all the while is counted once, one that comes or goes meanwhile may
 * be or not. What is told of a single watch is of one moment.
 */

import type { Question, WatchEntry, WatchGroup, WatchPage } from '../../protocol/inspection.ts';
import { formatSessionId, noSession } from '../../protocol/session-id.ts';
import { hashBytes, pathHashBasis } from '../../storage/path-index.ts';
import { noWatch, WatchTable } from '../../storage/watch-index.ts';
import type { Clock } from '../clock.ts';
import type { ReplicaView } from '../replica-view.ts';
import { watchName } from '../tap-names.ts';
import { watchTable } from '../watches.ts';
import { orderByName, placesOf, sortInSlices } from './inspect-order.ts';
import type { Slices } from './inspect-slices.ts';
import { IntList } from './int-list.ts';
import { OrderCache } from './order-cache.ts';

type Asked = Extract<Question, { what: 'watches' }>;

/** Of a group, and of all groups of a page. */
const groupEntriesMax = 100;
const pageEntriesMax = 10_000;
/** A count that loses its way begins anew, so often at most. */
const countsMax = 3;
const tableNames = ['data', 'child'] as const;

interface SessionCount {
  readonly watcher: number;
  readonly key: string;
  readonly count: number;
}

export class InspectWatches {
  readonly #view: Pick<ReplicaView, 'watches' | 'connections'>;
  readonly #sid: number;
  readonly #slices: Slices;
  readonly #orders: OrderCache;
  /** How many watches the paths had when their order was made, by number of the path. */
  #counts = new IntList();

  constructor(
    view: Pick<ReplicaView, 'watches' | 'connections'> & {
      readonly clock: Pick<Clock, 'monotonicMs'>;
    },
    sid: number,
    slices: Slices,
  ) {
    this.#view = view;
    this.#sid = sid;
    this.#slices = slices;
    this.#orders = new OrderCache(view.clock);
  }

  /** Groups by count, the largest first, then by key; `text` is looked for in the keys. */
  page(asked: Asked): Promise<WatchPage> {
    return asked.by === 'path' ? this.#pageByPath(asked) : this.#pageBySession(asked);
  }

  /** Of one connection. */
  countOf(watcher: number): Promise<number> {
    const { index } = this.#view.watches;
    return this.#countChain(
      () => index.firstOfWatcher(watcher),
      (watch) => index.nextOfWatcher(watch),
      (watch) => index.watcherOf(watch) === watcher,
    );
  }

  /** In both tables. */
  async countOfPath(path: string): Promise<number> {
    const { index } = this.#view.watches;
    const bytes = Buffer.from(path);
    const hash = hashBytes(pathHashBasis, bytes, 0, bytes.length);
    let count = 0;
    for (const table of [WatchTable.data, WatchTable.child]) {
      const head = () => index.first(table, hash, bytes, 0, bytes.length);
      const first = head();
      const number = first === noWatch ? noWatch : index.pathNumberOf(first);
      count += await this.#countChain(
        head,
        (watch) => index.nextOfPath(watch),
        (watch) => index.pathNumberOf(watch) === number && index.tableOf(watch) === table,
      );
    }
    return count;
  }

  /** The first `limit` watches of a connection, of one moment. */
  entriesOf(watcher: number, limit: number): WatchEntry[] {
    const { index } = this.#view.watches;
    const entries: WatchEntry[] = [];
    for (let watch = index.firstOfWatcher(watcher); watch !== noWatch; ) {
      if (entries.length === limit) break;
      entries.push(this.#entry(watch, index.pathOf(watch)));
      watch = index.nextOfWatcher(watch);
    }
    return entries;
  }

  async #countChain(
    head: () => number,
    next: (watch: number) => number,
    belongs: (watch: number) => boolean,
  ): Promise<number> {
    const { index } = this.#view.watches;
    let count = 0;
    for (let tries = 0; tries < countsMax; tries++) {
      count = 0;
      let watch = head();
      while (watch !== noWatch) {
        count++;
        watch = next(watch);
        if (!this.#slices.spend()) continue;
        await this.#slices.turn();
        if (watch !== noWatch && !(index.isLive(watch) && belongs(watch))) break;
      }
      if (watch === noWatch) return count;
    }
    return count;
  }

  // By path.

  async #pageByPath({ text, offset, limit }: Asked): Promise<WatchPage> {
    const order = await this.#orders.get(text, null, () => this.#orderPaths(text));
    const counts = this.#counts;
    const groups: WatchGroup[] = [];
    const entriesMax = entriesPerGroup(Math.min(limit, order.length));
    for (let at = offset; at < Math.min(offset + limit, order.length); at++) {
      const entries = this.#entriesOfPath(order[at]!, entriesMax);
      const key = entries[0]?.path;
      if (key !== undefined) {
        groups.push({ key, count: Math.max(counts.get(order[at]!), entries.length), entries });
      }
      if (this.#slices.spend(entriesMax * 4)) await this.#slices.turn();
    }
    return { total: order.length, groups };
  }

  async #orderPaths(text: string): Promise<Int32Array> {
    const { index } = this.#view.watches;
    const counts = new IntList();
    for (let watch = 0; watch < index.watchLimit; watch++) {
      if (index.isLive(watch)) counts.increment(index.pathNumberOf(watch));
      if (this.#slices.spend()) await this.#slices.turn();
    }
    const paths = new IntList();
    const weights = new IntList();
    for (let path = 0; path < counts.length; path++) {
      if (counts.get(path) > 0 && this.#isMatch(path, text)) {
        paths.push(path);
        weights.push(counts.get(path));
      }
      if (this.#slices.spend(text === '' ? 1 : 4)) await this.#slices.turn();
    }
    const source = {
      get buffer() {
        return index.cells.buffer;
      },
      get offset() {
        return index.cells.offset;
      },
      locate: (path: number) => index.locatePath(path),
    };
    const order = await orderByName(paths.copy(), source, this.#slices, weights.copy());
    this.#counts = counts;
    return order;
  }

  #isMatch(path: number, text: string): boolean {
    return text === '' || this.#pathText(path).includes(text);
  }

  #pathText(path: number): string {
    const { index } = this.#view.watches;
    const length = index.locatePath(path);
    const { buffer, offset } = index.cells;
    return buffer.toString('utf8', offset, offset + length);
  }

  /** Empty when the path has lost all its watches. */
  #entriesOfPath(path: number, limit: number): WatchEntry[] {
    const { index } = this.#view.watches;
    const text = this.#pathText(path);
    const entries: WatchEntry[] = [];
    for (const table of [WatchTable.data, WatchTable.child]) {
      for (let watch = index.firstOfPath(table, path); watch !== noWatch; ) {
        if (entries.length === limit) return entries;
        entries.push(this.#entry(watch, text));
        watch = index.nextOfPath(watch);
      }
    }
    return entries;
  }

  // By session.

  async #pageBySession({ text, offset, limit }: Asked): Promise<WatchPage> {
    const found = await this.#countBySession(text);
    const order = await sortInSlices(
      placesOf(found.length),
      (a, b) => compareCounts(found[a]!, found[b]!),
      this.#slices,
    );
    const groups: WatchGroup[] = [];
    const page = order.subarray(offset, offset + limit);
    const entriesMax = entriesPerGroup(page.length);
    for (const place of page) {
      const { watcher, key, count } = found[place]!;
      groups.push({ key, count, entries: this.entriesOf(watcher, entriesMax) });
      if (this.#slices.spend(entriesMax * 8)) await this.#slices.turn();
    }
    return { total: found.length, groups };
  }

  async #countBySession(text: string): Promise<SessionCount[]> {
    const { index } = this.#view.watches;
    const counts = new Map<number, number>();
    for (let watch = 0; watch < index.watchLimit; watch++) {
      if (index.isLive(watch)) {
        const watcher = index.watcherOf(watch);
        counts.set(watcher, (counts.get(watcher) ?? 0) + 1);
      }
      if (this.#slices.spend()) await this.#slices.turn();
    }
    const found: SessionCount[] = [];
    for (const [watcher, count] of counts) {
      const key = this.#sessionOf(watcher) ?? formatSessionId(noSession);
      if (key.includes(text)) found.push({ watcher, key, count });
      if (this.#slices.spend(4)) await this.#slices.turn();
    }
    return found;
  }

  #sessionOf(watcher: number): string | null {
    const id = this.#view.connections.get(watcher)?.session?.id;
    return id === undefined ? null : formatSessionId(id);
  }

  #entry(watch: number, path: string): WatchEntry {
    const { index } = this.#view.watches;
    const watcher = index.watcherOf(watch);
    const table = tableNames[index.tableOf(watch)]!;
    return {
      path,
      table,
      state: watchTable.states[index.state(watch)]!,
      session: this.#sessionOf(watcher),
      actor: `${this.#sid}:${watchName(table, watcher, path)}`,
    };
  }
}

function entriesPerGroup(groups: number): number {
  return Math.min(groupEntriesMax, Math.max(1, Math.floor(pageEntriesMax / Math.max(1, groups))));
}

function compareCounts(a: SessionCount, b: SessionCount): number {
  if (a.count !== b.count) return b.count - a.count;
  return a.key < b.key ? -1 : Number(a.key > b.key);
}
