/**
 * Setting and removing watches: requests on one side, the table of listeners on the other, and the
 * drivers that keep a WatchStream supplied.
 *
 * A stream over a one-shot kind sets its watch again before it hands out the event that used the
 * old one up. So whoever reads the znode after an event misses no later change, though several
 * changes may come as one event.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import { Opcode } from '../protocol/opcode.ts';
import { readReply } from '../protocol/replies.ts';
import { AddWatchMode, WatcherType, writeRequest } from '../protocol/requests.ts';
import type { Call } from './call.ts';
import type { Chroot } from './chroot.ts';
import { ConnectionLossError, errorOf, NoNodeError } from './errors.ts';
import type { CallOptions } from './options.ts';
import type { Session } from './session.ts';
import type { WatchEvent, WatchKind, WatchListener } from './watch-event.ts';
import { WatchStream } from './watch-stream.ts';
import type { WatchTable } from './watch-table.ts';
import { watchKinds } from './watch-table.ts';

export interface WatchOptions {
  /** Default: persistent. */
  kind?: WatchKind;
  /** Events that may wait for the reader before they become one gap event. */
  eventsMax?: number;
}

export type PersistentKind = 'persistent' | 'recursive';
/** Sets a one-shot watch by reading; rejects as the read does. */
type Arm = (kind: WatchKind, path: string, listener: WatchListener) => Promise<unknown>;

const eventsMaxDefault = 1024;
const noDeadline: CallOptions = { timeoutMs: Number.POSITIVE_INFINITY };

/** The kinds that a WatcherType speaks of. */
const kindsOfType: { readonly [T in WatcherType]: readonly WatchKind[] } = {
  [WatcherType.children]: ['children'],
  [WatcherType.data]: ['data', 'exists'],
  [WatcherType.any]: ['data', 'exists', 'children', 'persistent', 'recursive'],
  [WatcherType.persistent]: ['persistent'],
  [WatcherType.persistentRecursive]: ['recursive'],
};

export class Watches {
  readonly #session: Session;
  readonly #table: WatchTable;
  readonly #chroot: Chroot;
  readonly #isRenewed: boolean;
  readonly #arm: Arm;

  constructor(
    session: Session,
    table: WatchTable,
    chroot: Chroot,
    options: { isRenewed: boolean; arm: Arm },
  ) {
    this.#session = session;
    this.#table = table;
    this.#chroot = chroot;
    this.#isRenewed = options.isRenewed;
    this.#arm = options.arm;
  }

  /** Puts `listener` into the table when the reply of `call` says that the server set the watch. */
  armed<T>(call: Call<T>, kind: WatchKind, path: string, listener: WatchListener): Call<T> {
    const table = this.#table;
    table.expect(path);
    return {
      op: call.op,
      path: call.path,
      encode: (writer) => call.encode(writer),
      decode(reader) {
        table.add(kind === 'exists' ? 'data' : kind, path, listener);
        return call.decode(reader);
      },
      recover(code) {
        if (kind === 'exists' && code === ErrorCode.noNode) table.add('exists', path, listener);
        return call.recover?.(code);
      },
      ended: () => table.metExpectation(path),
    };
  }

  async add(
    path: string,
    kind: PersistentKind,
    listener: WatchListener,
    options?: CallOptions,
  ): Promise<void> {
    const full = this.#chroot.add(path);
    const mode = kind === 'recursive' ? AddWatchMode.persistentRecursive : AddWatchMode.persistent;
    // In the table first: another's removal must see that this path is still needed.
    this.#table.add(kind, full, listener);
    const call: Call<void> = {
      op: Opcode.addWatch,
      path,
      encode: (writer) => writeRequest(Opcode.addWatch, writer, { path: full, mode }),
      decode(reader) {
        const { err } = readReply(Opcode.addWatch, reader);
        if (err !== 0) throw errorOf(err, path);
      },
    };
    try {
      await this.#session.submit(call, options);
    } catch (error) {
      this.#table.remove(kind, full, listener);
      throw error;
    }
  }

  /** Removes every watch of `type` on `path`, here and on the server. */
  async removeAll(path: string, type: WatcherType, options?: CallOptions): Promise<void> {
    const full = this.#chroot.add(path);
    await this.#session.submit(this.#typeCall(Opcode.removeWatches, full, path, type), options);
    for (const kind of kindsOfType[type]) this.#table.removeAll(kind, full);
  }

  async check(path: string, type: WatcherType, options?: CallOptions): Promise<boolean> {
    const call = this.#typeCall(Opcode.checkWatches, this.#chroot.add(path), path, type);
    const recover = (code: number) => (code === ErrorCode.noWatcher ? false : undefined);
    return this.#session.submit({ ...call, decode: () => true, recover }, options);
  }

  open(
    path: string,
    { kind = 'persistent', eventsMax = eventsMaxDefault }: WatchOptions,
  ): WatchStream {
    const full = this.#chroot.add(path);
    const stream = new WatchStream(path, Math.max(1, eventsMax));
    const forget = this.#table.onClosed(() => stream.end());
    const isPersistent = kind === 'persistent' || kind === 'recursive';
    const run = isPersistent
      ? this.#runPersistent(stream, full, kind)
      : this.#runOneShot(stream, full, kind);
    run.catch((error) => stream.end(error)).finally(() => stream.ended && forget());
    return stream;
  }

  async #runPersistent(stream: WatchStream, full: string, kind: PersistentKind): Promise<void> {
    const listener = (event: WatchEvent) => {
      stream.push(event);
      if (event.type === 'lost' && !this.#isRenewed) stream.end();
    };
    stream.onReturn(() => this.#drop(full, kind, listener));
    while (!stream.ended) {
      try {
        await this.add(stream.path, kind, listener, noDeadline);
        // The reader may have left while the request was under way.
        if (stream.ended) await this.#removeUnneeded(full, kind);
        else stream.armed();
        return;
      } catch (error) {
        if (!isTransient(error)) throw error;
      }
    }
  }

  async #runOneShot(stream: WatchStream, full: string, kind: WatchKind): Promise<void> {
    let listener: WatchListener = () => {};
    let pending: WatchEvent | null = null;
    let leave: () => void = () => {};
    const drop = async () => {
      const tables = kind === 'exists' ? (['exists', 'data'] as const) : ([kind] as const);
      for (const table of tables) await this.#drop(full, table, listener);
    };
    stream.onReturn(async () => {
      leave();
      await drop();
    });
    while (!stream.ended) {
      const fired = new Promise<WatchEvent | null>((resolve) => {
        listener = resolve;
        leave = () => resolve(null);
      });
      try {
        await this.#arm(kind, stream.path, listener);
      } catch (error) {
        if (isTransient(error)) continue;
        if (!(error instanceof NoNodeError) || pending === null) throw error;
        stream.push({ type: 'deleted', path: stream.path, zxid: null });
        break;
      }
      if (stream.ended) {
        await drop();
        return;
      }
      if (pending !== null) stream.push(pending);
      stream.armed();
      pending = await fired;
      if (pending?.type !== 'lost') continue;
      stream.push(pending);
      pending = null;
      if (!this.#isRenewed) break;
    }
    stream.end();
  }

  /** Takes a listener out, and the server's watch with it when nobody else needs it. */
  async #drop(full: string, kind: WatchKind, listener: WatchListener): Promise<void> {
    if (this.#table.remove(kind, full, listener)) await this.#removeUnneeded(full, kind);
  }

  async #removeUnneeded(full: string, kind: WatchKind): Promise<void> {
    const type = this.#removable(full, kind);
    // Without a connection there is no watch either.
    if (type === null || !this.#session.isReady) return;
    const call = this.#typeCall(Opcode.removeWatches, full, this.#chroot.strip(full), type);
    // A watch that stays on the server costs an event that nobody hears; that is no reason to fail.
    await this.#session.submit(call).catch(() => {});
  }

  /**
   * The type by which the watch can be removed without hurting others on the path; null for none.
   * `any` is what every version understands and is used when nobody else is there.
   */
  #removable(full: string, kind: WatchKind): WatcherType | null {
    const table = this.#table;
    if (table.isExpected(full) || table.has(kind, full)) return null;
    if (!table.hasAny(watchKinds, full)) return WatcherType.any;
    if (kind === 'persistent') return WatcherType.persistent;
    if (kind === 'recursive') return WatcherType.persistentRecursive;
    // Before 3.9 the standard types take persistent watches along.
    if (table.hasAny(['persistent', 'recursive'], full)) return null;
    if (kind === 'children') return WatcherType.children;
    return table.hasAny(['data', 'exists'], full) ? null : WatcherType.data;
  }

  #typeCall(op: 17 | 18, full: string, path: string, type: WatcherType): Call<void> {
    const encode: Call<void>['encode'] = (writer) => writeRequest(op, writer, { path: full, type });
    return { op, path, encode, decode() {} };
  }
}

/** Will the same request have a chance on the next connection? */
function isTransient(error: unknown): boolean {
  return error instanceof ConnectionLossError;
}
