/** Every mutant is found by some check, and what is no mistake is found by none. */

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { mayLookAtCrashes } from './finders.ts';
import { readFound } from './found.ts';
import { CleanRuns, hunt } from './hunt.ts';
import { changesOf, type Mutant } from './mutant.ts';
import { mutants } from './mutants.ts';
import { verify } from './verify.ts';

const top = join(dirname(fileURLToPath(import.meta.url)), '../..');
const verifyTimeoutMs = 600_000;
/**
 * Those that take longer from the first seed on are looked for by main.ts, and here with
 * NATSKEEPER_PROOF=long.
 */
const secondsMax = process.env['NATSKEEPER_PROOF'] === 'long' ? Number.POSITIVE_INFINITY : 6;

describe('mutants', () => {
  test('change one place each, which is there once', () => {
    const places = mutants.flatMap((mutant) =>
      changesOf(mutant).map(({ file, from }) => {
        const count = readFileSync(join(top, file), 'utf8').split(from).length - 1;
        return { id: mutant.id, file, from, count };
      }),
    );
    expect(places.filter(({ count }) => count !== 1)).toEqual([]);
  });

  test('have names of their own, and a place where they were found', () => {
    const ids = mutants.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...readFound().keys()]).toEqual(ids);
  });

  test(
    'are found',
    async () => {
      const known = readFound();
      const chosen = mutants.filter(({ id, finder }) => {
        if (finder === 'crash' && !mayLookAtCrashes) return false;
        return (known.get(id)?.seconds ?? 0) <= secondsMax;
      });
      const results = await verify(chosen, known, 2);
      expect(results.filter(({ found }) => found === null).map(({ mutant }) => mutant.id)).toEqual(
        [],
      );
    },
    verifyTimeoutMs,
  );
});

describe('a change without consequences', () => {
  const harmless: Mutant = {
    id: 'harmless',
    source: 'slip',
    what: 'A sum is written the other way round.',
    file: 'machines/quorum.ts',
    from: 'found * 2 > total',
    to: '2 * found > total',
    finder: 'simulation',
    where: 'register',
  };

  test('is not found', async () => {
    const clean = new CleanRuns();
    const { found, seeds } = await hunt(harmless, clean, { count: 3 });
    clean.stop();
    expect([found, seeds]).toEqual([null, 3]);
  });

  test('is a mistake where the text to be changed is not there', async () => {
    const clean = new CleanRuns();
    const missing = { ...harmless, from: 'no such text' };
    await expect(hunt(missing, clean, { count: 1 })).rejects.toThrow(/no such text/);
    clean.stop();
  });
});
