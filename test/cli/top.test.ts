/** `natskeeper top`: its two sources of figures, and what it does to a terminal. */

import { describe, expect, test } from 'vitest';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import { runTop, type TopParts } from '../../cli/top.ts';
import { TopBus } from '../../cli/top-bus.ts';
import { openTopSource } from '../../cli/top-source.ts';
import type { TopSource, TopView } from '../../cli/top-view.ts';
import { silentRow } from '../../cli/top-view.ts';
import { TopWords } from '../../cli/top-words.ts';
import type { InspectRecord, ReplicaStatus, StatusRecord } from '../../protocol/inspection.ts';

const status: ReplicaStatus = {
  sid: 1,
  clientAddress: '127.0.0.1:2181',
  mode: 'leader',
  peerState: 'leading',
  phase: 'broadcast',
  leader: 1,
  epoch: 5,
  loggedZxid: '0x500000009',
  appliedZxid: '0x500000009',
  isVoter: true,
  members: [
    'server.1=10.0.0.1:2888:3888:participant;0.0.0.0:2181',
    'server.2=10.0.0.2:2888:3888:participant;2182',
    'server.3=10.0.0.3:2888:3888:observer',
  ],
  connections: 2,
  sessions: 3,
  watches: 4,
  znodes: 5,
  dataBytes: 6,
  ephemerals: 0,
  outstanding: 0,
  received: 1000,
  sent: 1000,
  committed: 100,
  latencyMs: { count: 5, p50: 1, p99: 2, max: 3 },
  syncMs: null,
  loopDelayMs: { count: 5, p50: 0.1, p99: 0.2, max: 0.3 },
  heapBytes: 2 ** 20,
  residentBytes: 2 ** 21,
  uptimeMs: 10_000,
  wallMs: 0,
  version: '1',
};

function recordOf(changes: Partial<ReplicaStatus>): StatusRecord {
  const told = { ...status, ...changes };
  return {
    type: '@natskeeper.status',
    status: told,
    createdAt: '0',
    id: null,
    _version: '1',
    sid: told.sid,
    epoch: told.epoch,
    zxid: told.appliedZxid,
    mono: 0,
    seq: 1,
    origin: 1,
  };
}

function busRig() {
  let now = 0;
  let isWatching = true;
  let take: (records: readonly InspectRecord[]) => void = () => {};
  const inspection: Inspection = {
    ensemble: 'demo',
    sid: 0,
    sids: () => [],
    watch: (_, taker) => {
      take = taker;
      return {
        cancel: () => {
          isWatching = false;
        },
      };
    },
    ask: () => Promise.reject(new Error('asks nothing')),
  };
  const source = new TopBus(
    inspection,
    new Map([[7, 'g:2181']]),
    () => now,
    async () => {},
  );
  return {
    source,
    says: (changes: Partial<ReplicaStatus>) => take([recordOf(changes)]),
    wait: (ms: number) => {
      now += ms;
    },
    isWatching: () => isWatching,
  };
}

describe('over the bus', () => {
  test('rates come from two reports, members that are not heard of are named', async () => {
    const { source, says } = busRig();
    expect((await source.read()).rows).toMatchObject([{ sid: 7, address: 'g:2181', role: null }]);
    says({});
    expect((await source.read()).rows[0]).toMatchObject({ requestsPerSecond: null });
    says({ uptimeMs: 10_500, received: 1600, committed: 150 });
    says({ sid: 2, mode: 'follower', appliedZxid: '0x500000007' });

    const { title, rows } = await source.read();
    expect(title).toBe('ensemble demo');
    expect(rows).toMatchObject([
      { sid: 1, requestsPerSecond: 1200, commitsPerSecond: 100, p99Ms: 2, syncP99Ms: null, lag: 0 },
      { sid: 2, role: 'follower', lag: 2, isStale: false },
      { sid: 3, address: '10.0.0.3', role: null, isStale: true, silentMs: null },
    ]);
  });

  test('one that falls silent keeps its figures, with their age', async () => {
    const { source, says, wait, isWatching } = busRig();
    says({});
    wait(4_000);

    expect((await source.read()).rows[0]).toMatchObject({
      role: 'leader',
      isStale: true,
      silentMs: 4_000,
    });
    await source.close();
    expect(isWatching()).toBe(false);
  });

  test('a replica that was started again has no rate, rather than a wrong one', async () => {
    const { source, says } = busRig();
    says({});
    says({ uptimeMs: 500, received: 3 });

    expect((await source.read()).rows[0]).toMatchObject({ requestsPerSecond: null });
  });
});

describe('by four-letter words', () => {
  const srvr = (zxid: string, received: number) =>
    `Zookeeper version: 3.8.0\nLatency min/avg/max: 0/0.25/31\nReceived: ${received}\nSent: 9\n` +
    `Connections: 4\nOutstanding: 0\nZxid: ${zxid}\nMode: follower\nNode count: 12\n`;
  const mntr = 'zk_version\t3.8.0\nzk_watch_count\t7\nzk_global_sessions\t6\nzk_max_fsynctime\t9\n';
  const refused = 'mntr is not executed because it is not in the whitelist.\n';

  test('what a server tells is shown, rates come from two looks', async () => {
    let now = 0;
    let answers: Record<string, string> = {
      srvr: srvr('0x500000003', 100),
      mntr,
      conf: 'clientPort=2181\nserverId=2\n',
    };
    const source = new TopWords(
      'a:2181',
      () => now,
      async (_, __, word) => answers[word] ?? null,
    );
    await source.read();
    now += 2_000;
    answers = { ...answers, srvr: srvr('0x500000017', 300), mntr: refused };

    const { rows } = await source.read();
    expect(rows).toMatchObject([
      {
        sid: 2,
        address: 'a:2181',
        role: 'follower',
        epoch: 5,
        requestsPerSecond: 100,
        commitsPerSecond: 10,
        p50Ms: 0.25,
        p99Ms: 31,
        connections: 4,
        znodes: 12,
        watches: null,
      },
    ]);
  });

  test('who does not answer is shown as silent, who has no quorum as not serving', async () => {
    let now = 0;
    let isUp = true;
    const notServing = 'This ZooKeeper instance is not currently serving requests\n';
    const source = new TopWords(
      'a:1,b:2',
      () => now,
      async (host) => (host === 'b' || !isUp ? null : notServing),
    );
    const first = await source.read();
    expect(first.rows).toMatchObject([
      { role: 'not serving', phase: 'election', isStale: false },
      { role: null, isStale: true, silentMs: null },
    ]);
    isUp = false;
    now += 5_000;

    expect((await source.read()).rows[0]).toMatchObject({ isStale: true, silentMs: 5_000 });
  });

  test('without anybody to look at there is an error that says what to type', () => {
    expect(() => openTopSource(null, null)).toThrow(/valid: --config zoo.cfg, or --servers/);
    expect(() => openTopSource(null, ',')).toThrow(/--servers: /);
  });
});

describe('the terminal', () => {
  const row = { ...silentRow(1, 'a:2181', 0), role: 'leader', isStale: false };
  const view: TopView = { title: 'a', rows: [row], latency: 'percentiles' };

  function rig(changes: Partial<TopParts> = {}) {
    let written = '';
    let isClosed = false;
    let press: (keys: Buffer) => void = () => {};
    const modes: boolean[] = [];
    const source: TopSource = {
      read: async () => view,
      close: async () => {
        isClosed = true;
      },
    };
    const parts: TopParts = {
      source,
      isOnce: false,
      output: {
        isTTY: true,
        columns: 80,
        rows: 24,
        write: (text) => {
          written += text;
        },
      },
      input: {
        isTTY: true,
        setRawMode: (isRaw) => void modes.push(isRaw),
        on: (_, take) => {
          press = take;
        },
        resume() {},
        pause() {},
      },
      wallMs: () => 0,
      pause: () => new Promise((done) => setImmediate(done)),
      stopped: new Promise(() => {}),
      ...changes,
    };
    return {
      parts,
      press: (keys: string) => press(Buffer.from(keys)),
      written: () => written,
      isClosed: () => isClosed,
      modes,
    };
  }

  test('is drawn over in place, and given back as it was when q is pressed', async () => {
    const { parts, press, written, isClosed, modes } = rig();

    const ended = runTop(parts);
    for (let turn = 0; turn < 5; turn++) await parts.pause(0);
    press('q');

    expect(await ended).toBe(0);
    expect(written().startsWith('\u001b[?1049h\u001b[?25l\u001b[H')).toBe(true);
    expect(written().endsWith('\u001b[J\u001b[?25h\u001b[?1049l')).toBe(true);
    expect(written()).not.toContain('\u001b[2J');
    expect(modes).toEqual([true, false]);
    expect(isClosed()).toBe(true);
  });

  test('is given back on Ctrl-C and when the process is asked to end', async () => {
    const byKey = rig();
    const ended = runTop(byKey.parts);
    byKey.press('\u0003');
    expect(await ended).toBe(0);
    const bySignal = rig({ stopped: Promise.resolve() });
    expect(await runTop(bySignal.parts)).toBe(0);
    expect(bySignal.written().endsWith('\u001b[?1049l')).toBe(true);
  });

  test('without a terminal one plain table is printed', async () => {
    let written = '';
    const output = {
      write: (text: string) => {
        written += text;
      },
    };
    const { parts, isClosed } = rig({ output });

    expect(await runTop(parts)).toBe(0);
    expect(written).toContain('leader: replica 1');
    expect(written).not.toContain('\u001b');
    expect(written.endsWith('\n')).toBe(true);
    expect(isClosed()).toBe(true);
  });

  test('a table with nobody in it is exit code 1', async () => {
    const source = { read: async () => ({ ...view, rows: [] }), close: async () => {} };
    const { parts } = rig({ source, isOnce: true });

    expect(await runTop(parts)).toBe(1);
  });
});
