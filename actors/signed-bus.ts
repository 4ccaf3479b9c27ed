/**
 * A bus whose frames nobody can make who does not know `busSecret`: each one travels between a mark
 * and a MAC over its subject and its bytes, so that it counts on that subject only. What comes
 * unsigned or wrongly signed is counted, noted once a minute, and goes no further.
 *
 * A frame that was heard can be sent again by whoever heard it. What is left to do about that is
 * for those who know what the frame says: incarnation, link, epoch and number of packet.ts.
 */

import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { signedMark } from '../protocol/packet.ts';
import type { Bus, BusLinks, FrameHandler, Subscription } from './bus.ts';
import type { Clock } from './clock.ts';
import type { Notes } from './note.ts';
import type { Settings } from './settings.ts';

const markBytes = 1;
/** SHA-256 cut in half: enough against whoever has to try each guess on a live replica. */
const macBytes = 16;
export const signatureBytes = markBytes + macBytes;
const noteEveryMs = 60_000;

/** Makes the MACs of one key. */
export type MacOf = (subject: string, frame: Uint8Array) => Uint8Array;

/** A subject has no line end in it, so that no two pairs of subject and frame are one text. */
export function macsOf(key: KeyObject): MacOf {
  return (subject, frame) => {
    const hash = createHmac('sha256', key).update(`${subject}\n`).update(frame);
    return hash.digest().subarray(0, macBytes);
  };
}

export type SignatureFault = 'unsigned' | 'wrongly signed';

/** The key of an ensemble's frames, and the count of those that were refused for want of it. */
export class FrameSeal {
  readonly #mac: MacOf;
  readonly #clock: Clock;
  readonly #notes: Notes;
  /** Frames that were not handed on. */
  readonly refused: Record<SignatureFault, number> = { unsigned: 0, 'wrongly signed': 0 };
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor(
    { busSecret, ensemble }: { readonly busSecret: string; readonly ensemble: string },
    clock: Clock,
    notes: Notes,
    makeMacs: (key: KeyObject) => MacOf = macsOf,
  ) {
    // Not the key of anything else that is derived from the secret, nor of another ensemble.
    const hash = createHmac('sha256', busSecret).update(`natskeeper bus frames ${ensemble}`);
    this.#mac = makeMacs(createSecretKey(hash.digest()));
    this.#clock = clock;
    this.#notes = notes;
  }

  /** The frame as it travels: in memory of its own, copied once. */
  sign(subject: string, frame: Uint8Array): Buffer {
    const signed = Buffer.allocUnsafe(signatureBytes + frame.length);
    signed[0] = signedMark;
    signed.set(frame, markBytes);
    signed.set(this.#mac(subject, frame), markBytes + frame.length);
    return signed;
  }

  /** The frame that was signed, in place; null for any other. */
  open(subject: string, signed: Uint8Array): Uint8Array | null {
    if (signed[0] !== signedMark) return this.#refuse('unsigned', subject);
    const end = signed.length - macBytes;
    if (end < markBytes) return this.#refuse('wrongly signed', subject);
    const frame = signed.subarray(markBytes, end);
    const isRight = timingSafeEqual(this.#mac(subject, frame), signed.subarray(end));
    return isRight ? frame : this.#refuse('wrongly signed', subject);
  }

  #refuse(fault: SignatureFault, subject: string): null {
    this.refused[fault]++;
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#notedMs < noteEveryMs) return null;
    this.#notedMs = nowMs;
    this.#notes.warn('frames on the bus that are not signed by our busSecret were dropped', {
      ...this.refused,
      subject,
    });
    return null;
  }
}

export class SignedBus implements Bus {
  onConnection: (isConnected: boolean) => void = () => {};
  readonly #inner: Bus;
  readonly #seal: FrameSeal;

  constructor(inner: Bus, seal: FrameSeal) {
    this.#inner = inner;
    this.#seal = seal;
    inner.onConnection = (isConnected) => this.onConnection(isConnected);
  }

  get isConnected(): boolean {
    return this.#inner.isConnected;
  }

  publish(subject: string, frame: Uint8Array): void {
    if (this.isConnected) this.#inner.publish(subject, this.#seal.sign(subject, frame));
  }

  probe(subject: string, frame: Uint8Array, absent: () => void): void {
    if (this.isConnected) this.#inner.probe(subject, this.#seal.sign(subject, frame), absent);
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    return this.#inner.subscribe(subject, (signed, heardOn) => {
      const frame = this.#seal.open(heardOn, signed);
      if (frame !== null) handler(frame, heardOn);
    });
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}

/** The same links with signed frames; as they are where there is no secret. */
export function signLinks(
  links: BusLinks,
  { busSecret, ensemble }: Pick<Settings, 'busSecret' | 'ensemble'>,
  clock: Clock,
  notes: Notes,
  makeMacs: (key: KeyObject) => MacOf = macsOf,
): BusLinks {
  if (busSecret === null) return links;
  const seal = new FrameSeal({ busSecret, ensemble }, clock, notes, makeMacs);
  // Several roles of one bus stay one bus: it has one listener for its connection.
  const signed = new Map<Bus, SignedBus>();
  for (const bus of Object.values<Bus>({ ...links })) {
    if (!signed.has(bus)) signed.set(bus, new SignedBus(bus, seal));
  }
  const { zab, election, bulk } = links;
  return {
    zab: signed.get(zab)!,
    election: signed.get(election)!,
    bulk: signed.get(bulk)!,
  };
}
