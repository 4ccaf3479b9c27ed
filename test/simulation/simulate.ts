/**
 * One seed: an ensemble of a random shape, programs that use it, a nemesis that breaks it; then all
 * is mended, it must recover, and everything that was seen is held against the invariants.
 */

import { createHash } from 'node:crypto';
import type { Settings } from '../../actors/settings.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { aimedFaults } from './aimed-faults.ts';
import { checkAll, describeFinding } from './checks/check-all.ts';
import {
  busFaults,
  clientFaults,
  clockFaults,
  clockRateMax,
  type Fault,
  netFaults,
  processFaults,
  type World,
} from './faults.ts';
import { FinalHistory } from './final-history.ts';
import { InnerWatch } from './inner-watch.ts';
import { moveFaults } from './move-faults.ts';
import { Nemesis, type NemesisPlan } from './nemesis.ts';
import { Schedule } from './schedule.ts';
import { fork, SimEnsemble, serverSpec } from './sim-ensemble.ts';
import { storageFaults } from './storage-faults.ts';
import { Tap } from './tap.ts';
import { Trace } from './trace.ts';
import type { WorkloadTime } from './workloads/workload.ts';
import { type Finding, usualWorkloads, type Workload, workloads } from './workloads/workloads.ts';

export interface Outcome {
  readonly seed: number;
  readonly hash: string;
  readonly findings: Finding[];
  readonly simulatedMs: number;
  readonly events: number;
  readonly frames: number;
  readonly elections: number;
  /** Time from the end of all faults until all served, and until all held the same, ms. */
  readonly recoveryMs: number;
  readonly agreementMs: number;
  readonly faults: { readonly [name: string]: number };
  readonly operations: { readonly [name: string]: number };
  readonly checked: { readonly [what: string]: number };
  readonly lines: readonly string[];
}

export interface SimulateOptions {
  /** Keep the lines of the trace. */
  readonly keepsLines?: boolean;
  /** Only this workload. */
  readonly workload?: string;
  /** Something that was found ends the run. */
  readonly stopsAtFirst?: boolean;
}

const superuser = 'super:power';

/** What must hold after all is mended, simulated ms (L1). */
const servingMs = 10_000;
const agreementMs = 30_000;
const lookMs = 20;
/** By which a silent session may outlive its timeout: ticks, and beats on their way. */
const expirySlackMs = 3000;
const paceMax = 14;
/** No run lasts so long. */
const endlessMs = 300_000;

export async function simulate(seed: number, options: SimulateOptions = {}): Promise<Outcome> {
  return new Simulation(seed, options).run();
}

class Simulation {
  readonly #seed: number;
  readonly #options: SimulateOptions;
  readonly #random: SeededRandom;
  readonly #schedule = new Schedule();
  readonly #trace: Trace;
  readonly #ensemble: SimEnsemble;
  readonly #tap = new Tap();
  readonly #history = new FinalHistory();
  /** What the checks looked at. */
  #checked: { readonly [what: string]: number } = {};
  readonly #watch: InnerWatch;
  readonly #nemesis: Nemesis;
  readonly #workloads: Workload[];
  readonly #findings: Finding[] = [];
  readonly #durationMs: number;
  /** What is going on. */
  #stage = 'the start';
  #mendedMs = 0;
  #recoveryMs = 0;
  #agreementMs = 0;

  constructor(seed: number, options: SimulateOptions) {
    this.#seed = seed;
    this.#options = options;
    const random = new SeededRandom(seed);
    this.#random = random;
    const schedule = this.#schedule;
    this.#trace = new Trace(schedule, options.keepsLines ?? false);
    const violated = (invariant: string, text: string) => {
      this.#trace.say('-', `violates ${invariant}: ${text}`);
      this.#findings.push({ invariant, text });
    };
    const isSigned = random.chance(0.25);
    const purges = random.chance(0.5);
    const settings: Partial<Settings> = {
      ...(purges ? { snapCount: 50 + random.below(400) } : {}),
      // The counter of the zxid is used up now and then (F32).
      ...(random.chance(0.2) ? { epochTxnsMax: 100 + random.below(900) } : {}),
      enforceQuota: true,
      superDigest: `super:${createHash('sha1').update(superuser).digest('base64')}`,
      busSecret: isSigned ? 'known to the replicas' : null,
    };
    const shape = {
      voters: random.chance(0.7) ? 3 : 5,
      observers: random.chance(0.25) ? 1 : 0,
      // And so are the xids of clients (K24).
      areXidsUsedUp: random.chance(0.2),
      settings,
      disk: { keepsPurged: true, archives: true, ...(purges ? { segmentBytesMax: 16_384 } : {}) },
    };
    this.#ensemble = new SimEnsemble({
      ...{ schedule, random: fork(random), trace: this.#trace, shape, violated },
      tap: (client, sid, life) => this.#tap.connection(client, sid, life),
      forgotten: (sid) => {
        this.#watch.forget(sid);
        const { disk } = this.#ensemble.of(sid);
        this.#history.gather(disk.frames(), disk.committedZxid);
      },
    });
    this.#watch = new InnerWatch(this.#ensemble, violated);
    const world: World = { schedule, random: fork(random), ensemble: this.#ensemble, isSigned };
    this.#nemesis = new Nemesis(world, this.#plan(), (what) => this.#trace.say('nemesis', what));
    this.#workloads = this.#makeWorkloads();
    this.#durationMs = 3_000 + random.below(14_000);
  }

  #plan(): NemesisPlan {
    const random = this.#random;
    const usual = [processFaults, netFaults, busFaults, clockFaults, clientFaults];
    const kinds = [...usual, storageFaults, aimedFaults, moveFaults];
    const chosen: Fault[] = kinds.flatMap((kind) => (random.chance(0.7) ? [...kind] : []));
    return {
      faults: chosen.length > 0 ? chosen : processFaults,
      everyMs: 200 + random.below(2000),
      lastsMs: 100 + random.below(2500),
      togetherMax: 1 + random.below(4),
    };
  }

  #makeWorkloads(): Workload[] {
    const random = this.#random;
    const { workload } = this.#options;
    const names = workload === undefined ? Object.keys(usualWorkloads) : [workload];
    const chosen = new Set<string>();
    for (let left = 1 + random.below(3); left > 0 && names.length > 0; left--) {
      chosen.add(random.pick(names));
    }
    const { voters, sids } = this.#ensemble;
    let spare: { readonly sid: number; readonly spec: string } | null = null;
    if (chosen.has('reconfigurations') && random.chance(0.7)) {
      const sid = sids.length + 1;
      this.#ensemble.add(sid);
      spare = { sid, spec: `server.${sid}=${serverSpec(sid, true)}` };
    }
    const schedule = this.#pacedSchedule();
    return [...chosen].map((name) =>
      workloads[name]!({
        ...{ schedule, random: fork(random), voters, spare, superuser },
        open: (options) => this.#ensemble.open(options),
      }),
    );
  }

  /** Programs rest longer, by a factor: busy ensembles, and calm ones. */
  #pacedSchedule(): WorkloadTime {
    const schedule = this.#schedule;
    const pace = 1 + this.#random.unit() * paceMax;
    return {
      get nowMs() {
        return schedule.nowMs;
      },
      after: (ms, task) => schedule.after(ms, task),
      sleep: (ms) => schedule.sleep(ms * pace),
    };
  }

  async run(): Promise<Outcome> {
    let isOver = false;
    const story = this.#tell().finally(() => {
      isOver = true;
    });
    const ends = () => isOver || this.#isEndless || this.#isEnough;
    await Promise.race([story, this.#schedule.run(ends)]);
    if (this.#isEnough) return this.#outcome();
    if (this.#isEndless) {
      const text = `${this.#stage} takes for ever (${this.#ensemble.describe()})`;
      this.#findings.push({ invariant: 'L3', text });
    } else await story;
    return this.#outcome();
  }

  get #isEndless(): boolean {
    return this.#schedule.nowMs > endlessMs;
  }

  get #isEnough(): boolean {
    return this.#options.stopsAtFirst === true && this.#findings.length > 0;
  }

  async #tell(): Promise<void> {
    const schedule = this.#schedule;
    const look = () => {
      this.#watch.look();
      schedule.after(lookMs, look);
    };
    look();
    this.#ensemble.start();
    await this.#until('all serve after the start', servingMs, () => this.#ensemble.isServing);
    for (const workload of this.#workloads) workload.start();
    this.#nemesis.start();
    await schedule.sleep(this.#durationMs);
    this.#nemesis.stop();
    this.#mendedMs = schedule.nowMs;
    await this.#until(
      'all serve after all is mended (L1)',
      servingMs,
      () => this.#ensemble.isServing,
    );
    this.#recoveryMs = schedule.nowMs - this.#mendedMs;
    this.#stage = 'the end of the workloads';
    await Promise.all(this.#workloads.map((workload) => workload.stop()));
    const stoppedMs = schedule.nowMs;
    await this.#until('all hold the same (L1)', agreementMs, () => this.#agrees());
    this.#agreementMs = schedule.nowMs - stoppedMs;
    this.#watch.look();
    await this.#checkWorkloads();
    this.#stage = 'the last agreement';
    await this.#until('all hold the same (L1)', agreementMs, () => this.#agrees());
    this.#checkHistory();
  }

  /** All that clients and replicas said to each other, against what was agreed upon. */
  #checkHistory(): void {
    const history = this.#history;
    history.gatherAll(this.#ensemble);
    if (history.hole !== null) {
      this.#checked = { 'histories with a lost beginning': 1 };
      return;
    }
    // Damage that nobody has read yet stays where it is.
    const sound = this.#ensemble.replicas.filter(({ disk }) => disk.counts.damages === 0);
    const firstSeenMs = history.firstSeenMs(this.#ensemble);
    const { findings, counts } = checkAll(this.#tap.journal, {
      txnMs: ({ zxid }) => firstSeenMs(zxid),
      // The last leader renews all when it begins.
      calmSinceMs: this.#mendedMs + this.#recoveryMs,
      expirySlackMs,
      clockRateMax,
      endMs: this.#schedule.nowMs,
      finalTxns: history.frames,
      otherLogs: sound.map(({ disk }) => disk.frames()),
      extendedTypesEnabled: true,
    });
    this.#checked = counts;
    for (const finding of findings) {
      this.#findings.push({ invariant: finding.invariant, text: describeFinding(finding) });
    }
  }

  #agrees(): boolean {
    const { replicas } = this.#ensemble;
    const zxids = new Set(replicas.map(({ replica }) => replica?.state.lastZxid));
    return this.#ensemble.isServing && zxids.size === 1;
  }

  async #checkWorkloads(): Promise<void> {
    for (const workload of this.#workloads) {
      this.#stage = `the check of ${workload.name}`;
      const client = this.#ensemble.open();
      this.#findings.push(...(await workload.check(client)));
      await client.close();
    }
  }

  /** Simulated time passes until it holds; if it never does, that is a finding. */
  async #until(what: string, withinMs: number, holds: () => boolean): Promise<void> {
    const untilMs = this.#schedule.nowMs + withinMs;
    while (!holds()) {
      if (this.#schedule.nowMs > untilMs) {
        const text = `not within ${withinMs} ms: ${what} (${this.#ensemble.describe()})`;
        this.#findings.push({ invariant: 'L1', text });
        return;
      }
      await this.#schedule.sleep(5);
    }
  }

  #outcome(): Outcome {
    const operations: { [name: string]: number } = {};
    for (const { name, counts } of this.#workloads) {
      for (const [what, count] of Object.entries(counts)) operations[`${name} ${what}`] = count;
    }
    return {
      seed: this.#seed,
      hash: this.#trace.hash,
      findings: this.#findings,
      simulatedMs: this.#schedule.nowMs,
      events: this.#schedule.count,
      frames: this.#ensemble.net.counts.delivered,
      elections: this.#watch.epochs,
      recoveryMs: this.#recoveryMs,
      agreementMs: this.#agreementMs,
      faults: this.#nemesis.counts,
      operations,
      checked: this.#checked,
      lines: this.#trace.lines,
    };
  }
}
