/**
 * dump, byte by byte as Apache ZooKeeper 3.8.0 answers, for a replica that expires sessions and for
 * one that does not.
 */

import { describe, expect, test } from 'vitest';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import {
  addEphemeral,
  ask,
  first,
  makeView,
  second,
  threeClients,
} from '../support/replica-view.ts';

describe('dump', () => {
  test('of an empty replica', () => {
    expect(ask(makeView({}), 'dump')).toBe(
      'SessionTracker dump:\nSession Sets (0)/(0):\nephemeral nodes dump:\n' +
        'Sessions with Ephemerals (0):\nConnections dump:\nConnections Sets (0)/(0):\n',
    );
  });

  test('sessions, ephemerals and connections by the time of their end', () => {
    const view = makeView({ clients: threeClients() });
    for (const name of ['eph1', 'eph2']) addEphemeral(view, name, first.id);
    addEphemeral(view, 'ephb', second.id);

    expect(ask(view, 'dump')).toBe(
      'SessionTracker dump:\nSession Sets (2)/(2):\n' +
        '1 expire at Sat Nov 21 13:30:08 UTC 2026:\n\t0xff000035dffb0001\n' +
        '1 expire at Sat Nov 21 13:30:10 UTC 2026:\n\t0x1000035dffb0000\n' +
        'ephemeral nodes dump:\nSessions with Ephemerals (2):\n' +
        '0x1000035dffb0000:\n\t/eph1\n\t/eph2\n' +
        '0xff000035dffb0001:\n\t/ephb\n' +
        'Connections dump:\nConnections Sets (1)/(3):\n' +
        '3 expire at Sat Nov 21 13:30:10 UTC 2026:\n' +
        '\tip: /127.0.0.1:36190 sessionId: 0x0\n' +
        '\tip: /127.0.0.1:36182 sessionId: 0x1000035dffb0000\n' +
        '\tip: /[0:0:0:0:0:0:0:1]:36188 sessionId: 0xff000035dffb0001\n',
    );
  });

  test('local sessions come first, where there may be some, with their deadlines', () => {
    const enabled = {
      ...{ dataDir: '/data', tickTimeMs: 2000, fourLetterWords: 'all' as const, sid: 1 },
      servers: [1, 2].map((sid) => parseServerSpec(sid, '127.0.0.1:2888:3888')),
      localSessionsEnabled: true,
    };
    const head = (situation: object) =>
      ask(makeView(situation), 'dump').split('\nephemeral nodes')[0]!.split('\n').slice(1);
    const one = ['1 expire at Sat Nov 21 13:30:10 UTC 2026:', '\t0x1000035dffb0000'];

    expect(head({ settings: enabled, mode: 'leader', localSessions: [first] })).toEqual([
      ...['Local Session Sets (1)/(1):', ...one, 'Global Session Sets (0)/(0):'],
    ]);
    expect(head({ settings: enabled, mode: 'follower' })).toEqual([
      ...['Local Session Sets (0)/(0):', 'Global Sessions(0):'],
    ]);
    expect(head({ mode: 'read-only', localSessions: [first] })).toEqual([
      ...['Local Session Sets (1)/(1):', ...one, 'Global Sessions(0):'],
    ]);
  });

  test('a learner knows timeouts, not deadlines', () => {
    const view = makeView({ mode: 'follower' });
    for (const { id, timeoutMs } of [second, first]) view.state.sessions.set(id, timeoutMs);

    expect(ask(view, 'dump')).toContain(
      'SessionTracker dump:\nGlobal Sessions(2):\n' +
        '0x1000035dffb0000\t10000ms\n0xff000035dffb0001\t6000ms\nephemeral nodes dump:\n',
    );
  });
});
