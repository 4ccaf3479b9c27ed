/**
 * Sends and opens frames between replicas: puts the header in front, checks it on arrival, and
 * counts what is not for us or cannot be read, so that it is said once a minute and never acted on.
 */

import { JuteError, JuteReader, JuteWriter } from '../protocol/jute.ts';
import {
  beginPacket,
  PacketHeader,
  type PacketKind,
  packetHeaderBytes,
  putHeader,
  readHeader,
} from '../protocol/packet.ts';
import type { Bus, BusLinks } from './bus.ts';
import { subjects } from './bus.ts';
import type { Clock } from './clock.ts';
import type { Notes } from './note.ts';
import { noTap, type Tap } from './tap.ts';

/** The part of a header that is the sender's choice. */
export interface Address {
  readonly kind: PacketKind;
  readonly link: number;
  readonly epoch: number;
  readonly seq: number;
}

export type PacketHandler = (header: Readonly<PacketHeader>, body: JuteReader) => void;

const noteEveryMs = 60_000;
/** The same memory. */
function asBuffer(bytes: Uint8Array): Buffer {
  if (Buffer.isBuffer(bytes)) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const empty = (): void => {};

export class Post {
  readonly sid: number;
  /** Names our process: sid and a random part. */
  readonly origin: number;
  readonly links: BusLinks;
  readonly subjects: ReturnType<typeof subjects>;
  readonly #clock: Clock;
  readonly #notes: Notes;
  readonly #tap: Tap;
  readonly #writer = new JuteWriter(1024);
  readonly #header = new PacketHeader();
  /** Frames that were not acted on, by reason. */
  readonly dropped = new Map<string, number>();
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor(
    identity: { readonly ensemble: string; readonly sid: number; readonly origin: number },
    links: BusLinks,
    clock: Clock,
    notes: Notes,
    tap: Tap = noTap,
  ) {
    this.sid = identity.sid;
    this.origin = identity.origin;
    this.links = links;
    this.subjects = subjects(identity.ensemble);
    this.#clock = clock;
    this.#notes = notes;
    this.#tap = tap;
  }

  /** A frame of its own memory, for `publish` or `probe`. */
  pack(address: Address, write: (writer: JuteWriter) => void = empty): Buffer {
    write(beginPacket(this.#writer));
    const frame = this.#writer.copy();
    this.address(frame, address);
    return frame;
  }

  /** Fills in the header of a frame that was made elsewhere, with room for it in front. */
  address(frame: Buffer, { kind, link, epoch, seq }: Address): void {
    const header = this.#header;
    header.kind = kind;
    header.sender = this.sid;
    header.incarnation = this.origin;
    header.link = link;
    header.epoch = epoch;
    header.seq = seq;
    putHeader(frame, header);
  }

  send(bus: Bus, subject: string, address: Address, write?: (writer: JuteWriter) => void): void {
    bus.publish(subject, this.pack(address, write));
  }

  /** Opens what comes on a subject; whatever cannot be read is counted and goes no further. */
  listen(bus: Bus, subject: string, handler: PacketHandler): { cancel(): void } {
    const header = new PacketHeader();
    return bus.subscribe(subject, (bytes) => {
      const frame = asBuffer(bytes);
      const fault = readHeader(frame, header);
      if (fault !== null) return this.drop(fault);
      if (this.#tap.messages) this.#tap.sink?.received(header, frame.length);
      try {
        handler(header, new JuteReader().reset(frame, packetHeaderBytes, frame.length));
      } catch (failure) {
        if (!(failure instanceof JuteError)) throw failure;
        this.drop('unreadable body');
      }
    });
  }

  /** Counts a frame that is not acted on. */
  drop(reason: string): void {
    this.dropped.set(reason, (this.dropped.get(reason) ?? 0) + 1);
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#notedMs < noteEveryMs) return;
    this.#notedMs = nowMs;
    this.#notes.warn('frames on the bus were dropped', Object.fromEntries(this.dropped));
  }
}
