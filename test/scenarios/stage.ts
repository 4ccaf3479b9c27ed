/**
 * The ensemble of a scenario, on the simulator: simulated time stands still but while a command
 * lets it pass. Whatever no replica may ever do is a line of the transcript, too.
 */

import { type Settings, settingsWith } from '../../actors/settings.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import type { DiskProfile } from '../simulation/disk-faults.ts';
import { InnerWatch } from '../simulation/inner-watch.ts';
import { Schedule } from '../simulation/schedule.ts';
import { SimEnsemble } from '../simulation/sim-ensemble.ts';
import type { SimReplica } from '../simulation/sim-replica.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { Chronicle } from './chronicle.ts';
import { showRole } from './looks.ts';
import { Programs } from './programs.ts';
import { Rules } from './rules.ts';

/** How long `settle` and `until` wait at most, and how long all must be at rest, simulated ms. */
const settleMs = 6_000;
const untilMs = 10_000;
const restMs = 60;
const lookMs = 5;

export class Stage {
  readonly schedule = new Schedule();
  readonly chronicle: Chronicle;
  readonly ensemble: SimEnsemble;
  readonly rules: Rules;
  readonly programs: Programs;
  readonly #watch: InnerWatch;

  constructor(shape: string, seed: number) {
    const chronicle = new Chronicle(this.schedule);
    this.chronicle = chronicle;
    const { voters, observers, settings, disk } = parseShape(shape);
    const violated = (invariant: string, text: string) => chronicle.violated(invariant, text);
    this.ensemble = new SimEnsemble({
      ...{ schedule: this.schedule, random: new SeededRandom(seed), trace: chronicle, violated },
      shape: { voters, observers, settings, disk },
      tap: (client, sid) => {
        this.programs.dialed(client, sid);
        return null;
      },
      forgotten: (sid) => this.#watch.forget(sid),
    });
    for (const replica of this.ensemble.replicas) replica.isSupervised = false;
    this.rules = new Rules((frame) => chronicle.frame(frame));
    this.ensemble.net.guard = this.rules;
    this.programs = new Programs(chronicle, (options) => this.ensemble.open(options));
    this.#watch = new InnerWatch(this.ensemble, violated);
    this.#look();
  }

  #look(): void {
    this.#watch.look();
    this.schedule.after(lookMs, () => this.#look());
  }

  of(sid: number): SimReplica {
    const replica = this.ensemble.of(sid);
    if (replica === undefined) throw new Error(`scenario: there is no replica ${sid}`);
    return replica;
  }

  /** Lets time pass until it is so, or for so long. Was it so? */
  async passes(withinMs: number, isSo: () => boolean = () => false): Promise<boolean> {
    let isLate = false;
    const planned = this.schedule.after(withinMs, () => {
      isLate = true;
    });
    await this.schedule.run(() => isLate || isSo());
    planned.cancel();
    return isSo();
  }

  /** As passes, of what the script relies on. */
  async until(what: string, isSo: () => boolean): Promise<void> {
    if (await this.passes(untilMs, isSo)) return;
    throw new Error(`scenario: not within ${untilMs} ms: ${what} (${this.ensemble.describe()})`);
  }

  /**
   * Until all who are up agree, and have been at rest for a while. Quietly: what replicas did on
   * the way there is not told, but who has which part now.
   */
  async settle(isQuiet: boolean): Promise<void> {
    let restingMs = -1;
    const hasSettled = await this.passes(settleMs, () => {
      const { nowMs } = this.schedule;
      if (!this.#isAtRest) restingMs = -1;
      else if (restingMs < 0) restingMs = nowMs;
      return restingMs >= 0 && nowMs - restingMs >= restMs;
    });
    this.#watch.look();
    const last = this.ensemble.leader?.replica?.history.lastZxid ?? 0;
    if (isQuiet) {
      this.chronicle.passOver();
      for (const replica of this.ensemble.replicas) {
        if (replica.condition !== 'down') this.chronicle.add(replica.sid, showRole(replica));
      }
    }
    const text = hasSettled ? `all hold ${formatZxid(last)}` : 'no agreement';
    this.chronicle.add(500, text);
  }

  get #isAtRest(): boolean {
    const { ensemble } = this;
    if (!ensemble.isServing) return false;
    const up = ensemble.replicas.filter(({ isUp }) => isUp);
    const last = ensemble.leader!.replica!.history.lastZxid;
    return up.every(({ replica }) => {
      const { state, history } = replica!;
      return state.lastZxid === last && history.loggedZxid === last && history.lastZxid === last;
    });
  }
}

/** `voters 3 observers 1 snapCount 4 readOnly`. */
function parseShape(shape: string): {
  readonly voters: number;
  readonly observers: number;
  readonly settings: Partial<Settings>;
  readonly disk: Partial<DiskProfile>;
} {
  const numberOf = (name: string, otherwise: number) =>
    Number(new RegExp(`\\b${name} (\\d+)`).exec(shape)?.[1] ?? otherwise);
  const { snapCount, epochTxnsMax } = settingsWith({ dataDir: '' });
  return {
    voters: numberOf('voters', 3),
    observers: numberOf('observers', 0),
    settings: {
      ...{ skipAcl: true, snapCount: numberOf('snapCount', snapCount) },
      epochTxnsMax: numberOf('epochTxns', epochTxnsMax),
      readOnlyModeEnabled: shape.includes('read-only'),
    },
    disk: { segmentBytesMax: numberOf('segmentBytes', 1024 * 1024), tailChance: 0, tornChance: 0 },
  };
}
