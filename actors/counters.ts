/**
 * What the replica counts for `srvr`, `mntr` and `cons`: requests, replies, latencies. Latencies
 * are in ms from the arrival of a request's bytes to the writing of its reply.
 */

import type { Durations } from './durations.ts';

export class LatencyCounter {
  /** For percentiles, while somebody wants to see them. */
  durations: Durations | null = null;
  count = 0;
  sumMs = 0;
  minMs = 0;
  maxMs = 0;

  note(ms: number): void {
    const whole = Math.max(0, Math.round(ms));
    if (this.count === 0 || whole < this.minMs) this.minMs = whole;
    if (whole > this.maxMs) this.maxMs = whole;
    this.count++;
    this.durations?.note(ms);
    this.sumMs += whole;
  }

  get averageMs(): number {
    return this.count === 0 ? 0 : this.sumMs / this.count;
  }

  reset(): void {
    this.count = 0;
    this.sumMs = 0;
    this.minMs = 0;
    this.maxMs = 0;
  }
}

export class Counters {
  /** Learners whose tree differed from ours at the same zxid. */
  digestMismatches = 0;
  txnsApplied = 0;
  packetsReceived = 0;
  packetsSent = 0;
  readonly latency = new LatencyCounter();
  /** Sizes of client replies in bytes; -1 before the first. */
  lastReplyBytes = -1;
  minReplyBytes = -1;
  maxReplyBytes = -1;
  /** Connections that ended because of what their client sent, or did not send. */
  refusedConnections = 0;
  authFailures = 0;
  slowFlushes = 0;
  readonly flush = new LatencyCounter();

  noteReply(bytes: number): void {
    this.packetsSent++;
    this.lastReplyBytes = bytes;
    if (this.minReplyBytes < 0 || bytes < this.minReplyBytes) this.minReplyBytes = bytes;
    if (bytes > this.maxReplyBytes) this.maxReplyBytes = bytes;
  }

  reset(): void {
    this.packetsReceived = 0;
    this.packetsSent = 0;
    this.latency.reset();
    this.lastReplyBytes = -1;
    this.minReplyBytes = -1;
    this.maxReplyBytes = -1;
  }
}
