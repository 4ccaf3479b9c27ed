/**
 * What a workload is: client programs that run in a simulated ensemble through the real client
 * library, and the check of what those programs believe afterwards. What the wire says is checked
 * elsewhere; here counts only what a program was told and may rely on.
 */

import type { Client, ClientOptions } from '../../../client/client.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Schedule } from '../schedule.ts';

/** Time as a workload needs it; a Schedule, or something that stands in for one. */
export type WorkloadTime = Pick<Schedule, 'nowMs' | 'sleep' | 'after'>;

export interface WorkloadClientOptions extends ClientOptions {
  /** The replicas that it may use; default: all. */
  readonly sids?: readonly number[];
}

export interface WorkloadParts {
  readonly schedule: WorkloadTime;
  /** The workload's own stream of chance. */
  readonly random: SeededRandom;
  /**
   * A client of its own session, which starts connecting at once. Options take the place of those
   * that the simulation sets, `clock` too: a program may halt its client's.
   */
  open(options?: WorkloadClientOptions): Client;
  readonly voters: readonly number[];
  /** A replica that runs and is no member, in the form of reconfig: `server.4=...`. */
  readonly spare?: { readonly sid: number; readonly spec: string } | null;
  /** A reconfig leaves no fewer, so that a quorum bears as many faults as before; default: all. */
  readonly fewestVoters?: number;
  /** The superuser of this ensemble, where there is one: `super:password` of the scheme digest. */
  readonly superuser?: string | null;
  /** Are wall clocks at most two seconds apart, and set by nobody? */
  readonly areClocksTrue?: boolean;
}

/** An invariant that does not hold, and a sentence with what was seen. */
export interface Finding {
  readonly invariant: string;
  readonly text: string;
}

export interface Workload {
  readonly name: string;
  /** Runs until `stop`; what faults may bring (loss, expiry, time-outs) is expected. */
  start(): void;
  /** No new operations; resolves when each outstanding one is answered or given up. */
  stop(): Promise<void>;
  /** After all has healed: reads back through a fresh client; closes the workload's own. */
  check(client: Client): Promise<Finding[]>;
  /** Operations tried, acknowledged, refused, unknown; more by workload. */
  readonly counts: { [what: string]: number };
}

export type MakeWorkload = (parts: WorkloadParts) => Workload;
