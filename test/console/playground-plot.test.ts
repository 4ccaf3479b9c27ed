/** Where the parts of the throughput plot lie. */

import { expect, test } from 'vitest';
import {
  type Frame,
  labelRows,
  linePath,
  marks,
  roundMax,
  stretches,
  xOf,
  yOf,
} from '../../console/app/playground-plot.ts';
import type { DemoEvent, DemoOutage } from '../../protocol/demo.ts';

const nowMs = 1_000_000;
const frame: Frame = { left: 40, top: 10, width: 1200, height: 100, nowMs, rateMax: 1000 };
const point = (agoMs: number, perSecond: number) => ({ atMs: nowMs - agoMs, perSecond, failed: 0 });
const outage = (agoMs: number, ms: number, rest: Partial<DemoOutage> = {}): DemoOutage => {
  const fromMs = nowMs - agoMs;
  return { atMs: fromMs, what: 'killed', sid: 1, fromMs, toMs: fromMs + ms, ms, ...rest };
};
const event = (agoMs: number, rest: Partial<DemoEvent> = {}): DemoEvent => {
  return { atMs: nowMs - agoMs, what: 'killed', sid: 1, kind: 'broke', ...rest };
};

test('now is at the right, two minutes ago at the left, no write at the foot', () => {
  expect([xOf(nowMs, frame), xOf(nowMs - 120_000, frame)]).toEqual([1240, 40]);
  expect([yOf(0, frame), yOf(1000, frame)]).toEqual([110, 10]);
});

test('the scale ends at a round rate', () => {
  expect(roundMax([])).toBe(100);
  expect(roundMax([point(0, 130)])).toBe(200);
  expect(roundMax([point(0, 1000)])).toBe(1000);
  expect(roundMax([point(0, 2010)])).toBe(5000);
});

test('the line is interrupted where there was no load, and by nothing else', () => {
  const points = [point(1000, 0), point(900, 500), point(500, 500), point(400, 1000)];

  expect(linePath(points, frame)).toBe('M1230.5 110.0L1231.5 60.0M1235.5 60.0L1236.5 10.0');
  expect(linePath([point(130_000, 5)], frame)).toBe('');
});

test('an outage is shaded from its start to its end, or to now while it goes on', () => {
  expect(stretches([outage(10_000, 2000)], frame)).toEqual([
    { x: 1140, width: 20, isOngoing: false },
  ]);
  expect(stretches([outage(1000, 1000, { toMs: null })], frame)).toEqual([
    { x: 1230, width: 10, isOngoing: true },
  ]);
  expect(stretches([outage(10_000, 20), outage(200_000, 500)], frame)).toEqual([]);
});

test('of two failures in one outage the longer stretch is shaded, once', () => {
  expect(stretches([outage(10_000, 2000), outage(9_000, 1000)], frame)).toHaveLength(1);
});

test('a failure is labelled with what it cost', () => {
  const labels = marks(
    {
      events: [event(9000), event(5000, { sid: null, what: 'bus killed' })],
      outages: [outage(9000, 812)],
    },
    frame,
  ).map(({ label }) => label);

  expect(labels).toEqual(['1 killed: 812 ms', 'bus killed']);
});

test('labels that would cover each other go to other rows', () => {
  const events = [event(3000), event(2900, { what: 'started', kind: 'mended' })];

  expect(marks({ events, outages: [] }, frame).map(({ row }) => row)).toEqual([0, 1]);
  const far = [event(90_000), event(2900)];
  expect(marks({ events: far, outages: [] }, frame).map(({ row }) => row)).toEqual([0, 0]);
});

test('where there is no room left, a label that matters less is left out', () => {
  const many = Array.from({ length: labelRows }, (_, at) => event(3000 - at));
  const late = event(2000, { what: 'leads', kind: 'seen' });

  expect(marks({ events: [...many, late], outages: [] }, frame).at(-1)).toMatchObject({
    label: '1 leads',
    row: null,
  });
});

test('what was only seen is no mark, but for who leads', () => {
  const events = [event(100, { what: 'follows', kind: 'seen' })];

  expect(marks({ events, outages: [] }, frame)).toEqual([]);
});
