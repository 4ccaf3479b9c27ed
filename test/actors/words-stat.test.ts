/**
 * srvr, stat, cons and their resets, byte by byte as Apache ZooKeeper 3.8.0 answers in the same
 * situation.
 */

import { describe, expect, test } from 'vitest';
import type { ReplicaView } from '../../actors/replica-view.ts';
import { ask, makeView, threeClients, version, wallMs } from '../support/replica-view.ts';

describe('srvr, stat', () => {
  const summary = (latency: string) =>
    `Latency min/avg/max: ${latency}\nReceived: 9\nSent: 2\nConnections: 3\nOutstanding: 2\n` +
    'Zxid: 0x100000005\nMode: standalone\nNode count: 5\n';

  function busyView(): ReplicaView {
    const view = makeView({ clients: threeClients() });
    view.state.lastZxid = 2 ** 32 + 5;
    view.counters.packetsReceived = 9;
    for (const size of [57, 16]) view.counters.noteReply(size);
    return view;
  }

  test('srvr', () => {
    const view = busyView();

    expect(ask(view, 'srvr')).toBe(`Zookeeper version: ${version}\n${summary('0/0.0/0')}`);
    for (const ms of [1, 1, 2]) view.counters.latency.note(ms);
    expect(ask(view, 'srvr')).toBe(`Zookeeper version: ${version}\n${summary('1/1.3333/2')}`);
  });

  test('srvr opens as go-zookeeper expects it', () => {
    expect(ask(makeView({}), 'srvr')).toMatch(
      /^Zookeeper version: [A-Za-z0-9.-]+, built on \d\d\/\d\d\/\d{4} \d\d:\d\d [A-Za-z0-9:+-]+/,
    );
  });

  test('stat lists the clients in the middle', () => {
    expect(ask(busyView(), 'stat')).toBe(
      `Zookeeper version: ${version}\nClients:\n` +
        ' /127.0.0.1:36190[1](queued=0,recved=0,sent=0)\n' +
        ' /127.0.0.1:36182[1](queued=2,recved=6,sent=5)\n' +
        ' /[0:0:0:0:0:0:0:1]:36188[4](queued=0,recved=0,sent=0)\n' +
        `\n${summary('0/0.0/0')}`,
    );
  });

  test('a read-only replica says it first', () => {
    const lines = ask(makeView({ mode: 'read-only' }), 'srvr').split('\n');

    expect(lines[1]).toBe('READ-ONLY mode; serving only read-only clients');
    expect(lines).toContain('Mode: read-only');
  });

  test('srst begins the counts anew', () => {
    const view = busyView();
    view.counters.latency.note(7);
    view.counters.flush.note(3);
    view.sessions.expiredCount = 4;

    expect(ask(view, 'srst')).toBe('Server stats reset.\n');
    expect(ask(view, 'srvr')).toContain('Latency min/avg/max: 0/0.0/0\nReceived: 0\nSent: 0\n');
    expect(ask(view, 'mntr')).toContain('zk_cnt_fsynctime\t0\n');
    expect(ask(view, 'mntr')).toContain('zk_stale_sessions_expired\t0\n');
  });
});

describe('cons, crst', () => {
  test('cons tells all of a session, and little without one', () => {
    expect(ask(makeView({ clients: threeClients() }), 'cons')).toBe(
      ' /127.0.0.1:36190[1](queued=0,recved=0,sent=0)\n' +
        ' /127.0.0.1:36182[1](queued=2,recved=6,sent=5,sid=0x1000035dffb0000,lop=GETC,' +
        `est=${wallMs - 2000},to=10000,lcxid=0x1e,lzxid=0x100000005,lresp=99000,llat=1,` +
        'minlat=0,avglat=3,maxlat=10)\n' +
        ' /[0:0:0:0:0:0:0:1]:36188[4](queued=0,recved=0,sent=0,sid=0xff000035dffb0001,lop=NA,' +
        `est=${wallMs - 2000},to=6000,lzxid=0x0,lresp=0,llat=0,minlat=0,avglat=0,maxlat=0)\n` +
        '\n',
    );
    expect(ask(makeView({}), 'cons')).toBe('\n');
  });

  test('crst begins the counts of all connections anew', () => {
    const view = makeView({ clients: threeClients().slice(1, 2) });

    expect(ask(view, 'crst')).toBe('Connection stats reset.\n');
    expect(ask(view, 'cons')).toBe(
      ' /127.0.0.1:36182[1](queued=2,recved=0,sent=0,sid=0x1000035dffb0000,lop=NA,' +
        `est=${wallMs - 2000},to=10000,lzxid=0xffffffffffffffff,lresp=0,llat=0,` +
        'minlat=0,avglat=0,maxlat=0)\n\n',
    );
  });
});
