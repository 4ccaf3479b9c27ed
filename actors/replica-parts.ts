/**
 * What a replica is handed and must not make itself: time, chance, bus, stores, sockets, log lines,
 * and whom it tells that it has ended.
 */

import type { ServerSpec } from '../protocol/server-spec.ts';
import type { Stores } from '../storage/stores.ts';
import type { BusLinks } from './bus.ts';
import type { AcceptSocket, Listener } from './client-socket.ts';
import type { Words } from './clients.ts';
import type { Clock } from './clock.ts';
import type { Notes } from './note.ts';
import type { Random } from './random.ts';
import type { Settings } from './settings.ts';

/** What a replica is handed. */
export interface ReplicaParts<Made> {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  /** Null for a standalone replica. */
  readonly links: BusLinks | null;
  readonly stores: Stores;
  readonly notes: Notes;
  /** Opens the port for clients. */
  listen(accept: AcceptSocket): Promise<Listener>;
  /** Answers four-letter words; made late, since they look at the replica. */
  makeWords(replica: Made): Words;
  /** The replica has ended by a failure of its own. */
  aborted(reason: string): void;
  /** A leader's snapshot was stored: the replica has stopped, and is to be made anew. */
  rebuild?(): void;
  /** The members of the ensemble are others now. */
  membershipChanged?(servers: readonly ServerSpec[]): void;
  /** It may not take part, and has stopped: somebody else has its sid. */
  refused?(reason: string): void;
}
