/**
 * The protocol's machines, composed and explored: small models completely, one kind of fault each,
 * larger ones by random walks. The full bounds take longer: see main.ts.
 */

import { describe, expect, test } from 'vitest';
import { explore } from './explorer.ts';
import { extend } from './liveness.ts';
import { large, usual } from './models.ts';
import { walkAtRandom } from './random-walk.ts';
import { script } from './script.ts';

const seed = Number(process.env['MODEL_SEED'] ?? 20_260_801);

describe('every state of a small model keeps Z1 to Z11, and finds back together', () => {
  for (const { name, bounds, before } of usual) {
    test(name, { timeout: 300_000 }, () => {
      let count = 0;
      const { complete, violation } = explore(bounds, {
        before,
        visit: (model, state) => (count++ % 50 === 0 ? extend(model, state) : null),
      });

      expect(violation === null ? '' : script(bounds, violation)).toBe('');
      expect(complete).toBe(true);
    });
  }
});

describe(`random walks through larger ones (MODEL_SEED=${seed})`, () => {
  for (const { name, bounds } of large) {
    test(name, { timeout: 120_000 }, () => {
      const { violation, walks } = walkAtRandom(bounds, { seed, secondsMax: 2 });

      expect(violation === null ? '' : script(bounds, violation)).toBe('');
      expect(walks).toBeGreaterThan(0);
    });
  }
});
