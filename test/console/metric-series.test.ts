/** The lines of the metrics page: rates from counters, and gaps where nothing was measured. */

import { describe, expect, test } from 'vitest';
import { metricPoints, metrics } from '../../console/app/logic/metric-series.ts';
import { linePath, nearest, niceTop, stretches } from '../../console/app/logic/plot-line.ts';
import type { ReplicaStatus } from '../../protocol/inspection.ts';
import { statusOf } from './inspect-records.ts';

const syncMs = { count: 1, p50: 2, p99: 4, max: 5 };
const status = (uptimeMs: number, received: number): ReplicaStatus =>
  statusOf(1, { mode: 'leader', uptimeMs, received, syncMs });

const line = (title: string, name: string) =>
  metrics.find((metric) => metric.title === title)!.lines.find((each) => each.name === name)!;
const values = (samples: [atMs: number, uptimeMs: number, received: number][]) =>
  metricPoints(
    samples.map(([atMs, uptimeMs, received]) => ({
      atMs,
      status: status(uptimeMs, received),
    })),
    line('Throughput', 'received'),
  ).map(({ value }) => value);

describe('throughput', () => {
  test('is what the counter gained, by the time of the replica', () => {
    expect(
      values([
        [0, 0, 0],
        [500, 500, 100],
        [1_050, 1_000, 300],
      ]),
    ).toEqual([null, 200, 400]);
  });

  test('is not known over a restart, nor over a silence', () => {
    expect(
      values([
        [0, 9_000, 100],
        [500, 200, 5],
        [1_000, 700, 55],
      ]),
    ).toEqual([null, null, 100]);
    expect(
      values([
        [0, 0, 0],
        [60_000, 60_000, 600],
      ]),
    ).toEqual([null, null]);
  });
});

test('what was not counted has no value', () => {
  const sample = { atMs: 0, status: status(0, 0) };

  expect(metricPoints([sample], line('Latency', 'p50'))[0]?.value).toBeNull();
  expect(metricPoints([sample], line('Fsync', 'p99'))[0]?.value).toBe(4);
});

describe('a plot', () => {
  const points = [0, 500, 1_000, 9_000, 9_500].map((at) => ({ at, value: at === 500 ? null : 1 }));
  const box = { width: 100, height: 10, from: 0, to: 10_000, top: 2 };

  test('has a gap where a value or samples are missing', () => {
    expect(stretches(points).map((stretch) => stretch.map(({ at }) => at))).toEqual([
      [0],
      [1_000],
      [9_000, 9_500],
    ]);
    expect(linePath(points, box)).toBe('M0 5h0M10 5h0M90 5L95 5');
  });

  test('keeps peaks when there are more samples than pixels', () => {
    const many = Array.from({ length: 1_000 }, (_, at) => ({ at, value: at === 777 ? 2 : 0 }));

    expect(linePath(many, { ...box, to: 1_000 })).toContain(' 0L');
  });

  test('reaches to a round number', () => {
    expect(niceTop([3, 7], 1)).toBe(10);
    expect(niceTop([], 10)).toBe(10);
    expect(niceTop([0.3], 0.1)).toBeCloseTo(0.5);
    expect(niceTop([2_400], 10)).toBe(2_500);
  });

  test('names the sample under the pointer, and none in a gap', () => {
    expect(nearest(points, 9_300)?.at).toBe(9_500);
    expect(nearest(points, 5_000)).toBeNull();
  });
});
