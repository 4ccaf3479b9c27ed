/** Sessions and watches gathered from several replicas, some of which may be silent. */

import { describe, expect, test } from 'vitest';
import {
  type Ask,
  gatherSession,
  gatherSessions,
  gatherWatches,
} from '../../console/app/logic/session-load.ts';
import type { Question, SessionRow } from '../../protocol/inspection.ts';

const session = (at: number, sid: number): SessionRow => ({
  id: `0x${at.toString(16)}`,
  state: 'open',
  timeoutMs: 1,
  idleMs: 1,
  from: at % 2 === sid % 2 ? 'here:1' : null,
  connectionState: null,
  isLocal: false,
  ephemerals: 0,
  watches: 0,
  queued: 0,
  received: 0,
  sent: 0,
});

interface Fake {
  readonly ask: Ask;
  readonly asked: Question[];
}

/** Replicas that know `total` sessions each; those in `silent` do not answer. */
function fakeOf(total: number, silent: readonly number[] = []): Fake {
  const asked: Question[] = [];
  const answer = (sid: number, question: Question): object | null => {
    asked.push(question);
    if (silent.includes(sid)) throw new Error('no answer');
    if (question.what === 'sessions') {
      const { offset, limit } = question;
      const size = Math.max(0, Math.min(limit, total - offset));
      return { total, rows: Array.from({ length: size }, (_, at) => session(offset + at, sid)) };
    }
    if (question.what === 'session') {
      if (question.id === '0xff') return null;
      const lists = { ephemeralPaths: [`/${sid}`, '/a'], watchList: [] };
      return { ...session(1, sid), ...lists };
    }
    return { total: 1, groups: [{ key: '/a', count: sid, entries: [] }] };
  };
  const ask = async (sid: number, question: Question) => answer(sid, question);
  return { ask: ask as Ask, asked };
}

describe('sessions of all replicas', () => {
  test('are asked for page by page', async () => {
    const { ask, asked } = fakeOf(2_500);
    const { rows, total, missing } = await gatherSessions(ask, [1], 'x');

    expect([rows.length, total, missing]).toEqual([2_500, 2_500, []]);
    expect(asked.map((question) => 'offset' in question && question.offset)).toEqual([
      0, 1_000, 2_000,
    ]);
  });

  test('end at what one list shows, with their true number', async () => {
    const { rows, total } = await gatherSessions(fakeOf(80_000).ask, [1], '');

    expect([rows.length, total]).toEqual([5_000, 80_000]);
  });

  test('are shown without a replica that is silent, which is named', async () => {
    const { rows, missing } = await gatherSessions(fakeOf(3, [2]).ask, [1, 2], '');

    expect(rows).toHaveLength(3);
    expect(missing).toEqual(['replica 2: no answer']);
  });

  test('are not said to be none when there is nobody to ask', async () => {
    await expect(gatherSessions(fakeOf(3).ask, [], '')).rejects.toThrow('No replica');
  });

  test('are not to be had if nobody answers', async () => {
    await expect(gatherSessions(fakeOf(3, [1, 2]).ask, [1, 2], '')).rejects.toThrow(
      'replica 1: no answer; replica 2: no answer',
    );
  });
});

test('a session is told as the replica of its client has it', async () => {
  const detail = await gatherSession(fakeOf(9).ask, [1, 2], '0x1');

  expect(detail).toMatchObject({ sid: 1, from: 'here:1', ephemeralPaths: ['/1', '/2', '/a'] });
  expect(await gatherSession(fakeOf(9).ask, [1, 2], '0xff')).toBeNull();
});

test('watches of one path are counted over the replicas', async () => {
  const { rows } = await gatherWatches(fakeOf(9).ask, [1, 2], 'path', '');

  expect(rows.map(({ key, count }) => [key, count])).toEqual([['/a', 3]]);
});
