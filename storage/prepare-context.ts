/**
 * What the steps of preparing one request share: the state and the overlay that they read, and the
 * request they work on. Reused from request to request; nothing in it outlives one.
 */

import { assert } from '../protocol/assert.ts';
import { JuteError, JuteReader } from '../protocol/jute.ts';
import type { Membership } from '../protocol/membership.ts';
import type { AccessControl } from './acl.ts';
import type { Caller } from './caller.ts';
import { Outstanding } from './outstanding.ts';
import type { ReplicatedState } from './replicated-state.ts';

/** Settings that decide about requests. */
export interface PrepareRules {
  readonly extendedTypesEnabled: boolean;
  readonly emulate353TtlNodes: boolean;
  readonly enforceQuota: boolean;
  readonly reconfigEnabled: boolean;
  readonly standaloneEnabled: boolean;
}

/** What prepare must know of the running ensemble to judge a reconfig. */
export interface ReconfigPort {
  /** The members that count now; null on a server that runs alone. */
  readonly current: Membership | null;
  /** Has a reconfig been proposed that is not committed? */
  readonly isPending: boolean;
  /** Are enough voters of `next` for its quorum in step with the leader, itself included? */
  isQuorumSynced(next: Membership): boolean;
  /** It is prepared: until it is committed, both the present and the next quorum must agree. */
  proposed(next: Membership): void;
}

/** Sessions that are in no table, for only the replica of their client knows them (spec 3.9). */
export interface LocalSessionsPort {
  /** Is there such a session, or may there be one elsewhere? */
  mayExist(session: string): boolean;
}

export const noLocalSessions: LocalSessionsPort = { mayExist: () => false };

export const runsAlone: ReconfigPort = {
  current: null,
  isPending: false,
  isQuorumSynced: () => false,
  proposed: () => {},
};

/** What the steps of one request share; reused from request to request. */
export class PrepareContext {
  readonly state: ReplicatedState;
  readonly outstanding: Outstanding;
  readonly access: AccessControl;
  readonly rules: PrepareRules;
  readonly reconfig: ReconfigPort;
  readonly localSessions: LocalSessionsPort;
  readonly reader = new JuteReader();
  session = '';
  sessionHigh = 0;
  sessionLow = 0;
  caller: Caller = { ids: [], isSuper: false };
  zxid = 0;
  /** The last reconfig that was prepared; 0 for none. */
  reconfigZxid = 0;
  /** Range of the last path taken by `path()`. */
  pathStart = 0;
  pathEnd = 0;

  constructor(
    state: ReplicatedState,
    access: AccessControl,
    rules: PrepareRules,
    reconfig: ReconfigPort,
    localSessions: LocalSessionsPort,
  ) {
    this.state = state;
    this.outstanding = new Outstanding(state.tree);
    this.access = access;
    this.rules = rules;
    this.reconfig = reconfig;
    this.localSessions = localSessions;
  }

  /** Reads a path; a null one cannot be decoded. */
  path(): string {
    if (this.reader.range() < 0) throw new JuteError('null path');
    this.pathStart = this.reader.start;
    this.pathEnd = this.reader.stop;
    assert(this.pathEnd <= this.reader.end, 'prepare: a path lies inside its request');
    return this.reader.buffer.toString('utf8', this.pathStart, this.pathEnd);
  }

  /** Is the session there? Its createSession or closeSession may be prepared (spec 3.3). */
  hasSession(): boolean {
    if (this.outstanding.closing.has(this.session)) return false;
    return this.hasGlobalSession() || this.localSessions.mayExist(this.session);
  }

  /** Do all replicas know it, at the latest when what is prepared is applied? */
  hasGlobalSession(): boolean {
    return this.state.sessions.has(this.session) || this.outstanding.opening.has(this.session);
  }
}
