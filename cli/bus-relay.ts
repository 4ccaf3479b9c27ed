/**
 * The way of one demo replica to the bus: a TCP relay on a loopback port of its own. Cut, it holds
 * all still as a partition does: nothing passes, nothing is closed, and who connects is accepted
 * and left waiting. Healed, what was held goes on, and ends that were meanwhile closed are told.
 */

import { connect, createServer, type Server, type Socket } from 'node:net';
import type { HostPort } from '../protocol/server-spec.ts';

const loopback = '127.0.0.1';

/** Both sides of a connection; `far` is null while the bus was not dialled yet. */
interface Pair {
  readonly near: Socket;
  far: Socket | null;
  /** A side of it was lost while it was cut: the other is told when it is healed. */
  isBroken: boolean;
  /** Sides whose counterpart has ended while it was cut. */
  readonly toEnd: Set<Socket>;
}

export class BusRelay {
  readonly #server: Server;
  readonly #target: HostPort;
  readonly #pairs = new Set<Pair>();
  #isCut = false;

  private constructor(target: HostPort) {
    this.#target = target;
    // Of a half-closed connection the other half goes on: ends are handed on one by one.
    const options = { allowHalfOpen: true, pauseOnConnect: true, noDelay: true };
    this.#server = createServer(options, (near) => this.#accept(near));
  }

  /** Listens on a free port. */
  static start(target: HostPort): Promise<BusRelay> {
    const relay = new BusRelay(target);
    return new Promise((resolve, reject) => {
      relay.#server.once('error', reject);
      relay.#server.listen(0, loopback, () => resolve(relay));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' ? (address?.port ?? 0) : 0;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  cut(): void {
    this.#isCut = true;
    for (const { near, far } of this.#pairs) {
      near.pause();
      far?.pause();
    }
  }

  heal(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) {
      if (pair.isBroken) this.#drop(pair);
      else if (pair.far === null) this.#dial(pair);
      else {
        if (!pair.far.writableNeedDrain) pair.near.resume();
        if (!pair.near.writableNeedDrain) pair.far.resume();
        for (const side of pair.toEnd) side.end();
        pair.toEnd.clear();
      }
    }
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const pair of this.#pairs) this.#drop(pair);
    });
  }

  #accept(near: Socket): void {
    const pair: Pair = { near, far: null, isBroken: false, toEnd: new Set() };
    this.#pairs.add(pair);
    near.on('error', () => {});
    near.on('close', () => this.#lost(pair));
    if (!this.#isCut) this.#dial(pair);
  }

  #dial(pair: Pair): void {
    const far = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    pair.far = far;
    far.on('error', () => {});
    far.on('close', () => this.#lost(pair));
    this.#carry(pair, pair.near, far);
    this.#carry(pair, far, pair.near);
    pair.near.resume();
  }

  #carry(pair: Pair, from: Socket, to: Socket): void {
    from.on('data', (part) => {
      if (!to.write(part)) from.pause();
    });
    to.on('drain', () => {
      if (!this.#isCut) from.resume();
    });
    // A paused socket tells its end all the same, if it holds no data.
    from.on('end', () => {
      if (this.#isCut) pair.toEnd.add(to);
      else to.end();
    });
  }

  #lost(pair: Pair): void {
    if (this.#isCut) pair.isBroken = true;
    else this.#drop(pair);
  }

  #drop(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far?.destroy();
  }
}
