/** The pure parts that turn what was measured into figures. */

import { describe, expect, test } from 'vitest';
import { longestGapMs } from '../../bench/outage.ts';
import { busyTicks, processorTicks } from '../../bench/process-usage.ts';
import { processorNumbers } from '../../bench/processes.ts';
import { digits, quantity, spreadText } from '../../bench/quantity.ts';
import { linearScale, logScale } from '../../bench/scale.ts';
import { median, spreadOf } from '../../bench/statistics.ts';

describe('medians and spreads', () => {
  test('the median is the middle one, or the mean of the two in the middle', () => {
    expect(median([3, 1, 100])).toBe(3);
    expect(median([4, 1, 2, 100])).toBe(3);
    expect(median([])).toBeNull();
  });

  test('a spread holds the least and the most, and nothing is no spread', () => {
    expect(spreadOf([5, 1, 9])).toEqual({ median: 5, least: 1, most: 9, count: 3 });
    expect(spreadOf([])).toBeNull();
  });
});

describe('quantities', () => {
  test('have the unit that suits them and three digits', () => {
    expect(quantity(1_234_567, 'perSecond')).toBe('1.23 M/s');
    expect(quantity(23_148, 'perSecond')).toBe('23.1 k/s');
    expect(quantity(0.00073, 'seconds')).toBe('0.73 ms');
    expect(quantity(0.000021, 'seconds')).toBe('21 µs');
    expect(quantity(8.61, 'seconds')).toBe('8.61 s');
    expect(quantity(1360, 'bytes')).toBe('1,360 B');
    expect(quantity(3.04e9, 'bytes')).toBe('3.04 GB');
    expect(digits(0)).toBe('0');
  });

  test('of several rounds show the spread in the unit of the median', () => {
    const spread = { median: 23_000, least: 900, most: 24_500, count: 3 };

    expect(spreadText(spread, 'perSecond')).toBe('23 k/s (0.9–24.5)');
    expect(spreadText({ ...spread, count: 1 }, 'perSecond')).toBe('23 k/s');
  });
});

test('the outage is the longest run of empty intervals after the kill, not before', () => {
  const perSecond = [0, 0, 0, 0, 0, 9, 9, 0, 0, 9, 0, 0, 0, 9, 0];
  const timeline = perSecond.map((one, at) => [10 * (at + 1), one] as const);

  expect(longestGapMs(timeline, 60, 10)).toBe(30);
  expect(longestGapMs([], 60, 10)).toBe(0);
});

describe('/proc', () => {
  test('user and system ticks of a process whose name holds blanks and brackets', () => {
    const stat = '42 (a (b) c) S 1 42 42 0 -1 4194560 1000 0 0 0 123 45 0 0 20 0 11 0';

    expect(processorTicks(stat)).toBe(168);
  });

  test('busy ticks of the asked processors, without idle time and interrupts', () => {
    const lines = ['cpu  9 9 9 9 9 9 9 9 0 0', 'cpu0 1 2 4 90 80 70 60 8 0 0', 'cpu1 5 0 0 1'];

    expect(busyTicks(lines.join('\n'), [0])).toBe(15);
    expect(busyTicks(lines.join('\n'), [0, 1])).toBe(20);
  });

  test('a list of processors in words', () => {
    expect(processorNumbers('0-2,6')).toEqual([0, 1, 2, 6]);
  });
});

describe('axes', () => {
  test('have round ticks around all values', () => {
    const scale = linearScale(0, 43_000, { from: 100, to: 0 });

    expect(scale.ticks).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000]);
    expect(scale.position(0)).toBe(100);
    expect(scale.position(50_000)).toBe(0);
  });

  test('of powers of ten, and what lies between', () => {
    const scale = logScale(0.0012, 0.8, { from: 0, to: 300 });

    expect(scale.ticks).toHaveLength(10);
    expect(scale.position(0.001)).toBeCloseTo(0);
    expect(scale.position(0.01)).toBeCloseTo(100);
    expect(scale.position(1)).toBeCloseTo(300);
  });
});
