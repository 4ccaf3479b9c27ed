/**
 * Whole ensembles in simulated time: many seeds without a finding, those that once had one, and the
 * same seed twice. More of them: `npm run simulate`.
 */

import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type Found, knownSeeds } from './known-seeds.ts';
import { simulate } from './simulate.ts';
import { aimedWorkloads } from './workloads/workloads.ts';

const folder = dirname(fileURLToPath(import.meta.url));
const seeds = 500;
/** Others in every run, beside those that are always the same. */
const freshSeeds = 40;
/** Of each workload that no seed chooses by itself. */
const aimedSeeds = 30;

/** What the program says, and how it ends. */
function runProgram(args: readonly string[]): Promise<{ code: number; output: string }> {
  const runTs = join(folder, '../support/run-ts.mjs');
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', runTs, join(folder, 'main.ts'), ...args]);
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code: code ?? -1, output }));
  });
}

describe('ensembles in simulated time', () => {
  test(`break no invariant under ${seeds} seeds of faults`, { timeout: 900_000 }, async () => {
    const { code, output } = await runProgram(['--seeds', `${seeds}`, '--jobs', '2']);

    expect(code, output).toBe(0);
  });

  test('break none under seeds that nobody has tried', { timeout: 300_000 }, async () => {
    const from = Math.floor(Math.random() * 2 ** 31);
    const args = ['--seeds', `${freshSeeds}`, '--from', `${from}`, '--jobs', '2'];
    const { code, output } = await runProgram(args);

    expect(code, output).toBe(0);
  });

  test.each(Object.keys(aimedWorkloads))(
    `break none under ${aimedSeeds} seeds of %s`,
    { timeout: 300_000 },
    async (workload) => {
      const args = ['--seeds', `${aimedSeeds}`, '--workload', workload, '--jobs', '2'];
      const { code, output } = await runProgram(args);

      expect(code, output).toBe(0);
    },
  );

  test.each(knownSeeds)(
    'seed $seed, which once showed: $what',
    async ({ seed, workload }: Found) => {
      const { findings } = await simulate(seed, workload === undefined ? {} : { workload });

      expect(findings).toEqual([]);
    },
  );

  test('do the same in two processes with one seed, and other things with another', async () => {
    const [once, again, other] = await Promise.all(
      ['77', '77', '78'].map((seed) => runProgram(['--seed', seed])),
    );
    const hashOf = ({ output }: { output: string }) => /trace ([0-9a-f]{8})/.exec(output)?.[1];

    expect(hashOf(once!)).toMatch(/^[0-9a-f]{8}$/);
    expect(hashOf(again!)).toBe(hashOf(once!));
    expect(hashOf(other!)).not.toBe(hashOf(once!));
  });
});
