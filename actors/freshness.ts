/**
 * Tells news from what was said before, of frames that stand outside of channels: the statuses of
 * each replica are numbered, and those of a process that another has replaced count no more. What
 * is recorded and sent again is dropped, as long as the replica itself can be heard.
 */

import type { PacketHeader } from '../protocol/packet.ts';

interface Life {
  readonly incarnation: number;
  readonly startedMs: number;
  seq: number;
  heardMs: number;
}

/** After so much silence a process may also be followed by one whose clock is behind. */
const silentMs = 2000;

export class Freshness {
  /** By sid: the process that was heard last. Bounded by the sids there are. */
  readonly #lives = new Map<number, Life>();

  isNews({ sender, incarnation, seq }: Readonly<PacketHeader>, startedMs: number, nowMs: number) {
    const life = this.#lives.get(sender);
    if (life?.incarnation === incarnation) {
      if (seq <= life.seq) return false;
      life.seq = seq;
      life.heardMs = nowMs;
      return true;
    }
    const isLater = life === undefined || startedMs >= life.startedMs;
    if (!isLater && nowMs - life.heardMs < silentMs) return false;
    this.#lives.set(sender, { incarnation, startedMs, seq, heardMs: nowMs });
    return true;
  }
}
