/**
 * The leader's end of one link to a learner: hosts its machine and its channel, sends it the
 * history or the snapshot that it lacks, and numbers what is sent to it alone.
 */

import { channelMachine } from '../machines/channel.ts';
import { learnerHandlerMachine, type Position } from '../machines/learner-handler.ts';
import { firstZxidOf, lastZxidOf } from '../protocol/batch.ts';
import { JuteError, type JuteReader, type JuteWriter } from '../protocol/jute.ts';
import { type PacketHeader, PacketKind } from '../protocol/packet.ts';
import { readZxid, writeLeadership } from '../protocol/zab.ts';
import { StorageError } from '../storage/storage-error.ts';
import type { Bus } from './bus.ts';
import type { History } from './history.ts';
import { MachineHost } from './host.ts';
import type { Post } from './post.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import type { Tap } from './tap.ts';

export interface LearnerHandlerPorts {
  /** A frame of the learner, in order, for the leader to act on. */
  received(handler: LearnerHandler, kind: number, body: JuteReader): void;
  /** Its link is broken. */
  lost(handler: LearnerHandler, reason: string): void;
  /** Number of the last broadcast. */
  broadcastSeq(): number;
  openSnapshot(opened: (sender: SnapshotSender) => void): void;
  /** It still needs our log behind that zxid, perhaps over its next link. */
  needsLogAfter(handler: LearnerHandler, zxid: number): void;
}

/** Chunks on their way to one learner, and their size: far below what a broker holds back. */
const credits = 8;
const chunkBytes = 256 * 1024;

export class LearnerHandler {
  readonly sid: number;
  readonly link: number;
  readonly votes: boolean;
  readonly #post: Post;
  readonly #history: History;
  readonly #ports: LearnerHandlerPorts;
  readonly #channel: MachineHost<typeof channelMachine>;
  readonly #host: MachineHost<typeof learnerHandlerMachine>;
  readonly #epoch: () => number;
  /** Number of the last frame that was sent to it alone. */
  sent = 0;
  /** Number of its last heartbeat. */
  beats = 0;
  #kind = 0;
  #body: JuteReader | null = null;
  /** Everything up to here has been sent to it. */
  #cursor = 0;
  /** End of its own log when it promised our epoch. */
  #heldZxid = 0;
  #wantsSnapshot: boolean;
  #snapshot: SnapshotSender | null = null;

  constructor(
    header: Readonly<PacketHeader>,
    greeting: { readonly votes: boolean; readonly wantsSnapshot: boolean },
    parts: {
      readonly post: Post;
      readonly history: History;
      readonly epoch: () => number;
      readonly tap: Tap;
    },
    ports: LearnerHandlerPorts,
  ) {
    this.sid = header.sender;
    this.link = header.link;
    this.votes = greeting.votes;
    this.#wantsSnapshot = greeting.wantsSnapshot;
    this.#post = parts.post;
    this.#history = parts.history;
    this.#epoch = parts.epoch;
    this.#ports = ports;
    const { incarnation, link } = header;
    const shown = { tap: parts.tap, name: String(this.sid) };
    this.#channel = new MachineHost(
      channelMachine,
      {
        deliverFrame: () => this.#read(),
        dropFrame: () => this.#post.drop('duplicate or stale'),
        reportGap: ({ expected, seq }: { expected: number; seq: number }) =>
          ports.lost(this, `frames ${expected} to ${seq} of it are missing`),
      },
      // The greeting is the first frame.
      { input: { incarnation, link, epoch: 0, seq: header.seq }, ...shown },
    );
    this.#host = new MachineHost(
      learnerHandlerMachine,
      {
        openHistory: ({ zxid }: { zxid: number }) => {
          this.#cursor = zxid;
          ports.needsLogAfter(this, zxid);
        },
        sendHistory: () => this.#sendHistory(),
        askForCut: ({ zxid }: { zxid: number }) =>
          this.send(PacketKind.cut, (writer) => writer.long(zxid)),
        openSnapshot: () => this.#openSnapshot(),
        sendChunk: () => this.#sendChunk(),
        closeSnapshot: () => this.#snapshot?.close(),
        letIn: () =>
          this.send(PacketKind.admit, (writer) => writer.long(this.#history.committedZxid)),
      },
      { input: { sid: this.sid, credits }, ...shown },
    );
  }

  get stateName(): string {
    return this.#host.state;
  }

  /** Number of the last frame of it that was taken. */
  get taken(): number {
    return this.#channel.context.seq;
  }

  send(kind: PacketKind, write?: (writer: JuteWriter) => void): void {
    const post = this.#post;
    this.#sendOver(post.links.zab, post.subjects.peer(this.sid), kind, write);
  }

  #sendOver(
    bus: Bus,
    subject: string,
    kind: PacketKind,
    write?: (writer: JuteWriter) => void,
  ): void {
    this.sent++;
    const address = { kind, link: this.link, epoch: this.#epoch(), seq: this.sent };
    this.#post.send(bus, subject, address, write);
  }

  receive(header: Readonly<PacketHeader>, body: JuteReader): void {
    this.#kind = header.kind;
    this.#body = body;
    const { incarnation, link, seq } = header;
    if (header.epoch !== this.#epoch()) return this.#post.drop('of another epoch');
    // A learner's frames stand outside of epochs: its link is younger than any it has promised.
    this.#channel.send({ type: 'frame.received', incarnation, link, epoch: 0, seq });
  }

  /** What cannot be read in a stream is missing in it. */
  #read(): void {
    try {
      this.#deliver();
    } catch (failure) {
      if (!(failure instanceof JuteError)) throw failure;
      this.#ports.lost(this, `a frame of it cannot be read: ${failure.message}`);
    }
  }

  #deliver(): void {
    const body = this.#body!;
    switch (this.#kind) {
      case PacketKind.position:
        this.#host.send({ type: 'position.known', position: this.#position(readZxid(body)) });
        break;
      case PacketKind.credit:
        this.#host.send({ type: 'credit.received' });
        break;
      default:
        this.#ports.received(this, this.#kind, body);
    }
  }

  /** The learner has promised our epoch, and told where it stands. */
  synchronize(lastZxid: number): void {
    this.#heldZxid = lastZxid;
    this.#host.send({ type: 'position.known', position: this.#position(lastZxid) });
  }

  leadershipAcked(): void {
    this.#host.send({ type: 'leadership.acked' });
  }

  admit(): void {
    this.#host.send({ type: 'admission.granted' });
  }

  #position(zxid: number): Position {
    const commonZxid = this.#commonZxid(zxid);
    const { reachesBackTo } = this.#history;
    return {
      zxid,
      isHeld: commonZxid === zxid && zxid >= reachesBackTo,
      commonZxid,
      isReachable: commonZxid >= reachesBackTo,
      wantsSnapshot: this.#wantsSnapshot,
    };
  }

  /** The end of our last batch at or below `zxid`; -1 where a damaged record stands for it. */
  #commonZxid(zxid: number): number {
    try {
      return this.#history.batchEndAtOrBelow(zxid);
    } catch (failure) {
      if (!(failure instanceof StorageError)) throw failure;
      this.#history.damageMet(-1, failure);
      return -1;
    }
  }

  /** Batches behind the cursor: from the log where it has to be, and those not applied yet. */
  *#missing(): Iterable<Buffer> {
    let last = this.#cursor;
    if (last < this.#history.appliedZxid) {
      for (const frame of this.#history.log.read(last)) {
        yield frame;
        last = lastZxidOf(frame);
      }
    }
    for (const frame of this.#history.unapplied()) if (firstZxidOf(frame) > last) yield frame;
  }

  #sendHistory(): void {
    if (this.#cursor < this.#history.log.oldestZxid) {
      return this.#ports.lost(this, 'the log behind what it holds was purged meanwhile');
    }
    this.#unlessDamaged(() => this.#sendChunkOfHistory());
  }

  /**
   * A snapshot needs nothing of the log before it, and may well be whole where that is damaged: the
   * learner gets it over its next link, and we need not end, which might end the ensemble.
   */
  #unlessDamaged(read: () => void): void {
    try {
      read();
    } catch (failure) {
      if (!(failure instanceof StorageError)) throw failure;
      this.#history.damageMet(this.#cursor, failure);
      this.#ports.lost(this, 'the log behind what it holds is damaged');
    }
  }

  #sendChunkOfHistory(): void {
    let bytes = 0;
    for (const frame of this.#missing()) {
      bytes += frame.length;
      const endsChunk = bytes >= chunkBytes;
      this.send(PacketKind.history, (writer) =>
        writer.boolean(endsChunk).long(this.#history.committedZxid).raw(frame, 0, frame.length),
      );
      this.#cursor = lastZxidOf(frame);
      if (endsChunk) return this.#host.send({ type: 'chunk.sent' });
    }
    this.send(PacketKind.leadership, (writer) =>
      writeLeadership(writer, {
        lastZxid: this.#cursor,
        broadcastSeq: this.#ports.broadcastSeq(),
      }),
    );
    this.#host.send({ type: 'history.sent' });
  }

  #openSnapshot(): void {
    this.#ports.openSnapshot((sender) => {
      if (this.#host.state !== 'preparing') return sender.close();
      this.#snapshot = sender;
      this.#ports.needsLogAfter(this, sender.zxid);
      this.#sendSnapshot(PacketKind.snapshot, (writer) => sender.writeHead(writer));
      this.#host.send({ type: 'snapshot.opened' });
    });
  }

  #sendSnapshot(kind: PacketKind, write: (writer: JuteWriter) => void): void {
    const { links, subjects } = this.#post;
    this.#sendOver(links.bulk, subjects.bulk(this.sid), kind, write);
  }

  #sendChunk(): void {
    const sender = this.#snapshot!;
    try {
      const pages = sender.next(chunkBytes);
      if (pages === null) return this.#unlessDamaged(() => this.#endSnapshot());
      this.#sendSnapshot(PacketKind.pages, pages);
      this.#host.send({ type: 'chunk.sent' });
    } catch (failure) {
      if (!(failure instanceof StorageError)) throw failure;
      sender.fail(failure);
    }
  }

  #endSnapshot(): void {
    const frames = this.#acknowledged();
    this.#sendSnapshot(PacketKind.snapshotEnd, (writer) => {
      writer.int(frames.length);
      for (const frame of frames) writer.slice(frame, 0, frame.length);
    });
    this.#host.send({ type: 'snapshot.drained' });
  }

  /**
   * What it may have acknowledged must be in what it gets, so that it never holds less than before:
   * our batches behind the snapshot, as far as its own log went.
   */
  #acknowledged(): Buffer[] {
    const frames: Buffer[] = [];
    this.#cursor = this.#snapshot!.zxid;
    for (const frame of this.#missing()) {
      if (firstZxidOf(frame) > this.#heldZxid) break;
      frames.push(frame);
    }
    return frames;
  }

  close(): void {
    this.#channel.send({ type: 'channel.closed' });
    this.#host.send({ type: 'link.closed' });
    this.#snapshot?.close();
  }
}
