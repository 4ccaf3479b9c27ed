/** The ring of records of the page: what stays, in which order, and what is handed on. */

import { describe, expect, test } from 'vitest';
import { madeAt, RecordRing } from '../../console/app/record-ring.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { frameRecord } from './inspect-records.ts';

const frame = (atMs: number, seq = atMs): InspectRecord =>
  frameRecord('PING', 1, 2, { atMs, seq, origin: 9 });
const times = (ring: RecordRing): number[] => ring.list().map(madeAt);

describe('a ring of records', () => {
  test('keeps the last ones, and hands on what falls out, oldest first', () => {
    const ring = new RecordRing(3);
    const gone: number[] = [];
    ring.take(
      [1, 2, 3, 4, 5].map((at) => frame(at)),
      (record) => gone.push(madeAt(record)),
    );

    expect(times(ring)).toEqual([3, 4, 5]);
    expect([0, 1, 2, 3].map((index) => ring.at(index)?.seq)).toEqual([3, 4, 5, undefined]);
    expect(gone).toEqual([1, 2]);
    expect(ring.first).toBe(2);
    expect(ring.size).toBe(3);
  });

  test('takes each record once, also when a ring is sent again', () => {
    const ring = new RecordRing(10);
    ring.take([frame(1), frame(2)]);
    ring.take([frame(1), frame(2), frame(3)]);

    expect(times(ring)).toEqual([1, 2, 3]);
  });

  test('tells records of the same number of two processes apart', () => {
    const ring = new RecordRing(10);
    ring.take([frame(1), frameRecord('PING', 2, 1, { atMs: 2, seq: 1, origin: 8 })]);

    expect(ring.size).toBe(2);
  });

  test('puts older ones that come later where they belong, and says that all have moved', () => {
    const ring = new RecordRing(4);
    const gone: number[] = [];
    ring.take([frame(3), frame(6)]);
    const { generation } = ring;
    ring.merge([frame(1), frame(3), frame(4), frame(5)], (record) => gone.push(madeAt(record)));

    expect(times(ring)).toEqual([3, 4, 5, 6]);
    expect(gone).toEqual([1]);
    expect(ring.generation).not.toBe(generation);
    expect(ring.first).toBe(1);
  });

  test('goes on in a circle after a merge', () => {
    const ring = new RecordRing(3);
    ring.take([frame(2), frame(4), frame(5), frame(6)]);
    ring.merge([frame(3)]);
    ring.take([frame(7), frame(8)]);

    expect(times(ring)).toEqual([6, 7, 8]);
  });

  test('a copy stays as it is', () => {
    const ring = new RecordRing(3);
    ring.take([frame(1), frame(2), frame(3), frame(4)]);
    const copy = ring.copy();
    ring.take([frame(5)]);

    expect(times(copy)).toEqual([2, 3, 4]);
    expect(copy.first).toBe(1);
  });
});
