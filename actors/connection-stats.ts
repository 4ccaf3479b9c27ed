/**
 * What one connection has seen, as `cons` prints it. Counts into the replica's counters as well.
 */

import { type Counters, LatencyCounter } from './counters.ts';

export class ConnectionStats {
  readonly #counters: Counters;
  /** Wall clock, ms. */
  readonly establishedMs: number;
  received = 0;
  sent = 0;
  /** Operation code of the last request; null before the first. */
  lastOp: number | null = null;
  lastXid = -1;
  lastZxid = 0;
  /** Monotonic ms. */
  lastReplyMs = 0;
  lastLatencyMs = 0;
  readonly latency = new LatencyCounter();

  constructor(counters: Counters, establishedMs: number) {
    this.#counters = counters;
    this.establishedMs = establishedMs;
  }

  noteFrame(): void {
    this.received++;
    this.#counters.packetsReceived++;
  }

  noteRequest(xid: number, op: number): void {
    // Negative ones (pings) are not the client's own count.
    if (xid >= 0) this.lastXid = xid;
    this.lastOp = op;
  }

  /** Something was queued to be sent: a reply or an event. */
  noteSent(bytes: number): void {
    this.sent++;
    this.#counters.noteReply(bytes);
  }

  noteReply(zxid: number, receivedMs: number, nowMs: number): void {
    this.lastZxid = zxid;
    this.lastReplyMs = nowMs;
    this.lastLatencyMs = nowMs - receivedMs;
    this.latency.note(this.lastLatencyMs);
    this.#counters.latency.note(this.lastLatencyMs);
  }

  reset(): void {
    this.received = 0;
    this.sent = 0;
    this.lastOp = null;
    this.lastXid = -1;
    this.lastZxid = -1;
    this.lastReplyMs = 0;
    this.lastLatencyMs = 0;
    this.latency.reset();
  }
}
