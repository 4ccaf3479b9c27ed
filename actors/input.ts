/**
 * What a client's socket delivers: first perhaps a four-letter word, then frames. All frames of a
 * chunk are handed on in one go; what is not wanted yet is kept, in order.
 */

import { FrameSplitter } from '../protocol/frame.ts';
import { OpeningBytes } from './handshake.ts';

export interface InputSink {
  readonly isOpen: boolean;
  isWord(word: string): boolean;
  /** Around each chunk. */
  begun(): void;
  ended(): void;
  word(word: string, argument: Buffer): void;
  /** Takes one frame; false stops the splitting until `resume`. */
  frame(chunk: Buffer, start: number, end: number): boolean;
  /** The bytes are no frames. */
  violated(): void;
}

export class Input {
  readonly #sink: InputSink;
  readonly #splitter: FrameSplitter;
  /** Null once it is known that frames come. */
  #opening: OpeningBytes | null = new OpeningBytes();
  /** Bytes that were read before a stall or an open handshake stopped the splitting. */
  #unread: Buffer | null = null;
  isHandling = false;

  constructor(frameBytesMax: number, sink: InputSink) {
    this.#sink = sink;
    this.#splitter = new FrameSplitter(frameBytesMax, (chunk, start, end) =>
      sink.frame(chunk, start, end),
    );
  }

  data(chunk: Buffer): void {
    // The socket was paused in mid-flight: keep what it still delivered, in order.
    if (this.#unread !== null) this.#unread = Buffer.concat([this.#unread, chunk]);
    else this.#handle(chunk);
  }

  resume(): void {
    const unread = this.#unread;
    if (unread === null || this.isHandling) return;
    this.#unread = null;
    this.#handle(unread);
  }

  #handle(chunk: Buffer): void {
    this.isHandling = true;
    this.#sink.begun();
    const frames = this.#opening === null ? chunk : this.#takeOpening(this.#opening, chunk);
    if (frames !== null) this.#split(frames);
    this.isHandling = false;
    this.#sink.ended();
  }

  #takeOpening(opening: OpeningBytes, chunk: Buffer): Buffer | null {
    const found = opening.take(chunk, (word) => this.#sink.isWord(word));
    if (found.kind === 'unknown') return null;
    this.#opening = null;
    if (found.kind === 'frames') return found.bytes;
    this.#sink.word(found.word, found.argument);
    return null;
  }

  #split(chunk: Buffer): void {
    const used = this.#splitter.push(chunk, 0, chunk.length);
    if (used < 0) this.#sink.violated();
    else if (used < chunk.length && this.#sink.isOpen) this.#unread = chunk.subarray(used);
  }
}
