/**
 * The protocol's named situations, as scripts with the transcripts that they must make. With
 * REWRITE=1 in the environment the files are rewritten from what happens: read the difference.
 */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { play, usualSeed } from './play.ts';

const folder = import.meta.dirname;
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));
const isRewriting = process.env['REWRITE'] === '1';

describe('what happens is what the script says', () => {
  for (const name of files) {
    test(name.replace(/-/g, ' ').replace('.txt', ''), async () => {
      const path = join(folder, name);
      const text = readFileSync(path, 'utf8');
      const played = await play(text);
      if (isRewriting) writeFileSync(path, played);
      else expect(played).toBe(text);
      expect(played).not.toContain('VIOLATED');
    });
  }
});

describe('and does not hang on chance', () => {
  for (const seed of [usualSeed + 1, usualSeed + 2]) {
    test(`seed ${seed}`, async () => {
      for (const name of files) {
        const text = readFileSync(join(folder, name), 'utf8');
        expect(await play(text, seed), name).toBe(text);
      }
    });
  }
});
