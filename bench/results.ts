/**
 * What the runs have found, kept in results.json: for each load and each side one sample per round,
 * with the run that they are from. Parts that are run again take the place of what stood there.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { top } from './build.ts';
import type { MachineFacts } from './machine.ts';
import type { SideName } from './side.ts';

/** Figures of one round by name: seconds, bytes, or a number per second. */
export type Sample = Readonly<Record<string, number>>;
/** Pairs of ms since the start, and operations per second. */
export type Timeline = readonly (readonly [ms: number, perSecond: number])[];

export interface Mark {
  readonly ms: number;
  readonly text: string;
}

export interface Course {
  readonly points: Timeline;
  readonly marks: readonly Mark[];
}

export interface Series {
  readonly run: string;
  readonly samples: { [side in SideName]?: Sample[] };
  /** Throughput over time, of the last round, where it is plotted. */
  readonly courses?: { [side in SideName]?: Course };
}

export interface RunFacts {
  readonly date: string;
  readonly commit: string;
  readonly rounds: number;
  readonly seconds: number;
  readonly warm: number;
  readonly machine: MachineFacts;
  /** What could not be measured, and why. */
  readonly gaps: readonly string[];
}

export interface Results {
  readonly runs: Record<string, RunFacts>;
  readonly series: Record<string, Series>;
}

export const resultsFile = join(top, 'bench/results.json');

export function readResults(file = resultsFile): Results {
  if (!existsSync(file)) return { runs: {}, series: {} };
  return JSON.parse(readFileSync(file, 'utf8')) as Results;
}

export function writeResults(results: Results, file = resultsFile): void {
  writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
  // In the shape that our formatter wants, where it is installed.
  const formatter = join(top, 'node_modules/@biomejs/biome/bin/biome');
  if (!existsSync(formatter)) return;
  spawnSync(process.execPath, [formatter, 'format', '--write', file], { cwd: top });
}

/** The series of `added` in place of the old ones, and only the runs that are still spoken of. */
export function merge(old: Results, added: Results): Results {
  const series = { ...old.series, ...added.series };
  const used = new Set(Object.values(series).map(({ run }) => run));
  const runs = Object.entries({ ...old.runs, ...added.runs }).filter(([run]) => used.has(run));
  return { runs: Object.fromEntries(runs), series };
}
