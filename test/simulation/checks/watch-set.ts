/**
 * The watches of all connections as the specification has them (sections 3.5, 3.6): which
 * connections hear of a change, and what a setWatches has to tell at once. One-shot watches are
 * used up as they fire.
 */

import { EventType } from '../../../protocol/replies.ts';
import { WatcherType } from '../../../protocol/requests.ts';
import type { ModelTree } from './model.ts';

/** Tables of a server: one-shot ones for data and children, and the two that stay. */
export type WatchKind = 'data' | 'child' | 'persistent' | 'recursive';
const kinds: readonly WatchKind[] = ['data', 'child', 'persistent', 'recursive'];

const kindsOfType = new Map<number, readonly WatchKind[]>([
  [WatcherType.children, ['child']],
  [WatcherType.data, ['data']],
  [WatcherType.any, kinds],
  [WatcherType.persistent, ['persistent']],
  [WatcherType.persistentRecursive, ['recursive']],
]);

export class WatchSet<Watcher> {
  readonly #tables = {
    data: new Map<string, Set<Watcher>>(),
    child: new Map<string, Set<Watcher>>(),
    persistent: new Map<string, Set<Watcher>>(),
    recursive: new Map<string, Set<Watcher>>(),
  };
  readonly #heard = new Set<Watcher>();

  arm(kind: WatchKind, path: string, watcher: Watcher): void {
    const table = this.#tables[kind];
    const watchers = table.get(path);
    if (watchers === undefined) table.set(path, new Set([watcher]));
    else watchers.add(watcher);
  }

  /** Does the watcher have any of this WatcherType? */
  has(type: number, path: string, watcher: Watcher): boolean {
    const named = kindsOfType.get(type) ?? [];
    return named.some((kind) => this.#tables[kind].get(path)?.has(watcher) === true);
  }

  remove(type: number, path: string, watcher: Watcher): void {
    for (const kind of kindsOfType.get(type) ?? []) this.#take(kind, path, watcher);
  }

  #take(kind: WatchKind, path: string, watcher: Watcher): void {
    const watchers = this.#tables[kind].get(path);
    if (watchers?.delete(watcher) === true && watchers.size === 0) {
      this.#tables[kind].delete(path);
    }
  }

  /** The watcher is gone. */
  forget(watcher: Watcher): void {
    for (const kind of kinds) {
      for (const path of this.#tables[kind].keys()) this.#take(kind, path, watcher);
    }
  }

  /** Who hears of the change: each once. Valid until the next one. */
  fire(type: EventType, path: string): ReadonlySet<Watcher> {
    const heard = this.#heard;
    heard.clear();
    if (type === EventType.nodeChildrenChanged) {
      this.#use('child', path);
      this.#collect('persistent', path);
      return heard;
    }
    this.#use('data', path);
    if (type === EventType.nodeDeleted) this.#use('child', path);
    this.#collect('persistent', path);
    if (this.#tables.recursive.size === 0) return heard;
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      this.#collect('recursive', path.slice(0, end));
    }
    if (path !== '/') this.#collect('recursive', '/');
    return heard;
  }

  #collect(kind: WatchKind, path: string): void {
    const watchers = this.#tables[kind].get(path);
    if (watchers !== undefined) for (const watcher of watchers) this.#heard.add(watcher);
  }

  #use(kind: WatchKind, path: string): void {
    this.#collect(kind, path);
    this.#tables[kind].delete(path);
  }
}

export interface WatchLists {
  readonly relativeZxid: number;
  readonly dataWatches: readonly string[] | null;
  readonly existWatches: readonly string[] | null;
  readonly childWatches: readonly string[] | null;
  readonly persistentWatches?: readonly string[] | null;
  readonly persistentRecursiveWatches?: readonly string[] | null;
}

/**
 * What a setWatches comes to in the model as it stands: an event to tell at once, or a watch.
 */
export function setWatches(
  lists: WatchLists,
  model: ModelTree,
  tell: (type: EventType, path: string) => void,
  arm: (kind: WatchKind, path: string) => void,
): void {
  const { relativeZxid } = lists;
  for (const path of lists.dataWatches ?? []) {
    const znode = model.find(path);
    if (znode === undefined) tell(EventType.nodeDeleted, path);
    else if (znode.mzxid > relativeZxid) tell(EventType.nodeDataChanged, path);
    else arm('data', path);
  }
  for (const path of lists.existWatches ?? []) {
    if (model.find(path) === undefined) arm('data', path);
    else tell(EventType.nodeCreated, path);
  }
  for (const path of lists.childWatches ?? []) {
    const znode = model.find(path);
    if (znode === undefined) tell(EventType.nodeDeleted, path);
    else if (znode.pzxid > relativeZxid) tell(EventType.nodeChildrenChanged, path);
    else arm('child', path);
  }
  for (const path of lists.persistentWatches ?? []) arm('persistent', path);
  for (const path of lists.persistentRecursiveWatches ?? []) arm('recursive', path);
}
