/**
 * All client connections of this replica: numbers them, writes out what a turn has queued on them,
 * drops sockets that never say who they are.
 */

import type { ClientSocket } from './client-socket.ts';
import type { Clock, Timer } from './clock.ts';
import type { Connection } from './connection.ts';
import type { FlushPort } from './connection-ports.ts';

export class Connections {
  readonly #clock: Clock;
  readonly #all = new Map<number, Connection>();
  /** Filled as output is queued, drained at the end of the turn. Bounded by their number. */
  #toFlush: FlushPort[] = [];
  /** The change whose events do not wait for the end of this turn. */
  #hurried: number | null = null;
  #flushDeferred = false;
  /** Those that read nothing from their socket for now. */
  readonly #stalled = new Set<{ relieve(): boolean }>();
  #nextWatcher = 1;
  readonly #sessionlessTimeoutMs: number;
  /** Connections without a session, oldest first. */
  readonly #sessionless = new Map<Connection, number>();
  /** Sockets of connections that are over, oldest first, until both sides are closed. */
  readonly #ending = new Map<number, { readonly socket: ClientSocket; readonly dueMs: number }>();
  #sweep: Timer | null = null;

  constructor(clock: Clock, sessionlessTimeoutMs: number) {
    this.#clock = clock;
    this.#sessionlessTimeoutMs = sessionlessTimeoutMs;
  }

  get size(): number {
    return this.#all.size;
  }

  all(): Iterable<Connection> {
    return this.#all.values();
  }

  get(watcher: number): Connection | undefined {
    return this.#all.get(watcher);
  }

  /** A number that no other connection has or had. */
  nextWatcher(): number {
    return this.#nextWatcher++;
  }

  add(connection: Connection): void {
    this.#all.set(connection.watcher, connection);
    this.#sessionless.set(connection, this.#clock.monotonicMs() + this.#sessionlessTimeoutMs);
    this.#sweep ??= this.#clock.every(1000, () => {
      this.#dropSilent();
      this.#dropLingering();
    });
  }

  remove(watcher: number): void {
    const connection = this.#all.get(watcher);
    if (connection === undefined) return;
    this.#all.delete(watcher);
    this.#sessionless.delete(connection);
    const dueMs = this.#clock.monotonicMs() + this.#sessionlessTimeoutMs;
    this.#ending.set(watcher, { socket: connection.socket, dueMs });
  }

  /** The socket is closed on both sides. */
  gone(watcher: number): void {
    this.#ending.delete(watcher);
  }

  #dropSilent(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const [connection, dueMs] of this.#sessionless) {
      if (dueMs > nowMs && connection.session === null) break;
      this.#sessionless.delete(connection);
      connection.tell('handshake.timedOut');
    }
  }

  /** A client that neither takes the rest nor closes its side does not keep the socket. */
  #dropLingering(): void {
    const nowMs = this.#clock.monotonicMs();
    for (const { socket, dueMs } of this.#ending.values()) {
      if (dueMs > nowMs) break;
      socket.destroy();
    }
  }

  flushLater(connection: FlushPort): void {
    this.#toFlush.push(connection);
    if (this.#flushDeferred) return;
    this.#flushDeferred = true;
    this.#clock.defer(() => this.flush());
  }

  flush(): void {
    this.#flushDeferred = false;
    this.#hurried = null;
    if (this.#toFlush.length === 0) return;
    const due = this.#toFlush;
    this.#toFlush = [];
    for (const connection of due) connection.flushDue();
  }

  /**
   * Writes before the end of the turn what one change, named by a number, has queued on many: who
   * hears of it first does not wait until the last one is found. Only one change of a turn, so that
   * a connection is written to twice at most.
   */
  flushCrowd(change: number): void {
    this.#hurried ??= change;
    if (this.#hurried !== change) return;
    const due = this.#toFlush;
    this.#toFlush = [];
    for (const connection of due) if (!connection.flushEarly()) this.#toFlush.push(connection);
  }

  noteStalled(connection: { relieve(): boolean }): void {
    this.#stalled.add(connection);
  }

  /** Writes have been finished: who waited for that may read on. */
  relieve(): void {
    for (const connection of [...this.#stalled]) {
      // First: while it reads on it may stall again, and has to stay noted then.
      this.#stalled.delete(connection);
      if (!connection.relieve()) this.#stalled.add(connection);
    }
  }

  /** No more requests are read: what is in flight can come to its end. */
  holdInput(): void {
    for (const connection of this.#all.values()) connection.tell('pressure.high');
  }

  /** Whoever is connected may try elsewhere. */
  dropAll(): void {
    for (const connection of [...this.#all.values()]) connection.tell('server.stopping');
  }

  stop(): void {
    this.#sweep?.cancel();
    this.dropAll();
  }
}
