/**
 * A learner's frames to its leader over one link, numbered, and its heartbeats, which have numbers
 * of their own as they travel by another way.
 */

import type { JuteWriter } from '../protocol/jute.ts';
import { PacketKind } from '../protocol/packet.ts';
import { type Beat, type Greeting, type Touch, writeBeat, writeGreeting } from '../protocol/zab.ts';
import type { Post } from './post.ts';

export class Upstream {
  readonly leader: number;
  readonly link: number;
  readonly #post: Post;
  /** The leader's; 0 until it has announced it. */
  epoch = 0;
  /** Number of the last frame. */
  sent = 0;
  #beats = 0;

  constructor(post: Post, leader: number, link: number) {
    this.#post = post;
    this.leader = leader;
    this.link = link;
  }

  send(kind: PacketKind, write?: (writer: JuteWriter) => void): void {
    this.sent++;
    this.#sendAs(this.sent, kind, write);
  }

  #sendAs(seq: number, kind: PacketKind, write?: (writer: JuteWriter) => void): void {
    const { links, subjects } = this.#post;
    const address = { kind, link: this.link, epoch: this.epoch, seq };
    this.#post.send(links.zab, subjects.peer(this.leader), address, write);
  }

  /** The first frame of the link; said again it is the same one. */
  greet(greeting: Greeting): void {
    this.sent = 1;
    this.#sendAs(1, PacketKind.greet, (writer) => writeGreeting(writer, greeting));
  }

  /** `absent` is called if the bus says that nobody hears the leader's subject. */
  beat(beat: Beat, touches: Iterable<Touch>, absent: () => void): void {
    const { links, subjects } = this.#post;
    this.#beats++;
    const address = { kind: PacketKind.beat, link: this.link, epoch: this.epoch, seq: this.#beats };
    const frame = this.#post.pack(address, (writer) => writeBeat(writer, beat, touches));
    links.election.probe(subjects.beat(this.leader), frame, absent);
  }
}
