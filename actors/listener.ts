/**
 * Accepts client sockets over TCP, up to the limits per address and in all; one over the limit is
 * closed before a byte (spec 1.3). The only file that touches node:net.
 */

import { createServer, type Server, type Socket } from 'node:net';
import type { AcceptSocket, ClientSocket, Listener } from './client-socket.ts';

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
}

/** The kernel's own default when zoo.cfg names none. */
const backlogDefault = 511;

class TcpSocket implements ClientSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: Socket;
  /** Not all that was written has been taken. */
  #isFull = false;
  onData: (chunk: Buffer) => void = () => {};
  onDrain: () => void = () => {};
  onClose: () => void = () => {};

  constructor(socket: Socket) {
    this.#socket = socket;
    this.remoteAddress = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    this.remotePort = socket.remotePort ?? 0;
    socket.on('data', (chunk: Buffer) => this.onData(chunk));
    // An error is followed by 'close', which is all that matters here.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => this.onClose());
  }

  get queuedBytes(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Buffer): boolean {
    if (!this.#socket.writable) return true;
    this.#socket.write(bytes, this.#written);
    this.#isFull = this.#socket.writableLength > 0;
    return !this.#isFull;
  }

  /** Not 'drain': that one speaks only of writes above the high water mark. */
  readonly #written = (): void => {
    if (!this.#isFull || this.#socket.writableLength > 0) return;
    this.#isFull = false;
    this.onDrain();
  };

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
    // What a client still sends is read and dropped, so that it gets the end and not a reset.
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

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

/** Rejects when the port cannot be bound. */
export function listen(options: ListenerOptions, accept: AcceptSocket): Promise<Listener> {
  const counts = new Map<string, number>();
  let total = 0;
  const server = createServer({ noDelay: true, keepAlive: options.keepAlive }, (socket) => {
    const wrapped = new TcpSocket(socket);
    const address = wrapped.remoteAddress;
    const count = counts.get(address) ?? 0;
    const { connectionsPerAddressMax, connectionsMax } = options;
    if (connectionsPerAddressMax > 0 && count >= connectionsPerAddressMax) {
      options.onRefused(
        address,
        `more than ${connectionsPerAddressMax} connections (maxClientCnxns)`,
      );
      socket.destroy();
      return;
    }
    if (connectionsMax > 0 && total >= connectionsMax) {
      options.onRefused(address, `more than ${connectionsMax} connections in all (maxCnxns)`);
      socket.destroy();
      return;
    }
    counts.set(address, count + 1);
    total++;
    socket.on('close', () => {
      total--;
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
    accept(wrapped);
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
