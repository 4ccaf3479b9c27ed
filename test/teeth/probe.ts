/**
 * A process that runs seeds of the simulation as they are asked for, with or without a mutant, and
 * tells what was found. What nobody catches would end a replica's process, so it ends this one.
 */

import { writeSync } from 'node:fs';

export interface Asked {
  readonly workload?: string;
  readonly seed: number;
}

export interface Told {
  /** The first of them. */
  readonly findings: readonly { readonly invariant: string; readonly text: string }[];
  /** Of this process so far. */
  readonly cpuSeconds: number;
}

const findingsMax = 3;

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

process.on('uncaughtException', (failure) => {
  writeSync(2, `\ncpu ${cpuSeconds()}\n${failure.stack}\n`);
  process.exit(3);
});

// Behind the handler: a mutant may be noticed while modules are loaded.
const { simulate } = await import('../simulation/simulate.ts');

process.on('message', async ({ workload, seed }: Asked) => {
  const only = workload === undefined ? {} : { workload };
  const { findings } = await simulate(seed, { stopsAtFirst: true, ...only });
  const told: Told = { findings: findings.slice(0, findingsMax), cpuSeconds: cpuSeconds() };
  process.send!(told);
});
