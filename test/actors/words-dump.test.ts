/**
 * dump, byte by byte as Apache ZooKeeper 3.8.0 answers, for a replica that expires sessions and for
 * one that does not.
 */

import { describe, expect, test } from 'vitest';
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

  test('a learner knows timeouts, not deadlines', () => {
    const view = makeView({ mode: 'follower' });
    for (const { id, timeoutMs } of [second, first]) view.state.sessions.set(id, timeoutMs);

    expect(ask(view, 'dump')).toContain(
      'SessionTracker dump:\nGlobal Sessions(2):\n' +
        '0x1000035dffb0000\t10000ms\n0xff000035dffb0001\t6000ms\nephemeral nodes dump:\n',
    );
  });
});
