/**
 * The client's half of the watches: who listens to which path, by kind. The server knows only
 * paths, so several listeners share one watch there, and this table spreads its event to all of
 * them.
 *
 * Paths in here are the server's, chroot included; listeners get the caller's. One-shot listeners
 * leave the table before they are called. A throw in a listener is thrown again outside the
 * connection, as an uncaught exception: it must not cost others their events.
 */

import { parentPath, rootPath } from '../protocol/path.ts';
import type { WatcherEvent } from '../protocol/replies.ts';
import type { Chroot } from './chroot.ts';
import type {
  ChangeEvent,
  ChangeType,
  WatchEvent,
  WatchKind,
  WatchListener,
} from './watch-event.ts';
import { changeType } from './watch-event.ts';

export const watchKinds = ['data', 'exists', 'children', 'persistent', 'recursive'] as const;

/**
 * The kinds that an event of a type reaches on its own path; those that it uses up are one-shot.
 */
const reached: { readonly [T in ChangeType]: readonly WatchKind[] } = {
  created: ['data', 'exists', 'persistent', 'recursive'],
  dataChanged: ['data', 'exists', 'persistent', 'recursive'],
  deleted: ['data', 'exists', 'children', 'persistent', 'recursive'],
  childrenChanged: ['children', 'persistent'],
};

const isOneShot = (kind: WatchKind) => kind !== 'persistent' && kind !== 'recursive';

export class WatchTable {
  readonly #chroot: Chroot;
  readonly #tables: { readonly [K in WatchKind]: Map<string, Set<WatchListener>> } = {
    data: new Map(),
    exists: new Map(),
    children: new Map(),
    persistent: new Map(),
    recursive: new Map(),
  };
  /**
   * Requests under way that will set a watch, by path: the server may have it before this table.
   */
  readonly #expected = new Map<string, number>();

  readonly #closeActions = new Set<() => void>();

  constructor(chroot: Chroot) {
    this.#chroot = chroot;
  }

  add(kind: WatchKind, path: string, listener: WatchListener): void {
    const listeners = this.#tables[kind].get(path);
    if (listeners === undefined) this.#tables[kind].set(path, new Set([listener]));
    else listeners.add(listener);
  }

  /** @returns whether it was there */
  remove(kind: WatchKind, path: string, listener: WatchListener): boolean {
    const listeners = this.#tables[kind].get(path);
    if (!listeners?.delete(listener)) return false;
    if (listeners.size === 0) this.#tables[kind].delete(path);
    return true;
  }

  removeAll(kind: WatchKind, path: string): void {
    this.#tables[kind].delete(path);
  }

  has(kind: WatchKind, path: string): boolean {
    return this.#tables[kind].has(path);
  }

  hasAny(kinds: readonly WatchKind[], path: string): boolean {
    return kinds.some((kind) => this.has(kind, path));
  }

  /** Is a request under way that will set a watch on `path`? */
  isExpected(path: string): boolean {
    return this.#expected.has(path);
  }

  /** Paths by kind, to be registered on a new connection. */
  paths(kind: WatchKind): string[] {
    return [...this.#tables[kind].keys()];
  }

  get size(): number {
    return watchKinds.reduce((sum, kind) => sum + this.#tables[kind].size, 0);
  }

  /** A request that will set a watch on `path` was sent; `metExpectation` must follow. */
  expect(path: string): void {
    this.#expected.set(path, (this.#expected.get(path) ?? 0) + 1);
  }

  metExpectation(path: string): void {
    const left = (this.#expected.get(path) ?? 1) - 1;
    if (left === 0) this.#expected.delete(path);
    else this.#expected.set(path, left);
  }

  dispatch(event: WatcherEvent, zxid: number | null): void {
    const type = changeType(event.type);
    if (type === null || event.path === null) return;
    const { path } = event;
    const listeners = new Set<WatchListener>();
    for (const kind of reached[type]) this.#take(kind, path, listeners);
    if (type !== 'childrenChanged') this.#takeAncestors(path, listeners);
    if (listeners.size === 0) return;
    const change: ChangeEvent = Object.freeze({ type, path: this.#chroot.strip(path), zxid });
    for (const listener of listeners) call(listener, change);
  }

  /** The connection was replaced: persistent watches may have missed events. */
  gap(): void {
    for (const kind of ['persistent', 'recursive'] as const) {
      for (const path of this.paths(kind)) {
        const listeners = [...(this.#tables[kind].get(path) ?? [])];
        const event = { type: 'gap', reason: 'reconnect', path: this.#chroot.strip(path) } as const;
        for (const listener of listeners) call(listener, event);
      }
    }
  }

  /** The session is over: one-shot listeners leave, persistent ones stay when a new one follows. */
  lost(isRenewed: boolean): void {
    for (const kind of watchKinds) {
      for (const [path, listeners] of [...this.#tables[kind]]) {
        if (isOneShot(kind) || !isRenewed) this.#tables[kind].delete(path);
        const event = { type: 'lost', path: this.#chroot.strip(path) } as const;
        for (const listener of [...listeners]) call(listener, event);
      }
    }
  }

  /** Runs when the client is closed, for those that wait for events. */
  onClosed(action: () => void): () => void {
    this.#closeActions.add(action);
    return () => this.#closeActions.delete(action);
  }

  closed(): void {
    for (const kind of watchKinds) this.#tables[kind].clear();
    for (const action of [...this.#closeActions]) action();
    this.#closeActions.clear();
  }

  #take(kind: WatchKind, path: string, into: Set<WatchListener>): void {
    const listeners = this.#tables[kind].get(path);
    if (listeners === undefined) return;
    for (const listener of listeners) into.add(listener);
    if (isOneShot(kind)) this.#tables[kind].delete(path);
  }

  #takeAncestors(path: string, into: Set<WatchListener>): void {
    const table = this.#tables.recursive;
    if (table.size === 0) return;
    for (let at = path; at !== rootPath && at !== ''; ) {
      at = parentPath(at);
      for (const listener of table.get(at) ?? []) into.add(listener);
    }
  }
}

function call(listener: WatchListener, event: WatchEvent): void {
  try {
    listener(event);
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}
