/**
 * Notices another process with our sid on the bus: of two the one that started later gives way,
 * once the other has shown that it lives by naming us. What was recorded of a former life of ours
 * and is said again ends nobody.
 */

import type { PacketHeader } from '../protocol/packet.ts';
import type { Status } from '../protocol/zab.ts';

export type TwinVerdict =
  | { readonly do: 'nothing' }
  /** Tell it that we have heard it. */
  | { readonly do: 'answer'; readonly twin: number }
  | { readonly do: 'giveWay'; readonly reason: string };

export interface Identity {
  readonly sid: number;
  readonly ensemble: string;
  readonly origin: number;
  /** Wall clock, ms. */
  readonly startedMs: number;
}

export class TwinWatch {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  heard({ incarnation }: Readonly<PacketHeader>, status: Status): TwinVerdict {
    const { sid, ensemble, origin, startedMs } = this.#identity;
    if (incarnation === origin) return { do: 'nothing' };
    const isLater =
      startedMs > status.startedMs || (startedMs === status.startedMs && origin > incarnation);
    if (!isLater || status.twin !== origin) return { do: 'answer', twin: incarnation };
    const since = new Intl.DateTimeFormat('sv', { dateStyle: 'short', timeStyle: 'medium' });
    return {
      do: 'giveWay',
      reason:
        `another process is replica ${sid} of ensemble '${ensemble}' (incarnation ` +
        `${(incarnation >>> 0).toString(16)}, since ${since.format(status.startedMs)}); ` +
        'valid: an own myid for each replica',
    };
  }
}
