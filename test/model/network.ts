/**
 * The bus between replicas: for each two of them one queue, first in first out, as a connection of
 * NATS gives. Frames that the glue of their receiver is certain to drop, now and whenever they
 * come, are taken away at once: they would only multiply states. No frame that a machine would have
 * to turn away is among them.
 */

import { type Frame, frames, isBroadcast, isOfLearner, renameFrame } from './frames.ts';
import { Interner, PairMemo } from './interner.ts';
import { bitsOf, type Renaming } from './names.ts';
import { namesOf, type Summary } from './summary.ts';

export class Network {
  readonly #queues = new Interner<readonly number[]>();
  readonly #appended = new PairMemo((queue, frame) =>
    this.#queues.id([...this.#queues.get(queue), frame]),
  );
  readonly #popped: number[] = [];
  readonly #nameBits: number[] = [];

  constructor() {
    this.#queues.id([]);
  }

  queue(id: number): readonly number[] {
    return this.#queues.get(id);
  }

  push(queue: number, frame: number): number {
    return this.#appended.get(queue, frame);
  }

  pop(queue: number): number {
    const known = this.#popped[queue];
    if (known !== undefined) return known;
    const rest = this.#queues.id(this.queue(queue).slice(1));
    this.#popped[queue] = rest;
    return rest;
  }

  head(queue: number): number {
    return this.queue(queue)[0]!;
  }

  rename(queue: number, sid: Renaming): number {
    return this.changed(queue, (frame) => renameFrame(frame, sid));
  }

  changed(queue: number, change: (frame: number) => number): number {
    return this.#queues.id(this.queue(queue).map(change));
  }

  nameBits(queue: number): number {
    let known = this.#nameBits[queue];
    if (known === undefined) {
      known = bitsOf(this.names(queue));
      this.#nameBits[queue] = known;
    }
    return known;
  }

  names(queue: number): number[] {
    return this.queue(queue).flatMap((frame) => namesOf(frames.get(frame)));
  }

  /** Without what can only be dropped. */
  cleared(receiver: Summary, queue: number): number {
    const isLive = !receiver.isUp
      ? () => false
      : receiver.leads
        ? liveForLeader(receiver)
        : liveForLearner(receiver);
    const left = this.queue(queue).filter((frame) => isLive(frames.get(frame)));
    return left.length === this.queue(queue).length ? queue : this.#queues.id(left);
  }
}

/** Leader.receive: a greeting over a new link, and what comes over the link of a handler. */
function liveForLeader({ greeted, ends }: Summary): (frame: Frame) => boolean {
  const coming = new Set<number>();
  return (frame) => {
    const { from, link } = frame;
    if (frame.kind === 'greet' && !greeted.includes(link)) coming.add(link);
    else if (frame.kind === 'greet') return false;
    return isOfLearner(frame) && (ends[from]?.link === link || coming.has(link));
  };
}

/** Learner.receive and BroadcastIntake.receive. */
function liveForLearner(receiver: Summary): (frame: Frame) => boolean {
  const { follows, link, hasDown, source } = receiver;
  let coming: Frame | null = null;
  return (frame) => {
    if (frame.from !== follows) return false;
    if (isBroadcast(frame)) {
      const opener = coming ?? source;
      return opener?.incarnation === frame.incarnation && opener.epoch === frame.epoch;
    }
    if (hasDown || coming !== null) return true;
    if (frame.kind !== 'announceEpoch' || frame.link !== link) return false;
    coming = frame;
    return true;
  };
}
