/**
 * The events of one watch as an async iterable. Leaving a `for await`, `return()` or `await using`
 * ends the watch.
 *
 * Events wait in a queue while nobody asks for them. When it is full they are all dropped and one
 * gap event (`overflow`) takes their place: the reader must read again anyway, and memory stays
 * bounded.
 */

import { Fifo } from '../protocol/fifo.ts';
import type { WatchEvent } from './watch-event.ts';

interface Taker {
  resolve(result: IteratorResult<WatchEvent, undefined>): void;
  reject(reason: unknown): void;
}

export class WatchStream implements AsyncIterableIterator<WatchEvent, undefined> {
  readonly path: string;
  /** Settles when the watch is in place on the server, or cannot be. */
  readonly ready: Promise<void>;
  readonly #eventsMax: number;
  /** Filled by push, drained by next; bounded by eventsMax. */
  readonly #events = new Fifo<WatchEvent>();
  readonly #takers = new Fifo<Taker>();
  #end: { error: unknown } | null = null;
  #onReturn: (() => Promise<void>) | null = null;
  #resolveReady!: () => void;
  #rejectReady!: (reason: unknown) => void;

  constructor(path: string, eventsMax: number) {
    this.path = path;
    this.#eventsMax = eventsMax;
    this.ready = new Promise<void>((resolve, reject) => {
      this.#resolveReady = resolve;
      this.#rejectReady = reject;
    });
    // Whoever does not look at `ready` finds the error at next().
    this.ready.catch(() => {});
  }

  /** Sets what ends the watch; called at most once. */
  onReturn(action: () => Promise<void>): void {
    this.#onReturn = action;
  }

  get ended(): boolean {
    return this.#end !== null;
  }

  armed(): void {
    this.#resolveReady();
  }

  push(event: WatchEvent): void {
    if (this.#end !== null) return;
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker.resolve({ done: false, value: event });
      return;
    }
    if (this.#events.size < this.#eventsMax) {
      this.#events.push(event);
      return;
    }
    this.#events.drain();
    this.#events.push({ type: 'gap', reason: 'overflow', path: this.path });
    if (event.type === 'lost') this.#events.push(event);
  }

  /** Nothing follows what is in the queue; with an error, next() throws it once after that. */
  end(error: unknown = null): void {
    if (this.#end !== null) return;
    this.#end = { error };
    if (error === null) this.#resolveReady();
    else this.#rejectReady(error);
    for (const taker of this.#takers.drain()) this.#finish(taker);
  }

  next(): Promise<IteratorResult<WatchEvent, undefined>> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve({ done: false, value: event });
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject };
      if (this.#end === null) this.#takers.push(taker);
      else this.#finish(taker);
    });
  }

  async return(): Promise<IteratorResult<WatchEvent, undefined>> {
    this.#events.drain();
    this.end();
    const action = this.#onReturn;
    this.#onReturn = null;
    await action?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #finish(taker: Taker): void {
    const error = this.#end?.error ?? null;
    this.#end = { error: null };
    if (error === null) taker.resolve({ done: true, value: undefined });
    else taker.reject(error);
  }
}
