/**
 * The failure playground of the demo: does to its processes what a button asks for, one action at a
 * time for each of them, and tells how all stands. What was done and what was seen is kept as a
 * list of events; what it cost the writers is measured (demo-meter.ts).
 */

import { type DemoControl, UnknownAction } from '../console/server/demo-control.ts';
import type { DemoEvent, DemoStatus } from '../protocol/demo.ts';
import type { DemoEnsemble } from './demo-ensemble.ts';
import { DemoLoad, loadSettingsOf } from './demo-load.ts';
import { DemoMeter } from './demo-meter.ts';
import type { DemoReplica } from './demo-replica.ts';
import { describeExit, type Exit } from './guarded-process.ts';
import { SeenModes } from './seen-modes.ts';

const eventsMax = 200;
const stopMsMax = 15_000;

type Deed = (body: object) => Promise<void> | void;

export class DemoPlayground implements DemoControl {
  /** When somebody last looked or did something, by `now`. */
  lastAskedMs = Number.NEGATIVE_INFINITY;
  readonly #ensemble: DemoEnsemble;
  readonly #now: () => number;
  readonly #meter: DemoMeter;
  readonly #load: DemoLoad;
  readonly #events: DemoEvent[] = [];
  readonly #modes = new SeenModes();
  /** Who has an action under way: `replica 2`, `the bus`, `the load`. */
  readonly #busy = new Set<string>();
  /** Replicas whose end was asked for. */
  readonly #wanted = new Set<number>();
  #wasOut = false;

  constructor(ensemble: DemoEnsemble, now: () => number) {
    this.#ensemble = ensemble;
    this.#now = now;
    this.#meter = new DemoMeter(now);
    this.#load = new DemoLoad(ensemble.servers, this.#meter);
  }

  status(): DemoStatus {
    this.lastAskedMs = this.#now();
    const { replicas, bus } = this.#ensemble;
    return {
      nowMs: this.#now(),
      replicas: replicas.map(({ sid, port, pid, state, mode }) => {
        return { sid, port, pid, state, mode, isCut: this.#ensemble.relay(sid).isCut };
      }),
      bus: { state: bus.state },
      load: { isRunning: this.#load.isRunning, ...this.#load.settings },
      events: [...this.#events],
      outage: this.#meter.outage,
      outages: this.#meter.outages,
      series: this.#meter.series,
    };
  }

  async act(action: string, body: object): Promise<DemoStatus> {
    this.lastAskedMs = this.#now();
    const deed = Object.hasOwn(this.#deeds, action) ? this.#deeds[action] : undefined;
    if (deed === undefined) throw new UnknownAction(action);
    await deed(body);
    return this.status();
  }

  /** A replica's process has ended, by us or by others. */
  died({ sid }: DemoReplica, exit: Exit): void {
    this.#modes.forget(sid);
    if (this.#wanted.delete(sid)) return;
    this.#broke(`ended (${describeExit(exit)})`, sid);
  }

  /** The replicas were just asked what they are: keeps what is new. */
  look(): void {
    for (const { sid, mode } of this.#ensemble.replicas) {
      if (!this.#modes.isNew(sid, mode)) continue;
      this.#saw(mode === 'leader' ? 'leads' : mode === 'follower' ? 'follows' : `is ${mode}`, sid);
    }
    const { isOngoing, lastMs } = this.#meter.outage;
    if (this.#wasOut && !isOngoing && this.#load.isRunning) {
      this.#saw(lastMs === null ? 'writes go on' : `writes go on after ${lastMs} ms`, null);
    }
    this.#wasOut = isOngoing;
  }

  /** Is anybody interested in what is going on? */
  get isWatched(): boolean {
    return this.#load.isRunning || this.#now() - this.lastAskedMs < 5_000;
  }

  close(): Promise<void> {
    return this.#load.stop();
  }

  // ---- what can be done -------------------------------------------------------------------------

  readonly #deeds: { readonly [action: string]: Deed } = {
    kill: (body) => this.#onReplica(body, (replica) => this.#kill(replica)),
    pause: (body) => this.#onReplica(body, (replica) => this.#pause(replica)),
    resume: (body) => this.#onReplica(body, (replica) => this.#resume(replica)),
    restart: (body) => this.#onReplica(body, (replica) => this.#restart(replica)),
    cut: (body) => this.#onReplica(body, ({ sid }) => this.#cut(sid)),
    heal: (body) => this.#onReplica(body, ({ sid }) => this.#heal(sid)),
    killBus: () => this.#alone('the bus', () => this.#killBus()),
    restartBus: () => this.#alone('the bus', () => this.#restartBus()),
    pauseBus: () => this.#alone('the bus', () => this.#pauseBus()),
    resumeBus: () => this.#alone('the bus', () => this.#resumeBus()),
    startLoad: (body) => this.#alone('the load', () => this.#startLoad(body)),
    stopLoad: () => this.#alone('the load', () => this.#stopLoad()),
  };

  async #kill(replica: DemoReplica): Promise<void> {
    const { sid, isAlive, exited } = replica;
    if (!isAlive) throw new Error(`replica ${sid} is not running; restart it first`);
    this.#wanted.add(sid);
    this.#broke('killed', sid);
    replica.kill('SIGKILL');
    await exited;
  }

  #pause(replica: DemoReplica): void {
    const { sid, isAlive, state } = replica;
    if (!isAlive) throw new Error(`replica ${sid} is not running; restart it first`);
    if (state === 'paused') throw new Error(`replica ${sid} is paused already`);
    replica.pause();
    this.#broke('paused', sid);
  }

  #resume(replica: DemoReplica): void {
    if (replica.state !== 'paused') throw new Error(`replica ${replica.sid} is not paused`);
    replica.resume();
    this.#saw('resumed', replica.sid, 'mended');
  }

  async #restart(replica: DemoReplica): Promise<void> {
    const { sid, isAlive, exited } = replica;
    if (isAlive) {
      this.#wanted.add(sid);
      this.#broke('stopped', sid);
      replica.kill('SIGTERM');
      const timer = setTimeout(() => replica.kill('SIGKILL'), stopMsMax);
      await exited;
      clearTimeout(timer);
    }
    replica.start();
    this.#saw('started', sid, 'mended');
  }

  #cut(sid: number): void {
    const relay = this.#ensemble.relay(sid);
    if (relay.isCut) throw new Error(`replica ${sid} is cut off already`);
    relay.cut();
    this.#broke('cut off', sid);
  }

  #heal(sid: number): void {
    const relay = this.#ensemble.relay(sid);
    if (!relay.isCut) throw new Error(`replica ${sid} is not cut off`);
    relay.heal();
    this.#saw('healed', sid, 'mended');
  }

  async #killBus(): Promise<void> {
    const { bus } = this.#ensemble;
    if (bus.state === 'dead') throw new Error('the bus is not running; restart it first');
    this.#broke('bus killed', null);
    await bus.holdDown();
  }

  async #restartBus(): Promise<void> {
    const { bus } = this.#ensemble;
    if (bus.state !== 'dead') {
      this.#broke('bus stopped', null);
      await bus.holdDown();
    }
    if (!(await bus.again())) throw new Error('the bus does not answer');
    this.#saw('bus started', null, 'mended');
  }

  #pauseBus(): void {
    const { bus } = this.#ensemble;
    if (bus.state !== 'running') throw new Error(`the bus is ${bus.state}: it cannot be paused`);
    bus.pause();
    this.#broke('bus paused', null);
  }

  #resumeBus(): void {
    const { bus } = this.#ensemble;
    if (bus.state !== 'paused') throw new Error('the bus is not paused');
    bus.resume();
    this.#saw('bus resumed', null, 'mended');
  }

  #startLoad(body: object): void {
    if (this.#load.isRunning) throw new Error('the load is on already');
    const settings = loadSettingsOf(body);
    this.#load.start(settings);
    this.#saw(`load of ${settings.clients} clients`, null);
  }

  async #stopLoad(): Promise<void> {
    if (!this.#load.isRunning) throw new Error('there is no load');
    await this.#load.stop();
    this.#saw('load stopped', null);
  }

  // ---- the list of events -----------------------------------------------------------------------

  #broke(what: string, sid: number | null): void {
    this.#meter.broke(what, sid);
    this.#saw(what, sid, 'broke');
  }

  #saw(what: string, sid: number | null, kind: DemoEvent['kind'] = 'seen'): void {
    this.#events.push({ atMs: this.#now(), what, sid, kind });
    if (this.#events.length > eventsMax) this.#events.shift();
  }

  #onReplica(body: object, deed: (replica: DemoReplica) => Promise<void> | void): Promise<void> {
    const { sid }: { sid?: unknown } = body;
    const replica = typeof sid === 'number' ? this.#ensemble.replica(sid) : null;
    if (replica === null) return Promise.reject(new Error(`there is no replica ${String(sid)}`));
    return this.#alone(`replica ${replica.sid}`, () => deed(replica));
  }

  async #alone(who: string, deed: () => Promise<void> | void): Promise<void> {
    if (this.#busy.has(who)) throw new Error(`an action on ${who} is under way: wait for it`);
    this.#busy.add(who);
    try {
      await deed();
    } finally {
      this.#busy.delete(who);
    }
  }
}
