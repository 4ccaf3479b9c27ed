/** The figures of a replica, as the console shows them. */

import process from 'node:process';
import type { ReplicaStatus } from '../../protocol/inspection.ts';
import { formatServerLine } from '../../protocol/server-spec.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import { Durations } from '../durations.ts';
import type { Replica } from '../replica.ts';
import { viewOf } from '../replica-view.ts';
import { znodeCount } from '../words-stat.ts';
import { LoopDelay } from './loop-delay.ts';
import { zabPhase } from './zab-phase.ts';

type StretchDurations = Pick<ReplicaStatus, 'latencyMs' | 'syncMs' | 'loopDelayMs'>;

export class ReplicaFigures {
  readonly #replica: Replica;
  readonly #version: string;
  readonly #latency = new Durations();
  readonly #sync = new Durations();
  readonly #loopDelay = new LoopDelay();
  #durations: StretchDurations = { latencyMs: null, syncMs: null, loopDelayMs: null };

  constructor(replica: Replica, version: string) {
    this.#replica = replica;
    this.#version = version;
  }

  /** Durations are measured from now on. */
  start(): void {
    const { latency, flush } = this.#replica.counters;
    latency.durations = this.#latency;
    flush.durations = this.#sync;
    this.#loopDelay.start();
  }

  stop(): void {
    const { latency, flush } = this.#replica.counters;
    latency.durations = null;
    flush.durations = null;
    this.#loopDelay.stop();
  }

  /** Durations from here on are those of the next stretch. */
  turnOver(): void {
    this.#durations = {
      latencyMs: this.#latency.take(),
      syncMs: this.#sync.take(),
      loopDelayMs: this.#loopDelay.take(),
    };
  }

  /** As of now; durations are those of the last stretch. */
  now(): ReplicaStatus {
    const replica = this.#replica;
    const { settings, counters, state, members, history, ensemble, clock, inspector } = replica;
    const view = viewOf(replica);
    const sid = settings.sid || 1;
    const peerState = replica.stateName;
    const port = view.clientPort();
    const { tree } = state;
    const memory = process.memoryUsage();
    return {
      sid,
      clientAddress: port === -1 ? null : `${settings.clientPortAddress ?? '127.0.0.1'}:${port}`,
      mode: peerState.startsWith('member.looking') && !replica.isReadOnly ? 'looking' : view.mode(),
      peerState,
      phase: zabPhase({
        peer: peerState,
        leader: inspector.stateOf('leader'),
        learner: inspector.stateOf('learner'),
      }),
      leader: ensemble?.leaderSid ?? 0,
      epoch: inspector.place().epoch,
      loggedZxid: formatZxid(history.lastZxid),
      appliedZxid: formatZxid(state.lastZxid),
      isVoter: ensemble === null || members.isVoter(sid),
      members: members.current.servers.map(formatServerLine),
      connections: view.connections.size,
      sessions: state.sessions.size + view.sessions.local.size,
      watches: view.watches.index.watchCount,
      znodes: znodeCount(view),
      dataBytes: tree.dataBytes,
      ephemerals: tree.special.ephemeralCount,
      outstanding: view.outstanding(),
      received: counters.packetsReceived,
      sent: counters.packetsSent,
      committed: counters.txnsApplied,
      ...this.#durations,
      heapBytes: memory.heapUsed,
      residentBytes: memory.rss,
      uptimeMs: view.uptimeMs(),
      wallMs: clock.wallMs(),
      version: this.#version,
    };
  }
}
