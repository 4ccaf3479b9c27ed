/**
 * The two places of a page against two Maps: what is finished is never written over, and a pass
 * that finishes takes its place.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PagePlaces } from '../../storage/page-places.ts';

test('agrees with two Maps (random passes over up to 200 pages)', () => {
  const page = fc.nat({ max: 199 });
  const start = fc.uniqueArray(fc.tuple(page, fc.nat({ max: 1 })), { selector: ([one]) => one });
  fc.assert(
    fc.property(start, fc.array(fc.array(page)), (loaded, passes) => {
      const places = new PagePlaces();
      const finished = new Map(loaded);
      for (const [one, place] of loaded) places.found(one, place);
      for (const written of passes) {
        const pass = new Map<number, number>();
        for (const one of written) {
          const place = places.write(one);

          expect(place).toBe(pass.get(one) ?? 1 - (finished.get(one) ?? 1));
          pass.set(one, place);
        }
        expect(places.isPassEmpty).toBe(pass.size === 0);
        places.finish();
        expect(places.isPassEmpty).toBe(true);
        for (const [one, place] of pass) finished.set(one, place);
      }
    }),
  );
});

test('reading again within a pass forgets nothing of it', () => {
  const places = new PagePlaces();
  places.found(3, 1);
  expect(places.write(3)).toBe(0);

  places.found(3, 1);
  places.finish();

  expect(places.write(3)).toBe(1);
  expect(() => places.found(3, 2)).toThrow(/two places/);
});

test('a page far behind the others has a place', () => {
  const places = new PagePlaces();

  expect(places.write(1_000_000)).toBe(0);
  places.finish();
  expect(places.write(1_000_000)).toBe(1);
});
