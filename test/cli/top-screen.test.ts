/** The screen of `natskeeper top` as text. */

import { describe, expect, test } from 'vitest';
import { changesBetween, screenLines } from '../../cli/top-screen.ts';
import { lagOf, silentRow, type TopRow, type TopView } from '../../cli/top-view.ts';

const wallMs = new Date(2030, 0, 2, 3, 4, 5).getTime();
const size = { columns: 400, rows: 40 };

function row(sid: number, rest: Partial<TopRow> = {}): TopRow {
  return {
    sid,
    address: `127.0.0.1:218${sid}`,
    role: 'follower',
    phase: 'broadcast',
    epoch: 5,
    zxid: '0x50000000c',
    lag: 0,
    requestsPerSecond: 1234.4,
    commitsPerSecond: 800,
    p50Ms: 0.4,
    p99Ms: 12.34,
    syncP99Ms: 250,
    connections: 3,
    sessions: 9,
    watches: 70,
    znodes: 1000,
    heapBytes: 64 * 2 ** 20,
    loopP99Ms: 1.5,
    silentMs: 200,
    isStale: false,
    ...rest,
  };
}

const viewOf = (...rows: TopRow[]): TopView => {
  return { title: 'ensemble demo', rows, latency: 'percentiles' };
};

describe('the table', () => {
  test('has a row for each replica, its columns in line', () => {
    const lines = screenLines(viewOf(row(1, { role: 'leader' }), row(2)), null, wallMs, size);

    expect(lines).toEqual([
      '03:04:05  ensemble demo  2 of 2 heard  leader: replica 1',
      '',
      'SID  ADDRESS         ROLE      PHASE      EPOCH  ZXID         LAG  REQ/S  COMMIT/S  ' +
        'P50 MS  P99 MS  FSYNC P99  CONNS  SESS  WATCH  ZNODES  HEAP  LOOP',
      '  1  127.0.0.1:2181  leader    broadcast      5  0x50000000c    0   1234       800  ' +
        '  0.40    12.3        250      3     9     70    1000   64M  1.50',
      '  2  127.0.0.1:2182  follower  broadcast      5  0x50000000c    0   1234       800  ' +
        '  0.40    12.3        250      3     9     70    1000   64M  1.50',
    ]);
  });

  test('marks who is silent with the age of what is shown, and who was never heard', () => {
    const stale = row(2, { isStale: true, silentMs: 12_400 });
    const lines = screenLines(
      viewOf(row(1), stale, silentRow(3, 'c:2181', null)),
      null,
      wallMs,
      size,
    );

    expect(lines[0]).toContain('1 of 3 heard  no leader');
    expect(lines[4]).toMatch(/^ !2 .* follower\? 12s ago /);
    expect(lines[5]).toMatch(/^ !3 .* not heard +- /);
    expect(lines.at(-1)).toBe('! silent: not what it is now');
  });

  test('says what its latency is where there are no percentiles', () => {
    const view: TopView = { ...viewOf(row(1)), latency: 'average and maximum' };

    const text = screenLines(view, null, wallMs, size).join('\n');
    expect(text).toContain('AVG MS  MAX MS  FSYNC MAX');
    expect(text).toContain('mean and maximum since the server began');
  });

  test('fits the terminal', () => {
    const rows = Array.from({ length: 30 }, (_, at) => row(at + 1));
    const lines = screenLines(viewOf(...rows), [], wallMs, { columns: 60, rows: 12 });

    expect(lines.length).toBeLessThanOrEqual(12);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(60);
  });

  test('passes no control character on, whatever a replica is called', () => {
    const evil = row(1, { address: 'a\u001b[2Jb\r\nc\u0007', role: '\u009b31mleader\u202e' });

    const text = screenLines(viewOf(evil), [], wallMs, size).join('');
    expect(text).toContain('a·[2Jb··c·');
    expect(text).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('is a sentence while nobody was heard of', () => {
    expect(screenLines(viewOf(), null, wallMs, size)[2]).toBe('nobody was heard of so far');
  });
});

describe('changes', () => {
  const texts = (before: TopView, now: TopView) =>
    changesBetween(before, now, wallMs).map(({ text }) => text);

  test('of role, phase and silence are told, and nothing else', () => {
    const before = viewOf(row(1, { role: 'leader' }), row(2), row(3, { phase: 'election' }));
    const now = viewOf(
      row(1, { role: 'leader', isStale: true }),
      row(2, { role: 'leader', epoch: 6 }),
      row(3, { zxid: '0x600000001' }),
    );

    expect(texts(before, now)).toEqual([
      'replica 1 is silent',
      'replica 2 follower -> leader (epoch 6)',
      'replica 3 follower: election -> broadcast (epoch 5)',
    ]);
    expect(texts(now, before)).toContain('replica 1 is heard of: leader (epoch 5)');
    expect(texts(before, before)).toEqual([]);
    expect(changesBetween(null, now, wallMs)).toEqual([]);
  });

  test('stand below the table, the last one first, as many as there is room for', () => {
    const changes = [1, 2, 3].map((at) => ({ atMs: wallMs + at * 1000, text: `change ${at}` }));

    const lines = screenLines(viewOf(row(1)), changes, wallMs, { columns: 80, rows: 8 });
    expect(lines.slice(-3)).toEqual([
      'Elections and changes of role:',
      '  03:04:08  change 3',
      '  03:04:07  change 2',
    ]);
  });
});

test('the lag is counted within an epoch, and unknown across two', () => {
  expect(lagOf('0x500000001', ['0x500000001', '0x500000004', '0x4000000ff'])).toBe(3);
  expect(lagOf('0x500000001', ['0x600000000'])).toBeNull();
  expect(lagOf('none', ['0x600000000'])).toBeNull();
});
