/**
 * One request of the client from its call to its settlement: what to write, how to read the reply,
 * the promise to settle, the deadline. It is settled exactly once; what comes later is ignored, so
 * a request that timed out or was aborted keeps its place in the order of replies.
 */

import type { JuteReader } from '../protocol/jute.ts';
import type { Call } from './call.ts';
import { errorOf, ZooKeeperError } from './errors.ts';

export class Request {
  readonly call: Call<unknown>;
  xid = 0;
  /** Has it been handed to a connection? Then its outcome is unknown when the connection breaks. */
  sent = false;
  settled = false;
  deadlineMs = Number.POSITIVE_INFINITY;
  /**
   * The encoded request of one that has to wait, so that later changes of its data do not count.
   */
  body: Buffer | null = null;
  #resolve: (value: unknown) => void;
  #reject: (reason: unknown) => void;
  #release: (() => void) | null = null;

  constructor(
    call: Call<unknown>,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.call = call;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Ends the request when `signal` is aborted. */
  heed(signal: AbortSignal): void {
    const abort = () => this.reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    this.#release = () => signal.removeEventListener('abort', abort);
  }

  /**
   * Takes the reply. Throws JuteError when it cannot be decoded; the request is rejected then too.
   */
  reply(err: number, reader: JuteReader): void {
    if (this.settled) return;
    if (err !== 0) {
      const value = this.call.recover?.(err);
      if (value === undefined) this.fail(err);
      else this.accept(value);
      return;
    }
    let value: unknown;
    try {
      value = this.call.decode(reader);
    } catch (error) {
      this.reject(error);
      if (!(error instanceof ZooKeeperError)) throw error;
      return;
    }
    this.accept(value);
  }

  accept(value: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#resolve(value);
  }

  reject(reason: unknown): void {
    if (this.settled) return;
    this.#settle();
    this.#reject(reason);
  }

  /** Ends it with the error of `code`. */
  fail(code: number): void {
    if (!this.settled) this.reject(errorOf(code, this.call.path));
  }

  #settle(): void {
    this.settled = true;
    this.body = null;
    this.#release?.();
    this.#release = null;
    this.call.ended?.();
  }
}
