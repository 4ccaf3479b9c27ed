/**
 * One link to a leader, seen from the learner (follower or observer): hosts the learner's machine
 * and its two channels, takes over the leader's history, logs and acknowledges its broadcast, and
 * sends it what our clients ask for.
 */

import { crc32 } from 'node:zlib';
import { channelMachine } from '../machines/channel.ts';
import { learnerMachine } from '../machines/learner.ts';
import { batchFault } from '../protocol/batch.ts';
import { JuteError, JuteReader, type JuteWriter } from '../protocol/jute.ts';
import { type PacketHeader, PacketKind } from '../protocol/packet.ts';
import { type Beat, readLeadership, readZxid, type Status, type Touch } from '../protocol/zab.ts';
import { StorageError } from '../storage/storage-error.ts';
import { BroadcastIntake } from './broadcast-intake.ts';
import type { Forwarder } from './forwarder.ts';
import { follows, type History } from './history.ts';
import { HistoryIntake } from './history-intake.ts';
import { MachineHost } from './host.ts';
import { type Announced, LinkProgress } from './link-progress.ts';
import type { Patience } from './patience.ts';
import type { PendingRequest } from './pending-request.ts';
import type { Post } from './post.ts';
import type { SnapshotIntake } from './snapshot-intake.ts';
import type { Tap } from './tap.ts';
import { Upstream } from './upstream.ts';

export interface LearnerPorts {
  /** We hold what the leader holds: clients may be served. */
  established(): void;
  ended(reason: string, isLeaderGone: boolean): void;
  /** The leader found that our tree is not what it should be. */
  snapshotNeeded(): void;
  /** A whole snapshot is durable, and takes the place of all else when the stores are reopened. */
  snapshotReceived(): void;
}

export interface LearnerInput {
  readonly leader: number;
  readonly votes: boolean;
  readonly link: number;
  readonly wantsSnapshot: boolean;
  readonly tick: number;
  readonly deadlineTick: number;
}

const greetTicks = 1;
const stallTicks = 4;

export class Learner {
  readonly leader: number;
  readonly #input: LearnerInput;
  readonly #post: Post;
  readonly #up: Upstream;
  readonly #history: History;
  readonly #ports: LearnerPorts;
  readonly #tap: Tap;
  readonly #host: MachineHost<typeof learnerMachine>;
  readonly #forwarder: Forwarder;
  readonly #patience: Patience;
  readonly #intake: SnapshotIntake;
  /** The leader's frames to us alone; and its broadcasts. */
  #down: MachineHost<typeof channelMachine> | null = null;
  #broadcast: BroadcastIntake | null = null;
  readonly #historyIntake: HistoryIntake;
  #incarnation = 0;
  #kind = 0;
  #body = new JuteReader();
  #tick = 0;
  /** Of the last status of the leader over this link. */
  #pulse = 0;
  readonly #progress = new LinkProgress();
  isServing = false;

  constructor(
    input: LearnerInput,
    parts: {
      readonly post: Post;
      readonly history: History;
      readonly forwarder: (send: (write: (writer: JuteWriter) => void) => void) => Forwarder;
      readonly intake: SnapshotIntake;
      readonly patience: Patience;
      readonly tap: Tap;
    },
    ports: LearnerPorts,
  ) {
    const { leader, votes, tick, deadlineTick } = input;
    this.leader = leader;
    this.#input = input;
    this.#post = parts.post;
    this.#up = new Upstream(parts.post, leader, input.link);
    this.#history = parts.history;
    this.#ports = ports;
    this.#tap = parts.tap;
    this.#intake = parts.intake;
    this.#patience = parts.patience;
    this.#historyIntake = new HistoryIntake(parts.history, {
      credit: () => this.#up.send(PacketKind.credit),
      received: () => this.#host.send({ type: 'history.received' }),
      broken: (reason) => this.abandon(reason),
    });
    this.#forwarder = parts.forwarder((write) => this.#up.send(PacketKind.requests, write));
    const { acceptedEpoch } = this.#history.promises;
    this.#host = new MachineHost(
      learnerMachine,
      {
        greet: () => this.#greet(),
        repeatGreeting: () => this.#greet(),
        storePromise: ({ epoch }: { epoch: number }) => this.#storePromise(epoch),
        promiseEpoch: () => this.#promiseEpoch(),
        adoptHistory: () => this.#adopt(),
        ackLeadership: () => this.#up.send(PacketKind.ackLeadership),
        serve: () => this.#serve(),
        leave: ({ reason, isGone }: { reason: string; isGone: boolean }) =>
          this.#leave(reason, isGone),
      },
      {
        input: {
          ...{ leader, votes, acceptedEpoch, tick, deadlineTick, greetTicks, stallTicks },
          silentTicks: this.#patience.ticks,
        },
        tap: parts.tap,
      },
    );
  }

  get stateName(): string {
    return this.#host.state;
  }

  /** The leader's; 0 until it has announced it. */
  get epoch(): number {
    return this.#up.epoch;
  }

  get votes(): boolean {
    return this.#input.votes;
  }

  get isOverloaded(): boolean {
    return this.#forwarder.isOverloaded;
  }

  submit(request: PendingRequest): void {
    this.#forwarder.submit(request);
  }

  // To the leader.

  /** Said again and again, until something comes back. */
  #greet(): void {
    if (this.#down !== null) return;
    const { votes, wantsSnapshot } = this.#input;
    const { lastZxid, promises } = this.#history;
    this.#up.greet({ votes, ...promises, lastZxid, wantsSnapshot });
  }

  #storePromise(epoch: number): void {
    const { currentEpoch } = this.#history.promises;
    this.#history.storePromises({ acceptedEpoch: epoch, currentEpoch }, () =>
      this.#host.send({ type: 'promise.stored' }),
    );
  }

  #promiseEpoch(): void {
    const { lastZxid, promises } = this.#history;
    this.#up.send(PacketKind.promise, (writer) => writer.int(promises.currentEpoch).long(lastZxid));
  }

  /** What is durable here; observers have nobody who counts on it. */
  logged(zxid: number): void {
    const { state } = this.#host;
    if (!this.#input.votes || (state !== 'following' && state !== 'joining.acking')) return;
    this.#up.send(PacketKind.ack, (writer) => writer.long(zxid));
  }

  // From the leader, to us alone.

  receive(header: Readonly<PacketHeader>, body: JuteReader): void {
    if (header.sender !== this.leader) return this.#post.drop('not of our leader');
    this.#down ??= this.#openDown(header);
    this.#kind = header.kind;
    this.#body = body;
    const { incarnation, link, epoch, seq } = header;
    this.#down?.send({ type: 'frame.received', incarnation, link, epoch, seq });
  }

  /** The first frame of a link is its leader's epoch; anything else is of another one. */
  #openDown(header: Readonly<PacketHeader>): MachineHost<typeof channelMachine> | null {
    const { kind, link, incarnation, epoch } = header;
    if (kind === PacketKind.refuse && link === this.#input.link) {
      this.#host.send({ type: 'link.broken', reason: 'the leader refused us' });
      return null;
    }
    if (kind !== PacketKind.announceEpoch || link !== this.#input.link) {
      this.#post.drop('of another link');
      return null;
    }
    this.#incarnation = incarnation;
    this.#broadcast = new BroadcastIntake(
      { incarnation, epoch },
      {
        deliver: (broadcastKind, body) =>
          this.#reading(() => this.#deliverBroadcast(broadcastKind, body)),
        dropped: (reason) => this.#post.drop(reason),
        broken: (reason) => this.abandon(reason),
      },
      this.#tap,
    );
    return new MachineHost(
      channelMachine,
      {
        deliverFrame: () => this.#reading(() => this.#deliver(epoch)),
        dropFrame: () => this.#post.drop('duplicate or stale'),
        reportGap: ({ expected, seq }: { expected: number; seq: number }) =>
          this.abandon(`frames ${expected} to ${seq} of the leader are missing`),
      },
      { input: { incarnation, link, epoch, seq: 0 }, tap: this.#tap, name: 'down' },
    );
  }

  /** Ends the link, for a reason of ours or of the bus. */
  abandon(reason: string): void {
    this.#host.send({ type: 'link.broken', reason });
  }

  /** What cannot be read in a stream is missing in it. */
  #reading(deliver: () => void): void {
    try {
      deliver();
    } catch (failure) {
      // What our own log does not give back, a snapshot does.
      if (failure instanceof StorageError) return this.#abandonFor(failure.message, true);
      if (!(failure instanceof JuteError)) throw failure;
      this.abandon(`a frame of the leader cannot be read: ${failure.message}`);
    }
  }

  #deliver(epoch: number): void {
    const body = this.#body;
    switch (this.#kind) {
      case PacketKind.announceEpoch:
        this.#up.epoch = epoch;
        return this.#host.send({ type: 'epoch.announced', epoch });
      case PacketKind.cut:
        return this.#considerCut(readZxid(body));
      case PacketKind.history:
        return this.#historyIntake.take(body);
      case PacketKind.leadership:
        return this.#historyIntake.leadershipReceived(readLeadership(body));
      case PacketKind.admit:
        // Before that it would be no answer to ours.
        if (this.#host.state === 'joining.acking') this.#history.commit(readZxid(body));
        return this.#host.send({ type: 'admitted' });
      case PacketKind.snapshot:
      case PacketKind.pages:
      case PacketKind.snapshotEnd:
        return this.#takeSnapshot(this.#kind, body);
      case PacketKind.refuse:
        return this.#abandonFor(`the leader refuses us: ${body.string()}`, body.boolean());
      default:
        this.#post.drop('not for a learner');
    }
  }

  #abandonFor(reason: string, needsSnapshot: boolean): void {
    if (needsSnapshot) this.#ports.snapshotNeeded();
    this.abandon(reason);
  }

  #considerCut(zxid: number): void {
    const position = this.#historyIntake.considerCut(zxid);
    if (position === null) return this.abandon('it would cut what is known to be committed (Z10)');
    this.#up.send(PacketKind.position, (writer) => writer.long(position));
  }

  #adopt(): void {
    this.#historyIntake.adopt(this.epoch, ({ broadcastSeq }) => {
      this.#host.send({ type: 'history.adopted' });
      this.#broadcast!.start(broadcastSeq);
    });
  }

  #takeSnapshot(kind: number, body: JuteReader): void {
    this.#intake.take(kind, body, {
      credit: () => this.#up.send(PacketKind.credit),
      failed: (reason) => this.abandon(reason),
      received: () => this.#ports.snapshotReceived(),
    });
  }

  // From the leader, to all.

  receiveBroadcast(header: Readonly<PacketHeader>, body: JuteReader): void {
    if (header.sender === this.leader) this.#broadcast?.receive(header, body);
  }

  #deliverBroadcast(kind: number, body: JuteReader): void {
    const committed = readZxid(body);
    const early = readZxid(body);
    if (kind === PacketKind.propose) {
      const frame = body.buffer.subarray(body.position, body.end);
      if (batchFault(frame, crc32) !== null || !follows(frame, this.#history.lastZxid)) {
        return this.abandon('a proposal is damaged or does not follow');
      }
      this.#history.append(frame);
    }
    const told = this.votes ? Math.max(committed, early) : committed;
    if (told > this.#history.lastZxid) return this.abandon('it commits what we have not got');
    this.#commit(told);
  }

  /**
   * Before we are let in, what is committed is not ours to apply: admission tells it anew. Our
   * history applies what it holds, and nothing else: so what is told early is committed by then.
   */
  #commit(zxid: number): void {
    if (this.isServing) this.#history.commit(zxid);
  }

  #serve(): void {
    this.isServing = true;
    this.#ports.established();
  }

  // Liveness.

  /** The bus says that the leader's connection has ended: the next absent beat is the last. */
  suspect(): void {
    this.#host.send({ type: 'leader.absent' });
    this.#host.send({ type: 'leader.absent' });
  }

  /** The leader has stepped down: nobody needs to wait for its silence. */
  leaderLooks({ sender, incarnation }: Readonly<PacketHeader>): void {
    if (sender !== this.leader || incarnation !== this.#incarnation) return;
    this.abandon('the leader looks for a leader itself');
  }

  statusReceived(header: Readonly<PacketHeader>, status: Status): void {
    if (header.sender !== this.leader) return;
    if (this.#incarnation !== 0 && header.incarnation !== this.#incarnation) return;
    const own = status.learners.find(({ sid }) => sid === this.#post.sid);
    const isOurs = own?.link === this.#input.link;
    // Before that, it is no answer to us: it may be an old one.
    if (!isOurs && this.#host.state !== 'following') return;
    this.#host.send({ type: 'leader.heard' });
    this.#patience.heard(this.#tick);
    if (!isOurs || (this.epoch > 0 && header.epoch !== this.epoch)) {
      return this.abandon('the leader does not know this link any more');
    }
    const { broadcastSeq: broadcast, pulse } = status;
    this.#pulse = Math.max(this.#pulse, pulse);
    this.#checkProgress({ broadcast, down: own.sent, up: this.#up.sent }, own.taken);
  }

  #checkProgress(announced: Announced, taken: number): void {
    const overdue = this.#progress.note(this.#tick, announced);
    if (overdue === null) return;
    if (this.#down === null && overdue.down > 0) return this.abandon('its first word is missing');
    this.#broadcast?.peerSent(overdue.broadcast);
    this.#down?.send({ type: 'peer.sent', seq: overdue.down });
    if (taken < overdue.up) this.abandon('frames of ours did not reach the leader');
  }

  tick(tick: number): void {
    this.#tick = tick;
    const { ticks } = this.#patience;
    if (ticks !== this.#host.context.silentTicks) {
      this.#host.send({ type: 'patience.changed', silentTicks: ticks });
    }
    this.#host.send({ type: 'tick', tick });
  }

  /** Tells the leader that we live, what we have logged, and whose clients were heard. */
  beat(digest: { readonly zxid: number; readonly digest: number }, touches: Iterable<Touch>): void {
    const beat: Beat = {
      logged: this.#broadcast?.isStarted ? this.#history.loggedZxid : 0,
      pulse: this.#pulse,
      digestZxid: digest.zxid,
      digest: digest.digest,
    };
    this.#up.beat(beat, touches, () => this.#host.send({ type: 'leader.absent' }));
  }

  #leave(reason: string, isLeaderGone: boolean): void {
    this.close();
    this.#ports.ended(reason, isLeaderGone);
  }

  /** The bus is gone, or another role begins. */
  close(): void {
    this.isServing = false;
    this.#forwarder.close();
    this.#down?.send({ type: 'channel.closed' });
    this.#broadcast?.close();
    this.#historyIntake.close();
    this.#intake.abandon();
  }
}
