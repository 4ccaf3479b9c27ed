/**
 * What the four-letter words and the answers to questions see of a replica: data to print, and the
 * few counters that a word may reset. Narrow on purpose, so that a test needs no whole replica.
 */

import { votersOf } from '../protocol/membership.ts';
import type { AccessControl } from '../storage/acl.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { WatchIndex } from '../storage/watch-index.ts';
import type { ClientSocket } from './client-socket.ts';
import type { Clock } from './clock.ts';
import { Connection } from './connection.ts';
import type { ConnectionStats } from './connection-stats.ts';
import type { Counters } from './counters.ts';
import type { DigestRecord } from './digest-history.ts';
import type { Expiring } from './expiry-queue.ts';
import type { Replica } from './replica.ts';
import type { ReplicaMode } from './replica-mode.ts';
import type { Settings } from './settings.ts';
import type { EnsembleView } from './words-ensemble.ts';

export interface ConnectionView {
  /** Under this number its watches are kept. */
  readonly watcher: number;
  readonly socket: Pick<ClientSocket, 'remoteAddress' | 'remotePort' | 'queuedBytes'>;
  readonly session: Expiring | null;
  readonly isOpen: boolean;
  readonly stateName: string;
  readonly queued: number;
  readonly stats: ConnectionStats;
}

export interface SessionView extends Expiring {
  readonly stateName: string;
  readonly isLocal: boolean;
  /** Requests that wait for their turn. */
  readonly queueLength: number;
}

export interface Deadlines {
  readonly size: number;
  buckets(): [number, Expiring[]][];
}

export interface ReplicaView {
  readonly settings: Settings;
  readonly clock: Pick<Clock, 'wallMs' | 'monotonicMs'>;
  readonly counters: Counters;
  readonly state: ReplicatedState;
  readonly connections: {
    readonly size: number;
    all(): Iterable<ConnectionView>;
    get(watcher: number): ConnectionView | undefined;
  };
  readonly sessions: {
    /** Sessions that ended by their timeout; `srst` resets it. */
    expiredCount: number;
    readonly expiry: Deadlines;
    readonly local: { readonly size: number; readonly expiry: Deadlines };
    /** All that this replica knows, of all replicas; in the order in which it learnt of them. */
    all(): Iterable<SessionView>;
    get(id: string): SessionView | undefined;
  };
  /** The session's connection to this replica. */
  connectionOf(session: string): ConnectionView | null;
  /** Decides by ACLs, as for requests. */
  readonly access: Pick<AccessControl, 'allows'>;
  readonly watches: { readonly index: WatchIndex };
  /** Folders that hold the tree and the log. */
  readonly treeDirectory: string;
  readonly logDirectory: string;
  isServing(): boolean;
  mode(): ReplicaMode;
  /** The port that clients connect to; -1 when there is none. */
  clientPort(): number;
  /** Requests that were read and not yet answered. */
  outstanding(): number;
  uptimeMs(): number;
  /** Null for a standalone replica. */
  ensemble(): EnsembleView | null;
  /** Digests of the tree in the past, oldest first. */
  digests(): readonly DigestRecord[];
}

/** Looks at the replica when asked and not before: it may still be under construction. */
export function viewOf(replica: Replica): ReplicaView {
  return {
    settings: replica.settings,
    clock: replica.clock,
    counters: replica.counters,
    state: replica.state,
    connections: replica.clients.connections,
    sessions: replica.sessions,
    connectionOf: (session) => {
      const port = replica.sessions.get(session)?.connection;
      return port instanceof Connection ? port : null;
    },
    access: replica.writePath.access,
    watches: replica.clients.watches,
    treeDirectory: replica.stores.treeDirectory,
    logDirectory: replica.stores.logDirectory,
    isServing: () => replica.isServing || replica.isReadOnly,
    mode: () => replica.mode,
    clientPort: () => replica.address?.port ?? replica.settings.clientPort ?? -1,
    outstanding: () => replica.clients.outstanding,
    uptimeMs: () => replica.clock.monotonicMs() - replica.startedMs,
    ensemble: () => ensembleViewOf(replica),
    digests: () => replica.writePath.digests.records(),
  };
}

function ensembleViewOf({ ensemble, members, stateName, counters }: Replica): EnsembleView | null {
  if (ensemble === null) return null;
  return {
    peerState: stateName,
    voters: votersOf(members.current).length,
    digestMismatches: counters.digestMismatches,
    leading: ensemble.leader?.view ?? null,
  };
}
