/**
 * Looks for mutants: all over, or where each was found last. A seed in which something is wrong
 * without the mutant as well says nothing about it.
 */

import { lookAtCrashes, lookInModel, SeedRunner, type Seen } from './finders.ts';
import type { Finder, Mutant } from './mutant.ts';

/** Where a mutant was found. */
export interface Found {
  readonly id: string;
  readonly finder: Finder;
  readonly workload?: string;
  readonly seed: number;
  readonly invariant: string;
  /** CPU time until then, from the first seed on. */
  readonly seconds: number;
}

export interface Hunted {
  readonly mutant: Mutant;
  readonly found: Found | null;
  readonly text: string;
  /** Seeds that were run, and those of them that were of no use. */
  readonly seeds: number;
  readonly unclean: number;
}

/** How far a mutant is looked for: some need what happens in one of a hundred seeds. */
export const seedsMax = 300;

/** Runs without a mutant, each once. */
export class CleanRuns {
  readonly #runner = new SeedRunner(null);
  readonly #seen = new Map<string, Seen | null>();
  readonly #models = new Map<string, { readonly seconds: number; readonly seen: Seen | null }>();
  #last: Promise<unknown> = Promise.resolve();

  /** What is wrong with the seed anyway. */
  async seen(workload: string | undefined, seed: number): Promise<Seen | null> {
    const key = `${workload ?? ''} ${seed}`;
    const run = async () => {
      if (!this.#seen.has(key)) this.#seen.set(key, await this.#runner.run(asked(workload, seed)));
      return this.#seen.get(key)!;
    };
    const next = this.#last.then(run, run);
    this.#last = next;
    return next;
  }

  /** What is wrong in the model anyway, in a little more than the time that a mutant took. */
  async seenInModel(bounds: string, seconds: number): Promise<Seen | null> {
    const known = this.#models.get(bounds);
    if (known !== undefined && known.seconds >= seconds) return known.seen;
    const allowed = Math.ceil(2 * seconds + 2);
    const { seen } = await lookInModel(null, bounds, allowed);
    this.#models.set(bounds, { seconds: allowed, seen });
    return seen;
  }

  stop(): void {
    this.#runner.stop();
  }
}

const asked = (workload: string | undefined, seed: number) =>
  workload === undefined ? { seed } : { workload, seed };

/** Begins at `from`; with `count` 1 it is looked for there alone. */
export async function hunt(
  mutant: Mutant,
  clean: CleanRuns,
  { workload = mutant.where, from = 1, count = seedsMax }: Partial<Place> = {},
): Promise<Hunted> {
  if (mutant.finder !== 'simulation') return huntOnce(mutant, clean);
  const runner = new SeedRunner(mutant);
  let unclean = 0;
  try {
    for (let seed = from; seed < from + count; seed++) {
      const seen = await runner.run(asked(workload, seed));
      if (seen === null) continue;
      if ((await clean.seen(workload, seed)) !== null) {
        unclean++;
        continue;
      }
      const seconds = round(runner.cpuSeconds);
      const place = workload === undefined ? {} : { workload };
      const { invariant, text } = seen;
      const { id, finder } = mutant;
      return {
        ...{ mutant, text, unclean, seeds: seed - from + 1 },
        found: { id, finder, ...place, seed, invariant, seconds },
      };
    }
  } finally {
    runner.stop();
  }
  return { mutant, found: null, text: '', seeds: count, unclean };
}

export interface Place {
  readonly workload: string | undefined;
  readonly from: number;
  readonly count: number;
}

/** The model goes on for a while without the mutant; scenarios have tests of their own for that. */
async function huntOnce(mutant: Mutant, clean: CleanRuns): Promise<Hunted> {
  const { id, finder, where = '' } = mutant;
  const isModel = finder === 'model';
  const { seen, cpuSeconds } = await (isModel ? lookInModel : lookAtCrashes)(mutant, where);
  const none = { mutant, found: null, text: '', seeds: 0, unclean: 0 };
  if (seen === null) return none;
  if (isModel && (await clean.seenInModel(where, cpuSeconds)) !== null) {
    return { ...none, unclean: 1 };
  }
  const { invariant, text } = seen;
  const found = { id, finder, workload: where, seed: 0, invariant, seconds: round(cpuSeconds) };
  return { ...none, text, found };
}

const round = (seconds: number): number => Math.round(seconds * 10) / 10;

/** Carries out tasks, so many at a time. */
export async function inParallel<T>(
  tasks: readonly T[],
  jobs: number,
  work: (task: T) => Promise<void>,
): Promise<void> {
  const left = [...tasks];
  const job = async () => {
    for (let task = left.shift(); task !== undefined; task = left.shift()) await work(task);
  };
  await Promise.all(Array.from({ length: jobs }, job));
}
