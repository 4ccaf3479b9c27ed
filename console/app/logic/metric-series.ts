/**
 * The lines of the metrics page, from the statuses that replicas send: what is measured is taken as
 * it is, counters become rates between two statuses of the same process.
 */

import type { Percentiles, ReplicaStatus } from '../../../protocol/inspection.ts';
import { bytesText, countText, msText } from '../figures.ts';
import { gapMs, type PlotPoint } from './plot-line.ts';

export interface MetricSample {
  /** When its replica said so, ms. */
  readonly atMs: number;
  readonly status: ReplicaStatus;
}

type Reading = (now: ReplicaStatus, before: ReplicaStatus | null) => number | null;

export interface MetricLine {
  readonly name: string;
  readonly read: Reading;
}

export interface Metric {
  readonly title: string;
  readonly lines: readonly MetricLine[];
  readonly text: (value: number) => string;
  /** The plot reaches at least this high. */
  readonly least: number;
  /** Of which the upper edge is a round number. */
  readonly unit?: number;
}

type Counter = 'received' | 'committed';

/** Per second; null over a restart, when counters begin anew. */
const rate =
  (counter: Counter): Reading =>
  (now, before) => {
    if (before === null) return null;
    const seconds = (now.uptimeMs - before.uptimeMs) / 1_000;
    if (seconds <= 0 || now[counter] < before[counter]) return null;
    return (now[counter] - before[counter]) / seconds;
  };

type Timed = 'latencyMs' | 'syncMs' | 'loopDelayMs';

const percentile =
  (timed: Timed, which: keyof Percentiles): Reading =>
  (now) =>
    now[timed]?.[which] ?? null;

const percentiles = (timed: Timed): MetricLine[] => [
  { name: 'p50', read: percentile(timed, 'p50') },
  { name: 'p99', read: percentile(timed, 'p99') },
];

const perSecond = (value: number): string => `${countText(value)}/s`;

const mebibyte = 1024 * 1024;

export const metrics: readonly Metric[] = [
  {
    title: 'Throughput',
    lines: [
      { name: 'received', read: rate('received') },
      { name: 'committed', read: rate('committed') },
    ],
    text: perSecond,
    least: 10,
  },
  { title: 'Latency', lines: percentiles('latencyMs'), text: msText, least: 1 },
  { title: 'Fsync', lines: percentiles('syncMs'), text: msText, least: 1 },
  {
    title: 'Outstanding',
    lines: [{ name: 'requests', read: (now) => now.outstanding }],
    text: countText,
    least: 10,
  },
  {
    title: 'Memory',
    lines: [
      { name: 'heap', read: (now) => now.heapBytes },
      { name: 'resident', read: (now) => now.residentBytes },
    ],
    text: bytesText,
    least: 64 * mebibyte,
    unit: mebibyte,
  },
  { title: 'Event-loop delay', lines: percentiles('loopDelayMs'), text: msText, least: 1 },
  {
    title: 'Znodes',
    lines: [{ name: 'znodes', read: (now) => now.znodes }],
    text: countText,
    least: 10,
  },
];

/** One line's points; a status that came long after the one before has no rate. */
export function metricPoints(samples: readonly MetricSample[], { read }: MetricLine): PlotPoint[] {
  let before: MetricSample | null = null;
  return samples.map((sample) => {
    const isNear = before !== null && sample.atMs - before.atMs <= gapMs;
    const point = {
      at: sample.atMs,
      value: read(sample.status, isNear ? (before?.status ?? null) : null),
    };
    before = sample;
    return point;
  });
}
