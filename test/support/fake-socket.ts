/**
 * A client's socket without a network: the test says what arrives, when the client reads, and sees
 * every byte that was sent. Behaves as node:net does: nothing arrives while it is paused or after
 * it was closed, and a closed socket says so once, in a later turn.
 */

import type { ClientSocket } from '../../actors/client-socket.ts';

export class FakeSocket implements ClientSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  onData: (chunk: Buffer) => void = () => {};
  onDrain: () => void = () => {};
  onClose: () => void = () => {};
  /** Takes what the server sent. */
  onSent: (bytes: Buffer) => void = () => {};
  /** Does the client read? If not, what is sent piles up in `queuedBytes`. */
  isReading = true;
  isPaused = false;
  /** The server has ended or destroyed it, or the client is gone. */
  isClosed = false;
  #isEnding = false;
  /** Sent and not read yet: the very buffers, so that one that is used again too early shows. */
  #sent: Buffer[] = [];
  /** What arrived while it was paused: filled by the test, drained by resume. */
  #arrived: Buffer[] = [];

  constructor(remotePort: number, remoteAddress = '127.0.0.1') {
    this.remotePort = remotePort;
    this.remoteAddress = remoteAddress;
  }

  /** Bytes from the client. */
  arrive(chunk: Buffer): void {
    if (this.isClosed) return;
    if (this.isPaused) this.#arrived.push(chunk);
    else this.onData(chunk);
  }

  get unreadChunks(): number {
    return this.#arrived.length;
  }

  write(bytes: Buffer): boolean {
    if (this.isClosed) return true;
    if (!this.isReading || this.#sent.length > 0) {
      this.#sent.push(bytes);
      return false;
    }
    this.onSent(bytes);
    return true;
  }

  pause(): void {
    this.isPaused = true;
  }

  /** What arrived meanwhile comes in a turn of its own, as from node:net. */
  resume(): void {
    this.isPaused = false;
    if (this.#arrived.length > 0) queueMicrotask(() => this.#deliver());
  }

  #deliver(): void {
    while (!this.isPaused && !this.isClosed) {
      const chunk = this.#arrived.shift();
      if (chunk === undefined) return;
      this.onData(chunk);
    }
  }

  get queuedBytes(): number {
    let count = 0;
    for (const bytes of this.#sent) count += bytes.length;
    return count;
  }

  /** The client reads all that is queued, and goes on reading. */
  drain(): void {
    this.isReading = true;
    if (this.isClosed || this.#sent.length === 0) return;
    for (const bytes of this.#sent.splice(0)) this.onSent(bytes);
    if (this.#isEnding) this.destroy();
    else this.onDrain();
  }

  end(): void {
    this.#isEnding = true;
    if (this.#sent.length === 0) this.destroy();
  }

  destroy(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#arrived = [];
    this.#sent = [];
    queueMicrotask(() => this.onClose());
  }
}
