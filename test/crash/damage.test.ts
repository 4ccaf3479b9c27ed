/**
 * Damage to any page of a small store: a start refuses it and says which file, or nothing is
 * missing. Never other data, never a process that ends without a word. One exception: with an older
 * meta page in place of the younger one a file is what a crash before its last commit leaves.
 */

import { rmSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { runScript, searchTimeoutMs, skipped } from './crash-suite.ts';
import { lostCommit } from './damage.ts';
import type { DamageCase } from './damage-process.ts';
import { type DamageTally, proveDamage } from './proof.ts';
import { makeScratch, whyNoRecorder } from './recording.ts';

/** All cases; one that ends the process does not hide those behind it. */
async function allCases(scratch: string): Promise<DamageCase[]> {
  const cases: DamageCase[] = [];
  for (let next = 0; ; ) {
    const { code, signal, stdout, stderr } = await runScript('damage-process.ts', [
      scratch,
      String(next),
    ]);
    const told = stdout.trim().split('\n').filter(Boolean);
    const parsed = told.map((line) => JSON.parse(line) as DamageCase);
    cases.push(...parsed.filter(({ outcome }) => outcome !== 'begun'));
    if (code === 0) return cases;
    // A line is told before each case: without one it ended before the first.
    const last = parsed.at(-1);
    if (last?.outcome !== 'begun') throw new Error(`${code} ${signal}: ${stderr}`);
    cases.push({ ...last, outcome: `ended the process: ${signal ?? stderr.slice(0, 200)}` });
    next = last.index + 1;
  }
}

function tally(cases: readonly DamageCase[]): DamageTally[] {
  const tallies = new Map<string, DamageTally>();
  for (const { path, kind, outcome } of cases) {
    const file = path.includes('tree') ? 'snapshot' : 'log segment';
    const key = `${file}: ${kind}`;
    let one = tallies.get(key);
    if (one === undefined) {
      const names = { 'file kind': file, 'kind of damage': kind };
      one = { ...names, recovered: 0, refused: 0, 'as before the last commit': 0, failures: 0 };
      tallies.set(key, one);
    }
    if (outcome === 'recovered') one.recovered++;
    else if (outcome.startsWith('refused')) one.refused++;
    else if (outcome === lostCommit) one[lostCommit]++;
    else one.failures++;
  }
  return [...tallies.values()];
}

describe.skipIf(whyNoRecorder !== null)(`a damaged page${skipped}`, () => {
  let tallies: DamageTally[] = [];
  let seconds = 0;
  afterAll(() => {
    console.table(tallies);
    proveDamage(tallies, seconds);
  });

  test(
    'is refused, or does no harm',
    async () => {
      const startedMs = performance.now();
      const scratch = makeScratch();
      try {
        const cases = await allCases(scratch);
        tallies = tally(cases);
        seconds = (performance.now() - startedMs) / 1000;
        const isSound = ({ outcome }: DamageCase) =>
          /^(recovered|refused)/.test(outcome) || outcome === lostCommit;
        expect(cases.filter((one) => !isSound(one))).toEqual([]);
        expect(cases.length).toBeGreaterThan(1500);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
    searchTimeoutMs,
  );
});
