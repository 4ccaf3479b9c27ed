/**
 * A connection between a client and a replica in simulated time: bytes arrive after a while, in
 * order, in pieces; it may stall, break, or be half open. One object, with an end for each.
 */

import type { ClientSocket } from '../../actors/client-socket.ts';
import type { ByteStream } from '../../client/dial.ts';
import type { Gate } from '../support/gate.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { Schedule } from './schedule.ts';

/** Somebody who looks at the bytes from outside. */
export interface WireTap {
  /** When the client wrote them, and when they arrived at the client. */
  toServer(bytes: Buffer, nowMs: number): void;
  toClient(bytes: Buffer, nowMs: number): void;
  closed(nowMs: number): void;
}

/** Between the two; `isCut` holds back all bytes, as TCP does until it gives up. */
export interface Road {
  isCut: boolean;
}

const delaysMs = [0.02, 0.2] as const;
const splitChance = 0.02;
/** What the network takes of a client that does not read; more waits in the socket. */
const networkBytesMax = 256 * 1024;

type Listener = (...args: never[]) => void;

/** Bytes one way: delivered in order, held back while the road is cut. */
class Lane {
  readonly #schedule: Schedule;
  readonly #random: SeededRandom;
  readonly #road: Road;
  readonly #deliver: (bytes: Buffer | null) => void;
  readonly #held: (Buffer | null)[] = [];
  #arrivedMs = 0;
  queuedBytes = 0;
  /** It stays where it is, whatever the road does. */
  isHeld = false;

  constructor(
    schedule: Schedule,
    random: SeededRandom,
    road: Road,
    deliver: (bytes: Buffer | null) => void,
  ) {
    this.#schedule = schedule;
    this.#random = random;
    this.#road = road;
    this.#deliver = deliver;
  }

  /** null: the end. */
  send(bytes: Buffer | null): void {
    if (bytes !== null && bytes.length > 1 && this.#random.chance(splitChance)) {
      const cut = 1 + this.#random.below(bytes.length - 1);
      this.#sendOne(bytes.subarray(0, cut));
      this.#sendOne(bytes.subarray(cut));
    } else this.#sendOne(bytes);
  }

  #sendOne(bytes: Buffer | null): void {
    this.queuedBytes += bytes?.length ?? 0;
    const [least, most] = delaysMs;
    const atMs = this.#schedule.nowMs + least + this.#random.unit() * (most - least);
    this.#arrivedMs = Math.max(this.#arrivedMs, atMs);
    this.#schedule.at(this.#arrivedMs, () => {
      this.#held.push(bytes);
      this.flush();
    });
  }

  /** Delivers what has arrived, unless the road is cut. */
  flush(): void {
    while (!this.#road.isCut && !this.isHeld && this.#held.length > 0) {
      const bytes = this.#held.shift()!;
      this.queuedBytes -= bytes?.length ?? 0;
      this.#deliver(bytes);
    }
  }

  /** What is held never arrives. */
  drop(): void {
    for (const bytes of this.#held.splice(0)) this.queuedBytes -= bytes?.length ?? 0;
  }
}

export class SimConnection {
  readonly road: Road;
  readonly stream: ByteStream;
  readonly socket: ClientSocket;
  readonly #up: Lane;
  readonly #down: Lane;
  readonly #listeners = new Map<string, Listener[]>();
  readonly #gate: Gate;
  readonly #tap: WireTap | null;
  readonly #schedule: Schedule;
  #isPaused = false;
  readonly #unread: Buffer[] = [];
  isClientOpen = true;
  isServerOpen = true;
  /** Told once both ends are closed. */
  onEnded: () => void = () => {};

  constructor(
    parts: {
      readonly schedule: Schedule;
      readonly random: SeededRandom;
      readonly gate: Gate;
      readonly tap: WireTap | null;
      readonly address: string;
      readonly port: number;
    },
    road: Road,
  ) {
    const { schedule, random, gate, tap, address, port } = parts;
    this.#schedule = schedule;
    this.#gate = gate;
    this.#tap = tap;
    this.road = road;
    this.#up = new Lane(schedule, random, road, (bytes) => this.#atServer(bytes));
    this.#down = new Lane(schedule, random, road, (bytes) => this.#atClient(bytes));
    this.stream = this.#makeStream();
    this.socket = this.#makeSocket(address, port);
  }

  #makeStream(): ByteStream {
    const up = this.#up;
    return {
      on: (event: string, listener: Listener) => {
        this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      },
      write: (bytes) => {
        if (!this.isClientOpen) return true;
        const copy = Buffer.from(bytes);
        this.#tap?.toServer(copy, this.#schedule.nowMs);
        up.send(copy);
        return true;
      },
      // The bytes are copied at once: the writer may use its memory again.
      writableLength: 0,
      destroy: () => {
        if (!this.isClientOpen) return;
        this.#closeClient();
        up.send(null);
      },
    };
  }

  #makeSocket(remoteAddress: string, remotePort: number): ClientSocket {
    const down = this.#down;
    const isClosed = () => !this.isServerOpen;
    const close = () => {
      if (isClosed()) return;
      this.isServerOpen = false;
      down.send(null);
      this.#schedule.after(0, () => this.#gate.run(() => this.socket.onClose()));
      this.#checkEnded();
    };
    return {
      remoteAddress,
      remotePort,
      get queuedBytes() {
        return Math.max(0, down.queuedBytes - networkBytesMax);
      },
      onData: () => {},
      onDrain: () => {},
      onClose: () => {},
      write: (bytes) => {
        if (isClosed()) return true;
        down.send(Buffer.from(bytes));
        return down.queuedBytes <= networkBytesMax;
      },
      pause: () => {
        this.#isPaused = true;
      },
      resume: () => {
        this.#isPaused = false;
        this.#schedule.after(0, () => this.#gate.run(() => this.#read()));
      },
      end: close,
      destroy: close,
    };
  }

  #atServer(bytes: Buffer | null): void {
    if (!this.isServerOpen) return;
    if (bytes === null) {
      this.isServerOpen = false;
      this.#gate.run(() => this.socket.onClose());
      return this.#checkEnded();
    }
    this.#unread.push(bytes);
    this.#gate.run(() => this.#read());
  }

  #read(): void {
    while (!this.#isPaused && this.isServerOpen) {
      const bytes = this.#unread.shift();
      if (bytes === undefined) return;
      this.socket.onData(bytes);
    }
  }

  #atClient(bytes: Buffer | null): void {
    if (!this.isClientOpen) return;
    if (bytes === null) return this.#closeClient();
    const before = this.#down.queuedBytes + bytes.length;
    this.#tap?.toClient(bytes, this.#schedule.nowMs);
    for (const listener of this.#listeners.get('data') ?? []) listener(bytes as never);
    const isDrained = before > networkBytesMax && this.#down.queuedBytes <= networkBytesMax;
    if (isDrained && this.isServerOpen) {
      this.#gate.run(() => this.socket.onDrain());
    }
  }

  #closeClient(): void {
    if (!this.isClientOpen) return;
    this.isClientOpen = false;
    this.#tap?.closed(this.#schedule.nowMs);
    for (const listener of this.#listeners.get('close') ?? []) listener();
    this.#checkEnded();
  }

  #checkEnded(): void {
    if (!this.isClientOpen && !this.isServerOpen) this.onEnded();
  }

  /** The road is open again. */
  flush(): void {
    this.#up.flush();
    this.#down.flush();
  }

  /** From now on what the client writes stays in a buffer on its way. */
  hold(): void {
    this.#up.isHeld = true;
  }

  /** The client takes it for broken, and goes elsewhere; the replica hears nothing of that. */
  breakForClient(): void {
    this.#closeClient();
  }

  /** What was held arrives all at once, or never; then comes the end. */
  release(isDropped: boolean): void {
    if (isDropped) this.#up.drop();
    this.#up.isHeld = false;
    this.#up.flush();
    if (!this.isClientOpen) this.#up.send(null);
  }

  /** The replica's process is gone: its end is closed by the system, or nobody says so. */
  abandon(isSilent: boolean): void {
    if (!this.isServerOpen) return;
    this.isServerOpen = false;
    if (!isSilent) this.#down.send(null);
    this.#checkEnded();
  }

  /** Breaks it, for both. */
  reset(): void {
    if (this.isServerOpen) {
      this.isServerOpen = false;
      this.#gate.run(() => this.socket.onClose());
    }
    this.#closeClient();
  }
}
