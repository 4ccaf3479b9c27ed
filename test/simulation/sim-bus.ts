/**
 * The bus between simulated replicas: at most once, in order from one attachment to another while
 * connected, each way with a delay of its own. What goes wrong on the way is in net-faults.ts.
 */

import type { Bus, FrameHandler, Subscription } from '../../actors/bus.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { type Way, Ways } from './net-faults.ts';
import type { Schedule } from './schedule.ts';
import type { Trace } from './trace.ts';

/** Delays of a frame from one replica to another, ms: usual, and now and then. */
const usualMs = [0.05, 0.25] as const;
const slowMs = [0.3, 4] as const;
const slowChance = 0.01;
/** Old frames that are kept, to be sent again. */
const memoriesMax = 64;

/** Somebody who stands by the wires of a net: what leaves goes when he says so. */
export interface NetGuard {
  /** False: it stays here, for good or until `pass` is called. */
  leaves(source: SimBus, target: SimBus, bytes: Uint8Array, pass: () => void): boolean;
  /** It is there, and about to be heard. */
  arrives(source: SimBus, target: SimBus, bytes: Uint8Array): void;
}

export interface NetCounts {
  delivered: number;
  bytes: number;
}

export class SimNet {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly ways: Ways;
  readonly counts: NetCounts = { delivered: 0, bytes: 0 };
  guard: NetGuard | null = null;
  readonly #trace: Trace;
  /** By subject: who hears it, as the brokers know. */
  readonly #interest = new Map<string, Set<SimBus>>();
  /** Frames of any time in this run, for replays. */
  readonly #memories: { readonly subject: string; readonly bytes: Uint8Array; from: SimBus }[] = [];
  #seen = 0;

  constructor(schedule: Schedule, random: SeededRandom, trace: Trace) {
    this.schedule = schedule;
    this.random = random;
    this.#trace = trace;
    this.ways = new Ways();
  }

  attach(sid: number, run: (task: () => void) => void): SimBus {
    return new SimBus(this, sid, run);
  }

  /** For SimBus. */
  subscribe(bus: SimBus, subject: string): void {
    const hearers = this.#interest.get(subject) ?? new Set();
    this.#interest.set(subject, hearers.add(bus));
  }

  /** For SimBus: it hears that subject no more. */
  withdraw(bus: SimBus, subject: string): void {
    this.#interest.get(subject)?.delete(bus);
  }

  /** For SimBus. */
  publish(source: SimBus, subject: string, frame: Uint8Array, absent: (() => void) | null): void {
    const bytes = Buffer.allocUnsafe(frame.length);
    bytes.set(frame);
    let isHeard = false;
    for (const target of this.#interest.get(subject) ?? []) {
      if (target === source || !target.isAttached) continue;
      const way = this.ways.of(source.sid, target.sid);
      if (way.isCut || way.isHidden) continue;
      isHeard = true;
      const pass = () => source.leaves(() => this.#send(source, target, way, subject, bytes));
      if (this.guard?.leaves(source, target, bytes, pass) ?? true) pass();
    }
    if (!isHeard && absent !== null) this.schedule.after(this.#delayMs(), absent);
  }

  #send(source: SimBus, target: SimBus, way: Way, subject: string, bytes: Uint8Array): void {
    const { random, schedule } = this;
    if (way.loss > 0 && random.chance(way.loss)) return void way.counts.lost++;
    let sent = bytes;
    if (way.damage > 0 && random.chance(way.damage)) sent = this.#damaged(bytes, way);
    this.#remember(source, subject, bytes);
    let delayMs = this.#delayMs() + way.extraMs * random.unit() * 2;
    if (way.reorder > 0 && random.chance(way.reorder)) {
      way.counts.reordered++;
      delayMs += random.unit() * 5;
      schedule.after(delayMs, () => this.#arrive(source, target, way, subject, sent));
      return;
    }
    // In order: none overtakes the one before it.
    const atMs = Math.max(schedule.nowMs + delayMs, target.arrivedMs(source));
    target.noteArrival(source, atMs);
    schedule.at(atMs, () => this.#arrive(source, target, way, subject, sent));
    if (way.repeat > 0 && random.chance(way.repeat)) {
      way.counts.repeated++;
      schedule.at(atMs + random.unit() * 50, () =>
        this.#arrive(source, target, way, subject, sent),
      );
    }
  }

  #delayMs(): number {
    const [least, most] = this.random.chance(slowChance) ? slowMs : usualMs;
    return least + this.random.unit() * (most - least);
  }

  #damaged(bytes: Uint8Array, way: Way): Uint8Array {
    way.counts.damaged++;
    const { random } = this;
    if (random.chance(0.3)) return bytes.subarray(0, random.below(bytes.length));
    const damaged = Buffer.from(bytes);
    const at = random.below(damaged.length);
    damaged[at] = damaged[at]! ^ (1 << random.below(8));
    return damaged;
  }

  #arrive(source: SimBus, target: SimBus, way: Way, subject: string, bytes: Uint8Array): void {
    // What was on its way over a connection that has broken since is lost with it.
    if (way.isCut || !target.isAttached) return void way.counts.lost++;
    this.counts.delivered++;
    this.counts.bytes += bytes.length;
    this.#trace.bytes(source.sid, target.sid, bytes);
    this.guard?.arrives(source, target, bytes);
    target.hear(subject, bytes);
  }

  #remember(from: SimBus, subject: string, bytes: Uint8Array): void {
    this.#seen++;
    if (this.#memories.length < memoriesMax) this.#memories.push({ subject, bytes, from });
    else if (this.random.chance(memoriesMax / this.#seen)) {
      this.#memories[this.random.below(memoriesMax)] = { subject, bytes, from };
    }
  }

  /** Sends some frame of the past again, to everybody who hears its subject (F8). */
  replay(): boolean {
    if (this.#memories.length === 0) return false;
    const { subject, bytes, from } = this.random.pick(this.#memories);
    for (const target of this.#interest.get(subject) ?? []) {
      const way = this.ways.of(from.sid, target.sid);
      if (target.isAttached) {
        this.schedule.after(this.#delayMs(), () => this.#arrive(from, target, way, subject, bytes));
      }
    }
    return true;
  }
}

/** One connection of a replica to the bus. */
export class SimBus implements Bus {
  readonly sid: number;
  onConnection: (isConnected: boolean) => void = () => {};
  readonly #net: SimNet;
  /** All that the replica is told goes through its gate. */
  readonly #run: (task: () => void) => void;
  readonly #handlers = new Map<string, Set<FrameHandler>>();
  /** When the last frame of each attachment arrives here. */
  readonly #arrivals = new Map<SimBus, number>();
  #isConnected = true;
  /** The replica may be slow to notice that it is connected no more. */
  #believesConnected = true;
  #isClosed = false;
  /** What it has published, still with the broker that it is about to leave. */
  #held: (() => void)[] | null = null;

  constructor(net: SimNet, sid: number, run: (task: () => void) => void) {
    this.#net = net;
    this.sid = sid;
    this.#run = run;
  }

  /** What is really so, for the net. */
  get isAttached(): boolean {
    return this.#isConnected;
  }

  get isConnected(): boolean {
    return this.#believesConnected;
  }

  publish(subject: string, frame: Uint8Array): void {
    if (this.#isConnected) this.#net.publish(this, subject, frame, null);
  }

  probe(subject: string, frame: Uint8Array, absent: () => void): void {
    if (!this.#isConnected) return;
    this.#net.publish(this, subject, frame, () => {
      if (this.#isConnected) this.#run(absent);
    });
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    if (this.#isClosed) return { cancel() {} };
    const handlers = this.#handlers.get(subject) ?? new Set();
    this.#handlers.set(subject, handlers.add(handler));
    this.#net.subscribe(this, subject);
    return {
      cancel: () => {
        handlers.delete(handler);
        if (handlers.size === 0) this.#net.withdraw(this, subject);
      },
    };
  }

  async close(): Promise<void> {
    this.sever();
  }

  /** The process is gone, and its connection with it. */
  sever(): void {
    this.#isClosed = true;
    this.#isConnected = false;
    this.#believesConnected = false;
    for (const subject of this.#handlers.keys()) this.#net.withdraw(this, subject);
  }

  /** The connection breaks, or comes back; the replica notices after `noticedMs`. */
  setConnected(isConnected: boolean, noticedMs: number): void {
    if (this.#isClosed || this.#isConnected === isConnected) return;
    this.#isConnected = isConnected;
    this.#held = null;
    this.#net.schedule.after(noticedMs, () =>
      this.#run(() => {
        if (this.#isClosed || this.#isConnected !== isConnected) return;
        if (this.#believesConnected === isConnected) return;
        this.#believesConnected = isConnected;
        this.onConnection(isConnected);
      }),
    );
  }

  /**
   * From now on its broker keeps what it publishes, until it has another connection; the function
   * returned lets that go, all at once, or loses it.
   */
  hold(): (isDropped: boolean) => void {
    const held: (() => void)[] = [];
    this.#held = held;
    return (isDropped) => {
      if (this.#held === held) this.#held = null;
      for (const pass of held.splice(0)) if (!isDropped) pass();
    };
  }

  /** For the net: a frame goes out, now or when its broker lets it. */
  leaves(pass: () => void): void {
    if (this.#held === null) pass();
    else this.#held.push(pass);
  }

  /** For the net. */
  arrivedMs(source: SimBus): number {
    return this.#arrivals.get(source) ?? 0;
  }

  /** For the net. */
  noteArrival(source: SimBus, atMs: number): void {
    this.#arrivals.set(source, atMs);
  }

  /** For the net. */
  hear(subject: string, bytes: Uint8Array): void {
    for (const handle of this.#handlers.get(subject) ?? []) this.#run(() => handle(bytes, subject));
  }
}
