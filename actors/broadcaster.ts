/**
 * The leader's voice: each batch is one publish, whatever the number of learners, and carries the
 * commit so far; a commit goes alone only when no batch takes it along in the same turn.
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
  /** What the last broadcast told to be committed. */
  #toldZxid = 0;
  #isDeferred = false;
  #isOver = false;

  constructor(post: Post, history: History, clock: Clock, epoch: number) {
    this.#post = post;
    this.#history = history;
    this.#clock = clock;
    this.#epoch = epoch;
  }

  /** Sends the batch from where it was made: its packet has room for the header in front. */
  propose({ packet }: Batch): void {
    const { links, subjects } = this.#post;
    this.#toldZxid = this.#history.committedZxid;
    this.seq++;
    const address = { kind: PacketKind.propose, link: 0, epoch: this.#epoch, seq: this.seq };
    this.#post.address(packet, address);
    putLong(packet, packetHeaderBytes, this.#toldZxid);
    links.zab.publish(subjects.zab, packet);
    this.#noteSize(packet.length);
  }

  #noteSize(bytes: number): void {
    const { min, max } = this.sizes;
    this.sizes.last = bytes;
    this.sizes.min = min < 0 ? bytes : Math.min(min, bytes);
    this.sizes.max = Math.max(max, bytes);
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
    const { committedZxid } = this.#history;
    if (this.#isOver || this.#toldZxid >= committedZxid) return;
    const { links, subjects } = this.#post;
    this.#toldZxid = committedZxid;
    this.seq++;
    const address = { kind: PacketKind.commit, link: 0, epoch: this.#epoch, seq: this.seq };
    this.#post.send(links.zab, subjects.zab, address, (writer) => writer.long(committedZxid));
  }

  close(): void {
    this.#isOver = true;
  }
}
