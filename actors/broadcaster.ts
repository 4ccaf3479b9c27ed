/**
 * The leader's voice: each batch is one publish, whatever the number of learners, and carries the
 * commit so far; a commit goes alone only when no batch takes it along in the same turn, and only
 * if somebody does not know of it yet: voters that hold what was told early do.
 */

import { putLong } from '../protocol/jute.ts';
import { PacketKind, packetHeaderBytes } from '../protocol/packet.ts';
import type { Clock } from './clock.ts';
import type { History } from './history.ts';
import type { Post } from './post.ts';
import type { Batch } from './proposer.ts';

export class Broadcaster {
  readonly #post: Post;
  readonly #history: History;
  readonly #clock: Clock;
  readonly #epoch: number;
  /** Number of the last broadcast of this term. */
  seq = 0;
  /** Bytes of batches as published; -1 before the first. */
  readonly sizes = { last: -1, min: -1, max: -1 };
  /** What the last broadcast told to be committed, and to be so where it is held. */
  #toldZxid = 0;
  #toldEarlyZxid = 0;
  #earlyZxid = 0;
  /** All who serve have heard so far of what is committed where it is held. */
  #coveredZxid = 0;
  #isDeferred = false;
  #isOver = false;

  readonly #doAllVote: () => boolean;

  constructor(
    post: Post,
    history: History,
    clock: Clock,
    { epoch, doAllVote }: { readonly epoch: number; readonly doAllVote: () => boolean },
  ) {
    this.#doAllVote = doAllVote;
    this.#post = post;
    this.#history = history;
    this.#clock = clock;
    this.#epoch = epoch;
  }

  /** Sends the batch from where it was made: its packet has room for the header in front. */
  propose({ packet }: Batch): void {
    const { links, subjects } = this.#post;
    const address = { kind: PacketKind.propose, link: 0, epoch: this.#epoch, seq: this.#next() };
    this.#post.address(packet, address);
    putLong(packet, packetHeaderBytes, this.#toldZxid);
    putLong(packet, packetHeaderBytes + 8, this.#toldEarlyZxid);
    links.zab.publish(subjects.zab, packet);
    this.#noteSize(packet.length);
  }

  #noteSize(bytes: number): void {
    const { min, max } = this.sizes;
    this.sizes.last = bytes;
    this.sizes.min = min < 0 ? bytes : Math.min(min, bytes);
    this.sizes.max = Math.max(max, bytes);
  }

  /** The number of the next broadcast, which tells all that there is to tell. */
  #next(): number {
    this.#toldZxid = this.#history.committedZxid;
    this.#toldEarlyZxid = this.#earlyZxid;
    this.#coveredZxid = this.#earlyZxid;
    return ++this.seq;
  }

  /** Any voter that holds it may take it for committed. */
  commitEarly(zxid: number): void {
    this.#earlyZxid = zxid;
    this.commit();
  }

  /** Somebody serves from now on who has not heard, or not heeded, what was told so far. */
  admitted(): void {
    this.#coveredZxid = 0;
  }

  /** What is committed has changed. */
  commit(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#clock.defer(() => {
      this.#isDeferred = false;
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#isOver || !this.#hasNews) return;
    const { links, subjects } = this.#post;
    const address = { kind: PacketKind.commit, link: 0, epoch: this.#epoch, seq: this.#next() };
    this.#post.send(links.zab, subjects.zab, address, (writer) =>
      writer.long(this.#toldZxid).long(this.#toldEarlyZxid),
    );
  }

  get #hasNews(): boolean {
    const { committedZxid } = this.#history;
    if (this.#earlyZxid > Math.max(this.#toldEarlyZxid, committedZxid)) return true;
    const isKnown = committedZxid <= this.#coveredZxid && this.#doAllVote();
    return committedZxid > this.#toldZxid && !isKnown;
  }

  close(): void {
    this.#isOver = true;
  }
}
