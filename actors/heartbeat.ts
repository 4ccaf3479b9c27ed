/**
 * What a replica tells at every tick: a status to all while it looks or leads, a beat to its leader
 * while it learns, with the sessions that its clients were heard of in.
 */

import { PacketKind } from '../protocol/packet.ts';
import { ReplicaState, type Status, writeStatus } from '../protocol/zab.ts';
import type { Clock } from './clock.ts';
import type { DigestRecord } from './digest-history.ts';
import type { Election } from './election.ts';
import type { Leader } from './leader.ts';
import type { Learner } from './learner.ts';
import type { Members } from './members.ts';
import type { Post } from './post.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';

export interface HeartbeatParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly post: Post;
  readonly sessions: Sessions;
  readonly members: Members;
}

/** Touched sessions are told to the leader so often in the shortest timeout. */
const touchesPerTimeout = 8;

export class Heartbeat {
  readonly #parts: HeartbeatParts;
  readonly #election: Election;
  /** Wall clock, ms: tells the earlier of two processes with one sid. */
  readonly startedMs: number;
  /** Number of the last status. */
  #seq = 0;
  #touchesToldMs = 0;
  #digestToldZxid = 0;

  constructor(parts: HeartbeatParts, election: Election) {
    this.#parts = parts;
    this.#election = election;
    this.startedMs = parts.clock.wallMs();
  }

  get pulse(): number {
    return this.#seq;
  }

  /** `twin`: another process with our sid that was heard, by its incarnation. */
  sendStatus(leader: Leader | null, learner: Learner | null, twin = 0): void {
    const { post, members } = this.#parts;
    const status: Status = {
      state: this.#state(leader, learner),
      isEstablished: leader?.isEstablished === true,
      round: this.#election.round,
      vote: this.#election.vote,
      configVersion: members.current.version,
      configSum: members.sum,
      config: leader === null && learner === null ? members.text : '',
      startedMs: this.startedMs,
      twin,
      pulse: this.#seq + 1,
      broadcastSeq: leader?.broadcastSeq ?? 0,
      learners: leader?.progress() ?? [],
    };
    const epoch = leader?.epoch ?? learner?.epoch ?? 0;
    const address = { kind: PacketKind.status, link: 0, epoch, seq: ++this.#seq };
    const { links, subjects } = post;
    post.send(links.election, subjects.election, address, (writer) => writeStatus(writer, status));
  }

  #state(leader: Leader | null, learner: Learner | null): ReplicaState {
    if (leader !== null) return ReplicaState.leading;
    if (learner === null) return ReplicaState.looking;
    const { members, settings } = this.#parts;
    return members.isVoter(settings.sid) ? ReplicaState.following : ReplicaState.observing;
  }

  /** Another leader: it knows of nothing that its predecessor was told. */
  restart(): void {
    this.#touchesToldMs = 0;
    this.#digestToldZxid = 0;
  }

  beat(learner: Learner, last: DigestRecord): void {
    const { clock, sessions, settings } = this.#parts;
    const nowMs = clock.monotonicMs();
    const everyMs = settings.minSessionTimeoutMs / touchesPerTimeout;
    // Before it serves, it may not know yet which sessions have gone on elsewhere.
    const isDue = learner.isServing && nowMs - this.#touchesToldMs >= everyMs;
    const touched = isDue ? sessions.heardSince(this.#touchesToldMs) : [];
    if (isDue) this.#touchesToldMs = nowMs;
    const isNew = last.zxid > this.#digestToldZxid && learner.isServing;
    if (isNew) this.#digestToldZxid = last.zxid;
    learner.beat(isNew ? last : { zxid: 0, digest: 0 }, touched);
  }
}
