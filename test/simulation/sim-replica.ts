/**
 * One machine of a simulated ensemble: its disk, its clock, its way to the bus, and the replica on
 * it, life after life. Everything that reaches the replica comes through the gate of its
 * present life; all else is what production runs.
 */

import type { BusLinks } from '../../actors/bus.ts';
import type { AcceptSocket } from '../../actors/client-socket.ts';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import type { Fields, Notes } from '../../actors/note.ts';
import { systemFacts } from '../../actors/process-facts.ts';
import { Replica } from '../../actors/replica.ts';
import { viewOf } from '../../actors/replica-view.ts';
import type { Settings } from '../../actors/settings.ts';
import { signLinks } from '../../actors/signed-bus.ts';
import { remedy, StorageError, WriteFailure } from '../../storage/storage-error.ts';
import type { Stores } from '../../storage/stores.ts';
import { Gate } from '../support/gate.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { SimDisk } from './disk.ts';
import type { DiskProfile } from './disk-faults.ts';
import { rememberedMacs } from './mac-memory.ts';
import type { Schedule } from './schedule.ts';
import type { SimBus, SimNet } from './sim-bus.ts';
import { type MachineTime, machineTime, SimClock } from './sim-clock.ts';
import { type Road, SimConnection, type WireTap } from './sim-socket.ts';
import type { Trace } from './trace.ts';

/** A process begins to run so long after it was started, ms. */
const bootMs = [5, 60] as const;
const supervisorMs = 200;
/** How the text of a WriteFailure begins. */
const writeFailed = 'cannot write ';

/** - `refused`: its disk cannot be used as it is, and it says so. */
export type Condition = 'down' | 'starting' | 'up' | 'paused' | 'refused';

export interface SimReplicaParts {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly net: SimNet;
  readonly trace: Trace;
  readonly disk: Partial<DiskProfile>;
  settings(sid: number): Settings;
  /** Something that never may happen. */
  violated(invariant: string, text: string): void;
  /** A disk was lost, or is an old one: what was promised on it counts no more. */
  forgotten(sid: number): void;
}

export class SimReplica {
  readonly sid: number;
  readonly disk: SimDisk;
  readonly time: MachineTime;
  replica: Replica | null = null;
  condition: Condition = 'down';
  /** Lives that ended by themselves, with the reason. */
  readonly aborts: string[] = [];
  rebuilds = 0;
  /** Somebody starts it again when it has ended by itself, and mends its disk when it refuses. */
  isSupervised = true;
  /** Its disk was tampered with, beyond what a crash does: it may refuse. */
  #isTampered = false;
  #refusals = 0;
  readonly #parts: SimReplicaParts;
  #gate = new Gate();
  #buses: SimBus[] = [];
  #accept: AcceptSocket | null = null;
  readonly #connections = new Set<SimConnection>();
  /** Clients come by other roads when this one is cut. */
  readonly road: Road = { isCut: false };
  /** It takes no new connections; those it has go on. */
  isShut = false;
  #clientPort = 30_000;

  constructor(sid: number, parts: SimReplicaParts) {
    this.sid = sid;
    this.#parts = parts;
    const { random, schedule } = parts;
    this.time = machineTime(random);
    const gated = {
      get nowMs() {
        return schedule.nowMs;
      },
      after: (ms: number, task: () => void) => {
        // What the disk has begun it finishes; the replica hears of it when it runs.
        const gate = this.#gate;
        return schedule.after(ms, () => gate.run(task));
      },
    };
    this.disk = new SimDisk(gated, random, parts.disk);
  }

  get isUp(): boolean {
    return this.condition === 'up';
  }

  /** Of the present life, also while it is paused. */
  get isAlive(): boolean {
    return this.replica !== null;
  }

  get buses(): readonly SimBus[] {
    return this.#buses;
  }

  /** How often it was started. */
  lives = 0;

  /** Begins a life: with what the disk holds. */
  start(): void {
    const { schedule, random } = this.#parts;
    if (this.condition !== 'down') return;
    this.condition = 'starting';
    this.lives++;
    const gate = new Gate((task) => schedule.after(0, task));
    this.#gate = gate;
    const [least, most] = bootMs;
    const begin = () => {
      if (!gate.isShut) void this.#boot(gate);
    };
    schedule.after(least + random.unit() * (most - least), begin);
  }

  async #boot(gate: Gate): Promise<void> {
    try {
      const stores = await this.disk.open();
      if (gate.isShut) return;
      this.replica = this.#makeReplica(stores, gate);
      await this.replica.start();
      if (this.condition === 'starting') this.condition = 'up';
      this.#refusals = 0;
    } catch (failure) {
      if (gate.isShut) return;
      this.#say('refuses', (failure as Error).message);
      this.#refused(failure as Error);
    }
  }

  #refused(failure: Error): void {
    const isWrite = failure instanceof WriteFailure;
    this.#end('process');
    if (!isWrite && !(failure instanceof StorageError)) {
      return this.#parts.violated('assertion', `replica ${this.sid}: ${failure.stack}`);
    }
    if (isWrite) return this.#restartSoon();
    const hasReason = this.#isTampered || this.disk.counts.openErrors > 0;
    if (!hasReason) {
      this.#parts.violated('L3', `replica ${this.sid} refuses after a mere crash: ${failure}`);
    }
    this.condition = 'refused';
    if (!this.isSupervised) return;
    this.#refusals++;
    this.#parts.schedule.after(supervisorMs, () => this.repair());
  }

  /** A process that ends by itself is started again, as by systemd. */
  #restartSoon(): void {
    if (!this.isSupervised) return;
    const { schedule, random } = this.#parts;
    schedule.after(supervisorMs * (0.5 + random.unit()), () => this.start());
  }

  /** What an operator does about one that refuses: tries again, then gives it an empty disk. */
  repair(): void {
    if (this.condition !== 'refused') return;
    this.condition = 'down';
    if (this.#refusals > 1) {
      this.#say('gets', 'an empty disk');
      this.forgets();
      this.disk.wipe();
    }
    this.start();
  }

  /** It is about to lose what its disk holds. */
  forgets(): void {
    this.#isTampered = true;
    this.#parts.forgotten(this.sid);
  }

  note(what: string): void {
    this.#say('has', what);
  }

  #makeReplica(stores: Stores, gate: Gate): Replica {
    const { schedule, random, net } = this.#parts;
    const settings = this.#parts.settings(this.sid);
    const clock = new SimClock(schedule, random, this.time, gate);
    const run = (task: () => void) => gate.run(task);
    const notes = this.#notes();
    this.#buses = [0, 1, 2].map(() => net.attach(this.sid, run));
    const [zab, election, bulk] = this.#buses as [SimBus, SimBus, SimBus];
    const bare = { zab, election, bulk };
    const links: BusLinks = signLinks(bare, settings, clock, notes, rememberedMacs);
    return new Replica({
      ...{ settings, clock, random, links, notes, stores },
      listen: async (accept) => {
        this.#accept = accept;
        return {
          address: { host: '10.0.0.1', port: this.sid },
          close: async () => {
            if (this.#accept === accept) this.#accept = null;
          },
        };
      },
      makeWords: (made) => new FourLetterWords(viewOf(made), systemFacts),
      aborted: (reason) => this.#aborted(reason),
      rebuild: () => {
        this.rebuilds++;
        this.#end('process');
        this.start();
      },
      refused: (reason) => this.#parts.violated('refused', `replica ${this.sid}: ${reason}`),
    });
  }

  /** Writes fail as the disk was told to; what else ends it is damage that was done to its disk. */
  #aborted(reason: string): void {
    const isExpected = reason.endsWith(remedy) ? this.#isTampered : reason.startsWith(writeFailed);
    if (!isExpected) this.#parts.violated('L3', `replica ${this.sid} ends: ${reason}`);
    this.aborts.push(reason);
    this.#end('process');
    this.#restartSoon();
  }

  #say(what: string, text: string): void {
    this.#parts.trace.say(this.sid, `${what} ${text}`);
  }

  #notes(): Notes {
    const say = (message: string, fields?: Fields) =>
      this.#say('says', fields === undefined ? message : `${message} ${JSON.stringify(fields)}`);
    return {
      debug: (message, fields) => {
        if (message !== 'transition' || fields?.['from'] === fields?.['to']) return;
        this.#say('turns', `${fields?.['machine']} ${fields?.['event']} to ${fields?.['to']}`);
      },
      info: say,
      warn: say,
      error: say,
    };
  }

  /**
   * Ends the present life at once: a kill -9, or the power fails. Of a disk that lies the power
   * would take what it has promised, and that is for `loses` alone.
   */
  kill(kind: 'process' | 'power'): void {
    if (this.condition === 'down') return;
    const real = this.disk.faults.isLying ? 'process' : kind;
    this.#say('is killed', real);
    this.#end(real);
  }

  /** Its power fails, and what its disk holds counts no more. */
  loses(): void {
    this.forgets();
    this.#say('is killed', 'power');
    this.#end('power');
  }

  #end(kind: 'process' | 'power'): void {
    this.condition = 'down';
    this.#gate.shut();
    this.replica = null;
    this.#accept = null;
    for (const bus of this.#buses) bus.sever();
    this.#buses = [];
    this.disk.crash(kind);
    // A machine without power does not close its connections.
    for (const connection of this.#connections) connection.abandon(kind === 'power');
    this.#connections.clear();
  }

  /** As SIGSTOP: nothing reaches it. */
  pause(): void {
    if (this.condition !== 'up') return;
    this.#say('is', 'paused');
    this.condition = 'paused';
    this.#gate.hold();
  }

  resume(): void {
    if (this.condition !== 'paused') return;
    this.#say('is', 'resumed');
    this.condition = 'up';
    this.#gate.release();
  }

  /** A client's connection to it; null when nobody listens. */
  connect(tap: WireTap | null): SimConnection | null {
    const accept = this.#accept;
    if (accept === null || this.isShut) return null;
    const { schedule, random } = this.#parts;
    const gate = this.#gate;
    const from = { address: '10.1.0.1', port: this.#clientPort++ };
    const connection = new SimConnection({ schedule, random, gate, tap, ...from }, this.road);
    this.#connections.add(connection);
    connection.onEnded = () => void this.#connections.delete(connection);
    gate.run(() => {
      if (connection.isServerOpen) accept(connection.socket);
    });
    return connection;
  }

  get connections(): Iterable<SimConnection> {
    return this.#connections;
  }

  /** Clients cannot reach it, or can again. */
  setRoad(isCut: boolean): void {
    this.road.isCut = isCut;
    if (isCut) return;
    for (const connection of this.#connections) connection.flush();
  }
}
