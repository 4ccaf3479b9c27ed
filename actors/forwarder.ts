/**
 * Gathers what our clients ask of the leader in one turn into one frame. Counts what is not applied
 * yet, so that sockets are read no faster than the ensemble agrees.
 */

import type { JuteWriter } from '../protocol/jute.ts';
import type { Clock } from './clock.ts';
import { writeRequest } from './forwarded.ts';
import type { PendingRequest } from './pending-request.ts';

/** Requests on their way: far below what a broker holds back for a slow leader. */
const outstandingBytesMax = 8 * 1024 * 1024;

export class Forwarder {
  readonly #clock: Clock;
  readonly #send: (write: (writer: JuteWriter) => void) => void;
  /** Filled in a turn, sent at its end. */
  #requests: PendingRequest[] = [];
  #isClosed = false;
  readonly #outstandingBytes: () => number;

  constructor(
    clock: Clock,
    outstandingBytes: () => number,
    send: (write: (writer: JuteWriter) => void) => void,
  ) {
    this.#clock = clock;
    this.#outstandingBytes = outstandingBytes;
    this.#send = send;
  }

  get isOverloaded(): boolean {
    return this.#outstandingBytes() > outstandingBytesMax;
  }

  submit(request: PendingRequest): void {
    this.#requests.push(request);
    if (this.#requests.length === 1) this.#clock.defer(() => this.#flush());
  }

  #flush(): void {
    const requests = this.#requests;
    this.#requests = [];
    if (this.#isClosed || requests.length === 0) return;
    this.#send((writer) => {
      for (const request of requests) writeRequest(writer, request);
    });
  }

  /** What was not sent stays in its session, and is asked of the next leader. */
  close(): void {
    this.#isClosed = true;
  }
}
