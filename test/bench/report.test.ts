/** What the report makes of results: verdicts, reasons, plots, and where a part is run anew. */

import { describe, expect, test } from 'vitest';
import { growthKey } from '../../bench/growth.ts';
import type { Measure } from '../../bench/measure.ts';
import { plotsOf } from '../../bench/plots.ts';
import { shareKey } from '../../bench/read-share.ts';
import { mainTable, report } from '../../bench/report.ts';
import { merge, type Results, type Sample } from '../../bench/results.ts';
import { rows } from '../../bench/rows.ts';
import { sections } from '../../bench/sections.ts';
import { findingOf } from '../../bench/verdict.ts';

const facts = {
  ...{ date: '2026-01-01', commit: 'abc', rounds: 1, seconds: 1, warm: 1, gaps: ['a gap'] },
  machine: {
    ...{ processor: 'P', processors: 4, pinnedTo: '0,1', memoryGigabytes: 8, kernel: '6' },
    ...{ node: '20', java: '17', natsServer: '2', apache: '3.8.0' },
  },
};

function results(key: string, natskeeper: Sample[], apache: Sample[]): Results {
  return {
    runs: { first: facts },
    series: { [key]: { run: 'first', samples: { natskeeper, apache } } },
  };
}

const more: Measure = {
  ...{ figure: 'perSecond', name: '', unit: 'perSecond', better: 'more' },
  ...{ must: { ratio: 2 }, aim: { ratio: 4 } },
};
const less: Measure = {
  ...{ figure: 'outage', name: '', unit: 'seconds', better: 'less' },
  ...{ must: { limit: 0.25 }, aim: { ratio: 0.5 } },
};

describe('a verdict', () => {
  const verdict = (measure: Measure, ours: number[], theirs: number[]) => {
    const samples = (values: number[]) => values.map((value) => ({ [measure.figure]: value }));
    const series = results('x', samples(ours), samples(theirs)).series['x'];
    return findingOf(series, measure).verdict;
  };

  test('compares medians by the ratio', () => {
    expect(verdict(more, [10, 19, 90], [10, 10, 1])).toBe('MISSED');
    expect(verdict(more, [20], [10])).toBe('reached');
    expect(verdict(more, [40], [10])).toBe('aim reached');
  });

  test('compares with a limit, whatever the other side does', () => {
    expect(verdict(less, [0.3], [0.5])).toBe('MISSED');
    expect(verdict(less, [0.2], [])).toBe('reached');
    expect(verdict(less, [0.2], [0.5])).toBe('aim reached');
  });

  test('is unknown without the other side', () => {
    expect(verdict(more, [20], [])).toBe('unknown');
  });
});

describe('the table', () => {
  test('shows the measured rows only, and marks one that misses', () => {
    const text = mainTable(results('memory', [{ residentBytesPerReplica: 3e8 }], []));

    expect(text).toContain('| 300 MB | – | – | 150 MB | 100 MB | **MISSED** |');
    expect(text).toContain('\n- resident memory per replica under 30 % writes: ');
    expect(text).not.toContain('outage');
  });

  test('gives no reason where nothing is missed', () => {
    const text = mainTable(results('memory', [{ residentBytesPerReplica: 1e8 }], []));

    expect(text).toContain('aim reached');
    expect(text).not.toContain('and why');
  });
});

describe('the report', () => {
  test('names the run of each part, and what could not be measured', () => {
    const text = report(results('memory', [{ residentBytesPerReplica: 1e8 }], []), []);

    expect(text).toContain('commit abc');
    expect(text).toContain('Parts: memory (1).');
    expect(text).toContain('Not measured: a gap');
  });

  test('warns of loads that had to share their processors', () => {
    const sample = { residentBytesPerReplica: 1e8, othersShare: 0.3 };

    expect(report(results('memory', [sample], []), [])).toContain('during: memory (30 %)');
  });

  test('holds the cost of growth where it was run', () => {
    const key = growthKey({ voters: 3, observers: 10 }, 'writes');
    const sample = { perSecond: 20_000, leaderProcessorPerOperation: 0.000011 };

    expect(report(results(key, [sample], []), [])).toContain(
      '| 3 voters, 10 observers | natskeeper | 20 k/s | 11 µs |',
    );
  });
});

test('a part that is run anew takes the place of the old one, and old runs are forgotten', () => {
  const old = results('memory', [{ residentBytesPerReplica: 1 }], []);
  const series = { memory: { run: 'second', samples: {} } };
  const both = merge(old, { runs: { second: { ...facts, commit: 'def' } }, series });

  expect(both.runs).toEqual({ second: expect.objectContaining({ commit: 'def' }) });
  expect(both.series).toEqual(series);
});

test('plots are made of what was run, and stand by themselves', () => {
  const sample = { perSecond: 50_000 };
  const one = results(shareKey(3, 25, 'all servers'), [sample], [sample]);
  const two = results(shareKey(3, 75, 'all servers'), [sample], [sample]);
  const plots = plotsOf({ runs: one.runs, series: { ...one.series, ...two.series } });

  expect(plots.map(({ file }) => file)).toEqual(['share-of-reads.svg']);
  expect(plots[0]?.svg.match(/<polyline/g)).toHaveLength(2);
  expect(plots[0]?.svg).toContain('<title>');
  expect(plots[0]?.svg).not.toMatch(/NaN|undefined|url\(|href/);
});

test('every row belongs to a section that runs it, under a key of its own', () => {
  const names = sections.map(({ name }) => name);

  expect(rows.filter(({ section }) => !names.includes(section))).toEqual([]);
  expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
});
