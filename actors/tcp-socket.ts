/** A client's socket by what Node promises of one and nothing else. bare-socket.ts is faster. */

import type { Socket } from 'node:net';
import type { ClientSocket } from './client-socket.ts';

export class TcpSocket implements ClientSocket {
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
    this.remoteAddress = addressOf(socket);
    this.remotePort = socket.remotePort ?? 0;
    socket.on('data', (chunk: Buffer) => this.onData(chunk));
    // An error is followed by 'close', which is all that matters here.
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => this.onClose());
    // It was accepted paused.
    socket.resume();
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
    if (!this.#isFull || this.#socket.writableLength > 0 || this.#socket.destroyed) return;
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

/** An IPv4 address as such, also when it came in by IPv6. */
export function addressOf({ remoteAddress }: Socket): string {
  return (remoteAddress ?? '').replace(/^::ffff:/, '');
}
