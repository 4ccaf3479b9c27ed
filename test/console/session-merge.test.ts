/** Sessions and watches of all replicas as one list. */

import { describe, expect, test } from 'vitest';
import {
  mergeSessions,
  mergeWatches,
  sortedSessions,
} from '../../console/app/logic/session-merge.ts';
import type { SessionRow, WatchEntry } from '../../protocol/inspection.ts';

const row = (id: string, over: Partial<SessionRow> = {}): SessionRow => ({
  id,
  state: 'open',
  timeoutMs: 30_000,
  idleMs: 500,
  from: null,
  connectionState: null,
  isLocal: false,
  ephemerals: 0,
  watches: 0,
  queued: 0,
  received: 0,
  sent: 0,
  ...over,
});

describe('a session that all replicas know', () => {
  const near = row('0x1', { from: '10.0.0.1:5000', idleMs: 20, watches: 3, queued: 2 });
  const pages = [
    { sid: 1, rows: [row('0x1', { idleMs: 900 }), row('0x2')] },
    { sid: 2, rows: [near, row('0x2')] },
  ];

  test('is one row, as the replica has it that its client is connected to', () => {
    for (const order of [pages, [...pages].reverse()]) {
      const merged = mergeSessions(order);
      expect(merged).toHaveLength(2);
      expect(merged.find(({ id }) => id === '0x1')).toEqual({ ...near, sid: 2 });
    }
  });

  test('is where its client was last heard, if two say that it is theirs', () => {
    const moved = { ...near, from: '10.0.0.1:6000', idleMs: 5 };
    const merged = mergeSessions([
      { sid: 1, rows: [near] },
      { sid: 3, rows: [moved] },
    ]);

    expect(merged[0]).toMatchObject({ sid: 3, from: '10.0.0.1:6000' });
  });
});

test('sessions are sorted by a column, and the equal ones by id', () => {
  const rows = mergeSessions([
    { sid: 1, rows: [row('0x3'), row('0x1', { watches: 2 }), row('0x2')] },
  ]);

  expect(sortedSessions(rows, 'watches', true).map(({ id }) => id)).toEqual(['0x1', '0x2', '0x3']);
  expect(sortedSessions(rows, 'watches', false).map(({ id }) => id)).toEqual(['0x2', '0x3', '0x1']);
});

test('watches of a path are counted over all replicas, the most watched first', () => {
  const entry = (actor: string): WatchEntry => ({
    path: '/a',
    table: 'data',
    state: 'armed',
    session: '0x1',
    actor,
  });
  const merged = mergeWatches([
    [{ key: '/a', count: 2, entries: [entry('1:w')] }],
    [
      { key: '/b', count: 3, entries: [] },
      { key: '/a', count: 2, entries: [entry('2:w')] },
    ],
  ]);

  expect(merged.map(({ key, count }) => [key, count])).toEqual([
    ['/a', 4],
    ['/b', 3],
  ]);
  expect(merged[0]?.entries.map(({ actor }) => actor)).toEqual(['1:w', '2:w']);
});
