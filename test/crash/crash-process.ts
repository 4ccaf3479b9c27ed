/**
 * Everything about one scenario, in a process of its own, since a damaged file that nobody noticed
 * could end it: records the scenario, searches its crashes, then those of the starts after a sample
 * of them. Arguments: name, scratch folder. Prints a SearchReport as JSON.
 */

import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { CrashSearch, type Failure, type Life } from './crash-search.ts';
import { writeImage } from './image.ts';
import { differenceAfter, recordRun } from './recording.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';
import { Replays } from './verdict.ts';

export interface SearchReport {
  readonly group: string;
  readonly records: number;
  readonly cuts: number;
  readonly states: number;
  readonly nestedCuts: number;
  readonly nestedStates: number;
  readonly failed: number;
  /** Of each kind the first. */
  readonly failures: readonly Failure[];
  readonly seconds: number;
}

const isLong = process.env['NATSKEEPER_PROOF'] === 'long';
const longSubsets = 4096;
const livesMax = isLong ? 100 : 10;

function boundsOf({ subsetsMax, tearsMax }: Scenario) {
  return isLong ? { subsetsMax: longSubsets, tearsMax: 1024 } : { subsetsMax, tearsMax };
}

const evenly = <T>(list: readonly T[], count: number): T[] =>
  list.filter((_, at) => at % Math.ceil(list.length / count) === 0);

async function search(name: string, scratch: string): Promise<SearchReport> {
  const startedMs = performance.now();
  const scenario = scenarios[name]!;
  const top = join(scratch, 'recorded');
  const records = recordRun(scratch, 'scenario-process.ts', [name], top);
  const difference = differenceAfter(records, top);
  if (difference !== null) throw new Error(`the record is not complete: ${difference}`);
  const replays = new Replays();
  const options = {
    directory: join(scratch, 'started'),
    progress: openSync(join(scratch, 'progress'), 'w'),
    segmentBytes: scenario.segmentBytes,
    bounds: boundsOf(scenario),
    locksMayTear: scenario.locksMayTear ?? false,
    goesOnEvery: isLong ? 1 : 8,
  };
  const first = new CrashSearch(options, replays);
  await first.search(records);
  const lives = evenly(first.lives, livesMax);
  const nested = new CrashSearch(
    { ...options, bounds: { subsetsMax: 16, tearsMax: 8 }, locksMayTear: false },
    replays,
  );
  if (lives.length > 0) await nested.searchLives(recordLives(scratch, scenario, lives), lives);
  return {
    group: scenario.group,
    records: records.length,
    cuts: first.cuts,
    states: first.states,
    nestedCuts: nested.cuts,
    nestedStates: nested.states,
    failed: first.failed + nested.failed,
    failures: [...first.failures, ...nested.failures],
    seconds: (performance.now() - startedMs) / 1000,
  };
}

function recordLives(scratch: string, { segmentBytes }: Scenario, lives: readonly Life[]) {
  const top = join(scratch, 'lives');
  mkdirSync(top);
  for (const [index, { image }] of lives.entries()) writeImage(join(top, String(index)), image);
  return recordRun(scratch, 'next-life-process.ts', [String(segmentBytes)], top);
}

const [name, scratch] = process.argv.slice(2);
console.log(JSON.stringify(await search(name!, scratch!)));
