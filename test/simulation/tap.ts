/**
 * Reads along between all clients and all replicas of one run. Simulated sockets tell it what they
 * carry; what it wrote down is looked through by test/simulation/checks.
 *
 * It keeps copies only, so a chunk may be used again once a call has returned. Bytes that were
 * written and lost on the way are told once (toServer), bytes that never arrive are not (toClient).
 */

import { type ConnectionTap, TappedConnection } from './tap-connection.ts';
import type { Journal } from './tap-journal.ts';

export class Tap {
  readonly journal: Journal = { connections: [], operations: [], events: [], faults: [] };
  #order = 0;

  /**
   * A client opens a connection. `name`: the client's, the same over all its connections; a client
   * that begins anew, knowing nothing, has another.
   */
  connection(name: string, sid: number, life = 1): ConnectionTap {
    return new TappedConnection(this.journal, { next: () => this.#order++ }, { name, sid, life });
  }
}
