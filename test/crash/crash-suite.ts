/**
 * Tests of scenarios, each searched in a process of its own, and what they came to. How much is
 * looked at: NATSKEEPER_PROOF=long for all subsets up to 4096 at each moment.
 */

import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import type { SearchReport } from './crash-process.ts';
import { proveGroups } from './proof.ts';
import { makeScratch, whyNoRecorder } from './recording.ts';
import { scenarios } from './scenarios.ts';

export const here = dirname(fileURLToPath(import.meta.url));
export const isLong = process.env['NATSKEEPER_PROOF'] === 'long';
export const searchTimeoutMs = isLong ? 4 * 3_600_000 : 300_000;
export const skipped = whyNoRecorder === null ? '' : ` (skipped: ${whyNoRecorder})`;

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of this folder to its end. */
export function runScript(script: string, args: readonly string[]): Promise<Ending> {
  const loader = join(here, '../support/run-ts.mjs');
  const child = spawn(process.execPath, ['--import', loader, join(here, script), ...args]);
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((ended) => {
    child.on('close', (code, signal) => ended({ code, signal, ...output }));
  });
}

/** `names` of scenarios; `statesMin` of all of them together. */
export function crashSuite(names: readonly string[], statesMin: number): void {
  describe.skipIf(whyNoRecorder !== null)(`a crash at any moment${skipped}`, () => {
    const reports: SearchReport[] = [];

    afterAll(() => {
      if (reports.length === 0) return;
      proveGroups(names[0]!, reports);
      console.log(reports.map(lineOf).join('\n'));
    });

    for (const name of names) {
      test(
        `of ${scenarios[name]!.group} leaves what was acknowledged`,
        async () => {
          const scratch = makeScratch();
          try {
            const ending = await runScript('crash-process.ts', [name, scratch]);
            const at = (): string => readFileSync(join(scratch, 'progress'), 'utf8').trim();
            expect(ending.code, `${ending.signal} ${ending.stderr} at ${at()}`).toBe(0);
            const report = JSON.parse(ending.stdout) as SearchReport;
            reports.push(report);
            expect(report.failures).toEqual([]);
            expect(report.failed).toBe(0);
          } finally {
            rmSync(scratch, { recursive: true, force: true });
          }
        },
        searchTimeoutMs,
      );
    }

    test('is looked at often enough', () => {
      const states = reports.reduce((sum, one) => sum + one.states + one.nestedStates, 0);
      expect(states).toBeGreaterThanOrEqual(statesMin);
    });
  });
}

function lineOf({ group, cuts, states, nestedCuts, nestedStates, seconds }: SearchReport): string {
  const rate = Math.round((states + nestedStates) / seconds);
  const nested = `${nestedStates} at ${nestedCuts} moments of the starts after`;
  return `${group}: ${states} states at ${cuts} moments, ${nested}; ${rate} a second`;
}
