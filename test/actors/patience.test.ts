/**
 * Patience: as long as heartbeats have lately been apart, several times over, within bounds.
 */

import { describe, expect, test } from 'vitest';
import { Patience } from '../../actors/patience.ts';

const least = 8;
const most = 100;
const memory = 500;

/** Heartbeats every `gap` ticks from one tick on, up to and without another. */
function beats(patience: Patience, from: number, to: number, gap = 1): void {
  for (let tick = from; tick < to; tick += gap) patience.heard(tick);
}

describe('patience', () => {
  test('is short at first, and while heartbeats come evenly', () => {
    const patience = new Patience();
    expect(patience.ticks).toBe(least);
    beats(patience, 10_000, 10_400);
    expect(patience.ticks).toBe(least);
    beats(patience, 10_400, 10_420, 2);

    expect(patience.ticks).toBe(least);
  });

  test('is three times the widest gap, at once', () => {
    const patience = new Patience();
    beats(patience, 10_000, 10_010);
    patience.heard(10_009 + 5);
    expect(patience.ticks).toBe(15);
    patience.heard(10_014 + 20);
    expect(patience.ticks).toBe(60);
    patience.heard(10_034 + 3);

    expect(patience.ticks).toBe(60);
  });

  test('has a bound', () => {
    for (const gap of [33, 34, 100, 10_000]) {
      const patience = new Patience();
      patience.heard(1000);
      patience.heard(1000 + gap);

      expect(patience.ticks).toBe(Math.min(gap * 3, most));
    }
  });

  test('forgets a gap, after one stretch of memory and before the third', () => {
    const patience = new Patience();
    beats(patience, 10_000, 10_010);
    patience.heard(10_030);
    beats(patience, 10_031, 10_030 + memory);
    expect(patience.ticks).toBeGreaterThan(least);
    beats(patience, 10_030 + memory, 10_030 + 2 * memory + 30);

    expect(patience.ticks).toBe(least);
  });

  test('does not count the time between two leaders, and keeps what it knew', () => {
    const patience = new Patience();
    beats(patience, 10_000, 10_010);
    patience.heard(10_015);
    patience.restart();
    patience.heard(10_200);
    expect(patience.ticks).toBe(18);
    patience.heard(10_210);

    expect(patience.ticks).toBe(30);
  });

  test('is not confused by heartbeats within one tick', () => {
    const patience = new Patience();
    for (const tick of [1000, 1000, 1001, 1001, 1001]) patience.heard(tick);

    expect(patience.ticks).toBe(least);
  });
});
