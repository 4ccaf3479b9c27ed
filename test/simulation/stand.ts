/**
 * A simulated ensemble of three for tests that look at what breaks it and at what watches it: time
 * passes while the test waits, and goes no further once it is done.
 */

import type { Client } from '../../client/client.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { World } from './faults.ts';
import { InnerWatch } from './inner-watch.ts';
import { Schedule } from './schedule.ts';
import { SimEnsemble } from './sim-ensemble.ts';
import type { SimReplica } from './sim-replica.ts';
import { Trace } from './trace.ts';

const lookMs = 5;
const withinMs = 10_000;

export class Stand {
  readonly #schedule = new Schedule();
  readonly world: World;
  readonly watch: InnerWatch;
  /** Invariants that the watch, or a replica, found broken. */
  readonly broken: string[] = [];
  /** Whose disks were said to be lost. */
  readonly forgotten: number[] = [];
  #files = 0;

  constructor(seed: number) {
    const schedule = this.#schedule;
    const random = new SeededRandom(seed);
    const violated = (invariant: string) => void this.broken.push(invariant);
    const ensemble = new SimEnsemble({
      ...{ schedule, random, trace: new Trace(schedule, false), violated },
      shape: { voters: 3, observers: 0, settings: {} },
      tap: () => null,
      forgotten: (sid) => {
        this.watch.forget(sid);
        this.forgotten.push(sid);
      },
    });
    this.watch = new InnerWatch(ensemble, violated);
    this.world = { schedule, random, ensemble, isSigned: false };
  }

  /** Has it started, and then does this to it. */
  async run(work: () => Promise<void>): Promise<void> {
    let isOver = false;
    const look = () => {
      this.watch.look();
      this.#schedule.after(lookMs, look);
    };
    const story = async () => {
      look();
      this.world.ensemble.start();
      await this.untilServing();
      await work();
    };
    const told = story().finally(() => {
      isOver = true;
    });
    await Promise.race([told, this.#schedule.run(() => isOver)]);
    await told;
  }

  /** A leader that begins with txns of an earlier one: the ensemble is founded. */
  async hasHistory(): Promise<void> {
    const [leader] = this.parts;
    await this.writer(leader)();
    leader.kill('process');
    leader.start();
    await this.untilServing();
  }

  passes(ms: number): Promise<void> {
    return this.#schedule.sleep(ms);
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const untilMs = this.#schedule.nowMs + withinMs;
    while (!holds()) {
      if (this.#schedule.nowMs > untilMs) throw new Error(`never: ${what}`);
      await this.passes(1);
    }
  }

  untilServing(): Promise<void> {
    const { ensemble } = this.world;
    const areAllUp = () => ensemble.replicas.every(({ isUp }) => isUp);
    return this.until('all serve', () => areAllUp() && ensemble.isServing);
  }

  /** The leader, and the others. */
  get parts(): readonly [SimReplica, SimReplica, SimReplica] {
    const { leader, replicas } = this.world.ensemble;
    const [one, other] = replicas.filter((replica) => replica !== leader);
    return [leader!, one!, other!];
  }

  /** Nothing passes between it and the rest. */
  cutOff({ sid }: SimReplica): void {
    const { net, sids } = this.world.ensemble;
    const rest = sids.filter((one) => one !== sid);
    net.ways.cut([sid], rest);
  }

  /** A write by a client of one of these; the function returned asks for another one. */
  writer(...replicas: readonly SimReplica[]): () => Promise<unknown> {
    const sids = replicas.map(({ sid }) => sid);
    const client: Client = this.world.ensemble.open({ sids });
    return () => client.create(`/${this.#files++}`);
  }
}
