/**
 * A client's socket without Node's streams, which cost more than all that is done for a small
 * request (docs/COSTS.md): reads go to one buffer that all sockets share (`onread`), writes go
 * straight to the system. Node offers the first for sockets that connect but not for accepted ones,
 * and the second to those who implement a stream; so what it does not promise is looked for first,
 * and where it is missing TcpSocket does the same in more time.
 */

import { Socket, type SocketConstructorOpts } from 'node:net';
import { assert } from '../protocol/assert.ts';
import type { ClientSocket } from './client-socket.ts';
import { ReadSlab } from './read-slab.ts';
import { addressOf } from './tcp-socket.ts';

/** What Node's types do not tell of a socket. */
interface Inside {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/** By this name streams tell that there is nothing to encode. */
const asIs = 'buffer' as BufferEncoding;
const readBytesMax = 64 * 1024;
/** As much as Node's streams read ahead. */
const heldBytesMax = 64 * 1024;
/** Filled by the system and emptied before anything else happens. */
const shared = Buffer.alloc(readBytesMax);
const slab = new ReadSlab();

export class BareSocket implements ClientSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #socket: Socket;
  /** Writes that the system has not taken in full. */
  #pending = 0;
  /** Of those, and of what it took meanwhile. */
  #queuedBytes = 0;
  #isWriting = false;
  #isOver = false;
  #isPaused = false;
  /** Read while paused. Invariant: what is read later goes behind it. */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** The client has said its last word, which is among them. */
  #hasEnded = false;
  /** Why it closed, if not because somebody wanted it. */
  failure: Error | undefined;
  onData: (chunk: Buffer) => void = () => {};
  onDrain: () => void = () => {};
  onClose: () => void = () => {};

  private constructor(handle: object) {
    const onread = { buffer: shared, callback: (length: number) => this.#read(length) };
    const options = { handle, onread, pauseOnCreate: true, allowHalfOpen: true };
    const socket = new Socket(options as SocketConstructorOpts);
    this.#socket = socket;
    this.remoteAddress = addressOf(socket);
    this.remotePort = socket.remotePort ?? 0;
    // It is followed by 'close'.
    socket.on('error', (failure) => {
      this.failure = failure;
    });
    socket.on('end', () => {
      this.#hasEnded = true;
      if (this.#held.length === 0) this.end();
    });
    socket.on('close', () => {
      this.#isOver = true;
      this.onClose();
    });
    socket.resume();
  }

  /** Takes over from a socket that was accepted paused; null where that cannot be. */
  static from(accepted: Socket): BareSocket | null {
    const inside = accepted as unknown as Inside;
    const handle = inside._handle;
    if (typeof handle?.useUserBuffer !== 'function') return null;
    inside._handle = null;
    accepted.destroy();
    return new BareSocket(handle);
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  write(bytes: Uint8Array): boolean {
    if (this.#isOver) return true;
    this.#pending++;
    this.#queuedBytes += bytes.length;
    this.#isWriting = true;
    this.#socket._write(bytes, asIs, this.#written);
    this.#isWriting = false;
    return this.#pending === 0;
  }

  /** Called within the write if the system takes all at once. */
  readonly #written = (failure?: Error | null): void => {
    this.#pending--;
    assert(this.#pending >= 0, 'bare socket: each write is answered once');
    if (failure) this.destroy(failure);
    if (this.#pending > 0) return;
    this.#queuedBytes = 0;
    if (!this.#isWriting && !this.#isOver) this.onDrain();
  };

  /** False: no more for now. */
  #read(length: number): boolean {
    const chunk = slab.copy(shared, length);
    if (!this.#isPaused && this.#held.length === 0) {
      this.onData(chunk);
      return true;
    }
    this.#held.push(chunk);
    this.#heldBytes += length;
    return this.#heldBytes < heldBytesMax;
  }

  /**
   * Nothing is handed on. It is read all the same, up to a limit: who reads nothing does not hear
   * that the client has left, and would go on for one that is connected elsewhere by then.
   */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    // Behind what whoever was paused has left of the chunk before.
    process.nextTick(this.#handOn);
  }

  readonly #handOn = (): void => {
    while (!this.#isPaused && this.#held.length > 0) {
      const chunk = this.#held.shift()!;
      this.#heldBytes -= chunk.length;
      assert(this.#heldBytes >= 0, 'bare socket: what is held is counted once');
      this.onData(chunk);
    }
    if (this.#isPaused) return;
    if (this.#hasEnded) this.end();
    else this.#socket.resume();
  };

  end(): void {
    this.#finish();
    this.#socket.end();
    // What a client still sends is read and dropped, so that it gets the end and not a reset.
    this.#socket.resume();
  }

  destroy(failure?: Error): void {
    this.#finish();
    this.#socket.destroy(failure);
  }

  #finish(): void {
    this.#isOver = true;
    this.#isPaused = false;
    this.#held = [];
    this.#heldBytes = 0;
  }
}
