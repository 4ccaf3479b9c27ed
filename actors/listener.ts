/**
 * Accepts client sockets over TCP, up to the limits per address and in all; one over the limit is
 * closed before a byte (spec 1.3).
 */

import { createServer, type Server, type Socket } from 'node:net';
import { assert } from '../protocol/assert.ts';
import { BareSocket } from './bare-socket.ts';
import type { AcceptSocket, ClientSocket, Listener } from './client-socket.ts';
import { addressOf, TcpSocket } from './tcp-socket.ts';

export interface ListenerOptions {
  readonly host: string | null;
  readonly port: number;
  readonly backlog: number;
  readonly keepAlive: boolean;
  /** 0 means no limit. */
  readonly connectionsPerAddressMax: number;
  readonly connectionsMax: number;
  /** Tells of a socket that was closed for a limit. */
  readonly onRefused: (remoteAddress: string, reason: string) => void;
  /** Of an accepted socket, paused as yet, which it may replace by one of its own. */
  readonly wrap?: (accepted: Socket) => ClientSocket;
}

/** The kernel's own default when zoo.cfg names none. */
const backlogDefault = 511;

class TcpListener implements Listener {
  readonly address: { readonly host: string; readonly port: number };
  readonly #server: Server;

  constructor(server: Server) {
    this.#server = server;
    const bound = server.address();
    if (bound === null || typeof bound === 'string') throw new Error('not a TCP listener');
    this.address = { host: bound.address, port: bound.port };
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function usualSocket(accepted: Socket): ClientSocket {
  return BareSocket.from(accepted) ?? new TcpSocket(accepted);
}

/** How many connections there are, and by address. */
class Census {
  readonly #counts = new Map<string, number>();
  readonly #options: ListenerOptions;
  #total = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  /** Why there may be no more from there; null when there may. */
  objection(address: string): string | null {
    const { connectionsPerAddressMax, connectionsMax } = this.#options;
    const count = this.#counts.get(address) ?? 0;
    if (connectionsPerAddressMax > 0 && count >= connectionsPerAddressMax) {
      return `more than ${connectionsPerAddressMax} connections (maxClientCnxns)`;
    }
    const isFull = connectionsMax > 0 && this.#total >= connectionsMax;
    return isFull ? `more than ${connectionsMax} connections in all (maxCnxns)` : null;
  }

  add(address: string): void {
    this.#counts.set(address, (this.#counts.get(address) ?? 0) + 1);
    this.#total++;
  }

  remove(address: string): void {
    const left = this.#counts.get(address)! - 1;
    assert(left >= 0, 'listener: one that is gone was there');
    if (left === 0) this.#counts.delete(address);
    else this.#counts.set(address, left);
    this.#total--;
  }
}

/** Rejects when the port cannot be bound. */
export function listen(options: ListenerOptions, accept: AcceptSocket): Promise<Listener> {
  const { keepAlive, wrap = usualSocket } = options;
  const census = new Census(options);
  const server = createServer({ noDelay: true, keepAlive, pauseOnConnect: true }, (accepted) => {
    const address = addressOf(accepted);
    const objection = census.objection(address);
    if (objection !== null) {
      options.onRefused(address, objection);
      accepted.destroy();
      return;
    }
    const socket = wrap(accepted);
    census.add(address);
    accept(socket);
    const { onClose } = socket;
    socket.onClose = () => {
      census.remove(address);
      onClose();
    };
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(
      {
        port: options.port,
        ...(options.host === null ? {} : { host: options.host }),
        backlog: options.backlog > 0 ? options.backlog : backlogDefault,
      },
      () => resolve(new TcpListener(server)),
    );
  });
}
