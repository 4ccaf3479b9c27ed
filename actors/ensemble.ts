/**
 * This replica as a member of an ensemble: what it hears on the bus goes to the role that it has at
 * the moment (it looks for a leader, leads, or learns), what its clients ask for goes to the
 * leader. Which role comes when is decided by the peer's machine.
 */

import { isQuorum } from '../machines/quorum.ts';
import { type JuteReader, JuteWriter } from '../protocol/jute.ts';
import type { Membership } from '../protocol/membership.ts';
import { Opcode } from '../protocol/opcode.ts';
import { type PacketHeader, PacketKind } from '../protocol/packet.ts';
import { ReplicaState, readStatus, type Status } from '../protocol/zab.ts';
import type { Timer } from './clock.ts';
import { listenForDepartures } from './departures.ts';
import { DigestCourt } from './digest-court.ts';
import { Election } from './election.ts';
import type { EnsembleParts, EnsemblePorts } from './ensemble-parts.ts';
import { Forwarder } from './forwarder.ts';
import { Freshness } from './freshness.ts';
import { Heartbeat } from './heartbeat.ts';
import { Leader } from './leader.ts';
import { Learner } from './learner.ts';
import { quorumOf } from './members.ts';
import { Patience } from './patience.ts';
import { PendingRequest } from './pending-request.ts';
import { type Question, Revalidations } from './revalidations.ts';
import { initLimitMs } from './settings.ts';
import { TwinWatch } from './twin-watch.ts';

/** Heartbeats, votes and deadlines: one tick, ms. */
const tickMs = 20;
/** Whom we left as silent is not followed for so long: an election comes to its end in less. */
const shunTicks = 10;
/** Without a leader for so long, clients are let go (or get old data, where that is allowed). */
const lonelyMs = 2000;

export class Ensemble {
  readonly #parts: EnsembleParts;
  readonly #ports: EnsemblePorts;
  readonly #election: Election;
  readonly #patience = new Patience();
  readonly #heartbeat: Heartbeat;
  readonly #twins: TwinWatch;
  readonly #court: DigestCourt;
  #leader: Leader | null = null;
  #learner: Learner | null = null;
  /** Known to be gone when the next election begins: whom we left because it is silent. */
  #lost: number[] = [];
  readonly #freshness = new Freshness();
  #shunned = { leader: 0, untilTick: 0 };
  #timer: Timer | null = null;
  #lookingSinceMs = 0;
  /** Our tree differs from that of others: only a leader's snapshot mends it. */
  #wantsSnapshot = false;
  readonly #revalidations = new Revalidations();

  constructor(parts: EnsembleParts, ports: EnsemblePorts) {
    this.#parts = parts;
    this.#ports = ports;
    this.#election = new Election(
      parts.settings.sid,
      { sendVote: () => this.#sendStatus(), elected: (leader) => this.#elected(leader) },
      parts.tap,
    );
    this.#heartbeat = new Heartbeat(parts, this.#election);
    const { sid, ensemble } = parts.settings;
    this.#court = new DigestCourt(sid);
    const { startedMs } = this.#heartbeat;
    this.#twins = new TwinWatch({ sid, ensemble, origin: parts.post.origin, startedMs });
  }

  get #sid(): number {
    return this.#parts.settings.sid;
  }

  get #tick(): number {
    return Math.floor(this.#parts.clock.monotonicMs() / tickMs);
  }

  get leader(): Leader | null {
    return this.#leader;
  }

  get isLeading(): boolean {
    return this.#leader?.isEstablished === true;
  }

  /** Whom we follow, or ourselves; 0 while there is nobody. */
  get leaderSid(): number {
    return this.#leader === null ? (this.#learner?.leader ?? 0) : this.#sid;
  }

  get isOverloaded(): boolean {
    return this.#leader?.isOverloaded ?? this.#learner?.isOverloaded ?? true;
  }

  /** Listens on the bus, and begins to tick. */
  open(): void {
    const { post, clock, settings } = this.#parts;
    const { links, subjects } = post;
    post.listen(links.election, subjects.election, (header, body) => this.#heard(header, body));
    post.listen(links.election, subjects.beat(this.#sid), (header, body) =>
      this.#beatHeard(header, body),
    );
    const peer = (header: Readonly<PacketHeader>, body: JuteReader) => this.#received(header, body);
    post.listen(links.zab, subjects.peer(this.#sid), peer);
    post.listen(links.bulk, subjects.bulk(this.#sid), peer);
    post.listen(links.zab, subjects.zab, (header, body) =>
      this.#learner?.receiveBroadcast(header, body),
    );
    listenForDepartures(links.system, settings.ensemble, (sid) => {
      if (sid === this.#learner?.leader) this.#learner.suspect();
    });
    links.zab.onConnection = (isConnected) => {
      if (!isConnected) this.#learner?.abandon('the bus is gone');
    };
    this.#timer = clock.every(tickMs, () => this.#ticked());
    this.#lookingSinceMs = clock.monotonicMs();
  }

  close(): void {
    this.#timer?.cancel();
    this.endRole();
  }

  // Roles, as the peer's machine asks for them.

  startElection(): void {
    const { history, members, clock } = this.#parts;
    members.findPending(history.unapplied());
    const { lastZxid, promises } = history;
    this.#lookingSinceMs = clock.monotonicMs();
    const lost = this.#lost;
    this.#lost = [];
    // Whose tree is wrong is no candidate: any other is better.
    const own = this.#wantsSnapshot
      ? { zxid: 0, epoch: -1 }
      : { zxid: lastZxid, epoch: promises.currentEpoch };
    this.#election.begin(members.quorum, own, lost, this.#tick);
  }

  #elected(leader: number): void {
    const { members, notes } = this.#parts;
    const isVoter = members.isVoter(this.#sid);
    const role = leader === this.#sid ? 'leading' : isVoter ? 'following' : 'observing';
    notes.info('elected', { leader, role });
    this.#ports.elected(role, leader);
  }

  get #initTicks(): number {
    return Math.ceil(initLimitMs(this.#parts.settings) / tickMs);
  }

  startTerm(): void {
    const { members, sessions, notes, history } = this.#parts;
    members.findPending(history.unapplied());
    const input = {
      quorum: members.quorum,
      tick: this.#tick,
      initTicks: this.#initTicks,
    };
    // Established within the constructor, where it is the only voter.
    let isEstablished = false;
    this.#leader = new Leader(input, this.#parts, {
      established: () => {
        isEstablished = true;
        if (this.#leader !== null) this.#established();
      },
      ended: (reason) => {
        notes.warn('leading no more', { reason });
        this.#ports.ended();
      },
      touched: ({ id, timeoutMs }) => {
        const known = sessions.get(id);
        if (known !== undefined) sessions.touch(known, timeoutMs);
      },
      asked: (session) => sessions.asked(session),
      isAlive: (session) => sessions.isAlive(session),
      pulse: () => this.#heartbeat.pulse,
      digestReported: (sid, zxid, digest) => this.#compareDigest(sid, zxid, digest),
      openSnapshot: (opened) => this.#ports.openSnapshot(opened),
      note: (message, fields) => notes.info(message, fields),
    });
    if (isEstablished) this.#established();
  }

  startLink(leader: number): void {
    this.#heartbeat.restart();
    const { members, sessions, notes, random, clock } = this.#parts;
    this.#patience.restart();
    const input = {
      leader,
      votes: members.isVoter(this.#sid),
      link: random.bytes(4).readInt32BE() | 1,
      wantsSnapshot: this.#wantsSnapshot,
      tick: this.#tick,
      deadlineTick: this.#tick + this.#initTicks,
    };
    const parts = {
      ...this.#parts,
      patience: this.#patience,
      forwarder: (send: ConstructorParameters<typeof Forwarder>[2]) =>
        new Forwarder(clock, () => sessions.unfinishedBytes, send),
    };
    this.#learner = new Learner(input, parts, {
      established: () => this.#established(),
      ended: (reason, isLeaderGone) => {
        notes.warn('the link to the leader is over', { leader, reason });
        this.#lost = isLeaderGone ? [leader] : [];
        if (isLeaderGone) this.#shunned = { leader, untilTick: this.#tick + shunTicks };
        this.#ports.ended();
      },
      snapshotNeeded: () => {
        this.#wantsSnapshot = true;
      },
      snapshotReceived: () => this.#ports.snapshotReceived(),
    });
  }

  #established(): void {
    const { notes, history } = this.#parts;
    notes.info('established', {
      leader: this.leaderSid,
      epoch: this.#leader?.epoch ?? this.#learner?.epoch ?? 0,
      lastZxid: history.lastZxid,
    });
    // Those that come with the clients who are let in now are asked as they come.
    const standing = [...this.#revalidations.standing()];
    this.#ports.established();
    for (const question of standing) this.#ask(question);
  }

  endRole(): void {
    this.#leader?.close('another role begins');
    this.#learner?.close();
    this.#leader = null;
    this.#learner = null;
  }

  // Members.

  /** Are enough of these voters in step with us? */
  isQuorumSynced(next: Membership): boolean {
    const synced = this.#leader?.syncedSids ?? [];
    return isQuorum([quorumOf(next)], (sid) => sid === this.#sid || synced.includes(sid));
  }

  reconfigProposed(next: Membership): void {
    this.#parts.members.pending = next;
    this.#leader?.changeQuorum(this.#parts.members.quorum);
  }

  /** A reconfig is committed. Whoever has another part to play now takes it up by a new link. */
  membershipChanged(): void {
    const { members, clock } = this.#parts;
    this.#leader?.changeQuorum(members.quorum);
    const isVoter = members.isVoter(this.#sid);
    if (this.#leader !== null && !isVoter) {
      // The others hear of the commit first.
      const leader = this.#leader;
      clock.after(tickMs, () => leader.resign('it is no voter any more'));
    } else if (this.#learner !== null && this.#learner.votes !== isVoter) {
      const learner = this.#learner;
      clock.defer(() => learner.abandon('its part in the ensemble has changed'));
    }
  }

  // Requests.

  submit(request: PendingRequest): void {
    if (this.#leader !== null) {
      if (this.#leader.isEstablished) this.#leader.submitFrom(this.#sid, request);
    } else if (this.#learner?.isServing) this.#learner.submit(request);
  }

  /** Has it agreed upon that a session goes on here; without a leader the question stands. */
  revalidate(question: Question): void {
    this.#revalidations.add(question);
    this.#ask(question);
  }

  #ask({ session, timeoutMs }: Question): void {
    const { clock, post } = this.#parts;
    const body = new JuteWriter(8).int(timeoutMs).int(post.origin).copy();
    const nowMs = clock.monotonicMs();
    this.submit(PendingRequest.internal(session, Opcode.moveSession, body, nowMs));
  }

  sessionMoved(id: string, isValid: boolean, holder: number): void {
    if (holder === this.#parts.post.origin) this.#revalidations.answer(id, isValid);
  }

  /** A batch is durable here. */
  logged(zxid: number): void {
    this.#leader?.logged(zxid);
    this.#learner?.logged(zxid);
  }

  // What is heard.

  #received(header: Readonly<PacketHeader>, body: JuteReader): void {
    if (this.#learner !== null && header.sender === this.#learner.leader) {
      this.#learner.receive(header, body);
    } else if (this.#leader !== null) this.#leader.receive(header, body);
    else this.#parts.post.drop('not for a replica that looks');
  }

  #beatHeard(header: Readonly<PacketHeader>, body: JuteReader): void {
    if (header.kind === PacketKind.status) this.#heard(header, body);
    else this.#leader?.beatReceived(header, body);
  }

  #heard(header: Readonly<PacketHeader>, body: JuteReader): void {
    const { sender } = header;
    const status = readStatus(body);
    if (sender === this.#sid) return this.#twinHeard(header, status);
    const { post, clock, members } = this.#parts;
    if (!this.#freshness.isNews(header, status.startedMs, clock.monotonicMs())) {
      return post.drop('said before');
    }
    if (members.newlyDisagrees(sender, status.configVersion, status.configSum)) {
      const fields = { sid: sender, ours: members.text };
      this.#parts.notes.warn('a replica goes by another list of servers', fields);
    }
    if (status.state === ReplicaState.looking) {
      const isLater =
        this.#election.isLooking && members.learn(status.configVersion, status.config);
      if (isLater) this.startElection();
      this.#election.voteReceived(sender, status.round, status.vote);
      // It steps down; what it said before it was elected may still be on its way.
      if (status.round > this.#election.round) this.#learner?.leaderLooks(header);
    } else if (status.state === ReplicaState.leading) {
      if (status.isEstablished) {
        if (this.#mayFollow(header, status.configVersion)) this.#election.leaderHeard(sender);
        this.#leader?.rivalHeard(sender, header.epoch);
      } else {
        // It was elected by others, in whatever round, and is a candidate of ours as well.
        const round = Math.max(status.round, this.#election.round);
        this.#election.voteReceived(sender, round, status.vote);
      }
      this.#learner?.statusReceived(header, status);
    }
  }

  /** Not whom we just left as silent, nor who led before what we hold: old words of it may come. */
  #mayFollow({ sender, epoch }: Readonly<PacketHeader>, configVersion: number): boolean {
    const { leader, untilTick } = this.#shunned;
    if (sender === leader && this.#tick < untilTick) return false;
    const { history, members } = this.#parts;
    if (epoch < history.promises.currentEpoch) return false;
    return members.isVoter(sender) || configVersion > members.current.version;
  }

  #twinHeard(header: Readonly<PacketHeader>, status: Status): void {
    const verdict = this.#twins.heard(header, status);
    if (verdict.do === 'answer') this.#sendStatus(verdict.twin);
    else if (verdict.do === 'giveWay') this.#ports.twinFound(verdict.reason);
    else this.#parts.post.drop('said before');
  }

  /** A learner's tree after a txn; what differs is an alarm, and whoever is wrong starts anew. */
  #compareDigest(sid: number, zxid: number, digest: number): void {
    const own = this.#ports.digestAt(zxid);
    if (own === null) return;
    const { notes, members } = this.#parts;
    if (own !== digest) {
      this.#ports.digestDiffers();
      notes.error('the tree of a replica differs from ours', { sid, zxid, digest, own });
    }
    const { wrong, isOurs } = this.#court.hear(members.quorum, zxid, own, { sid, digest });
    for (const each of wrong) this.#leader?.refuse(each, 'its tree differs from that of a quorum');
    if (!isOurs) return;
    this.#wantsSnapshot = true;
    this.#leader?.resign('our tree differs from that of a quorum');
  }

  // What is told, tick by tick.

  #ticked(): void {
    // The clock is read anew: time must not go back for a role that begins in this very tick.
    this.#election.tick(this.#tick);
    this.#leader?.tick(this.#tick);
    this.#learner?.tick(this.#tick);
    if (this.#leader !== null) this.#sendStatus();
    else if (this.#learner !== null) {
      this.#heartbeat.beat(this.#learner, this.#ports.lastDigest());
    } else this.#checkPatience();
  }

  #checkPatience(): void {
    const { clock, settings } = this.#parts;
    const aloneMs = clock.monotonicMs() - this.#lookingSinceMs;
    if (aloneMs > Math.max(lonelyMs, settings.tickTimeMs)) this.#ports.patienceExhausted();
  }

  #sendStatus(twin = 0): void {
    this.#heartbeat.sendStatus(this.#leader, this.#learner, twin);
  }
}
