/**
 * What a section is given to measure with, and where it leaves its figures. It runs both sides in
 * turn, round by round, never at the same time, each freshly started. A measurement that fails is
 * told, and leaves a gap; the others go on.
 */

import { Ensemble, type Shape } from './ensemble.ts';
import type { LoadGenerator, LoadOptions } from './load.ts';
import type { Options } from './options.ts';
import type { Processes } from './processes.ts';
import type { Course, Sample, Series } from './results.ts';
import type { Row } from './rows.ts';
import type { Side, SideName } from './side.ts';
import type { WatchGenerator } from './watch-load.ts';

export interface BenchParts {
  readonly options: Options;
  readonly sides: readonly Side[];
  readonly processes: Processes;
  readonly loads: LoadGenerator;
  readonly watches: WatchGenerator | null;
  readonly run: string;
}

interface MutableSeries {
  run: string;
  samples: { [side in SideName]?: Sample[] };
  courses?: { [side in SideName]?: Course };
}

export class Bench {
  readonly options: Options;
  readonly loads: LoadGenerator;
  readonly watches: WatchGenerator | null;
  readonly series: Record<string, Series> = {};
  readonly problems: string[] = [];
  readonly #parts: BenchParts;

  constructor(parts: BenchParts) {
    this.#parts = parts;
    this.options = parts.options;
    this.loads = parts.loads;
    this.watches = parts.watches;
  }

  /** Runs `measure` against fresh ensembles of both sides, A B A B. */
  async inTurn(
    about: string,
    shape: Shape,
    measure: (ensemble: Ensemble) => Promise<void>,
    rounds = this.options.rounds,
  ): Promise<void> {
    await this.#inTurn(this.#parts.sides, about, shape, measure, rounds);
  }

  async #inTurn(
    sides: readonly Side[],
    about: string,
    shape: Shape,
    measure: (ensemble: Ensemble) => Promise<void>,
    rounds: number,
  ): Promise<void> {
    for (let round = 1; round <= rounds; round++) {
      for (const side of sides) {
        if (side.needsBus && side.busProgram === null && shape.voters > 1) continue;
        await this.#once(`${about}, round ${round} of ${rounds}, ${side.title}`, async () => {
          const ensemble = await Ensemble.start(side, shape, this.#parts.processes);
          try {
            await measure(ensemble);
          } finally {
            await ensemble.stop();
          }
        });
      }
    }
  }

  /** Runs `measure` against fresh ensembles of ours: of what the other side does not have. */
  async alone(
    about: string,
    shape: Shape,
    measure: (ensemble: Ensemble) => Promise<void>,
  ): Promise<void> {
    const ours = this.#parts.sides.filter(({ name }) => name === 'natskeeper');
    await this.#inTurn(ours, about, shape, measure, this.options.rounds);
  }

  async #once(about: string, measure: () => Promise<void>): Promise<void> {
    progress(about);
    try {
      await measure();
    } catch (failure) {
      const problem = `${about}: ${failure instanceof Error ? failure.message : failure}`;
      // Behind the first line stands what a server has said, and where its files lay.
      this.problems.push(problem.split('\n')[0]!);
      progress(`FAILED ${problem}`);
    }
  }

  /** Keeps a round's figures. */
  note(key: string, { side }: Ensemble, sample: Sample): void {
    const { samples } = this.#seriesOf(key);
    samples[side.name] = [...(samples[side.name] ?? []), sample];
    progress(`  ${key}: ${brief(sample)}`);
  }

  /** Keeps the course of throughput over time; the last one of a side counts. */
  noteCourse(key: string, { side }: Ensemble, course: Course): void {
    const series = this.#seriesOf(key);
    series.courses = { ...series.courses, [side.name]: course };
  }

  /** The times of the command line for one load. */
  get times(): LoadOptions {
    return { seconds: this.options.seconds, warm: this.options.warm };
  }

  wants({ key, title }: Pick<Row, 'key' | 'title'>): boolean {
    return this.options.rows.test(key) || this.options.rows.test(title);
  }

  #seriesOf(key: string): MutableSeries {
    this.series[key] ??= { run: this.#parts.run, samples: {} };
    return this.series[key];
  }
}

export function progress(text: string): void {
  console.error(`${new Date().toISOString().slice(11, 19)} ${text}`);
}

function brief(sample: Sample): string {
  const shown = Object.entries(sample).filter(([, value]) => value !== 0);
  return shown.map(([name, value]) => `${name} ${Number(value.toPrecision(4))}`).join(', ');
}
