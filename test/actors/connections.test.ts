/** What all connections of a replica have to send, and when it leaves. */

import { describe, expect, test } from 'vitest';
import type { FlushPort } from '../../actors/connection-ports.ts';
import { Connections } from '../../actors/connections.ts';
import { FakeClock } from '../support/fake-clock.ts';

function rig() {
  const connections = new Connections(new FakeClock(), 1000);
  const flushes: string[] = [];
  const port = (name: string, leavesEarly = true): FlushPort => ({
    flushDue: () => flushes.push(`${name} at the end`),
    flushEarly: () => {
      flushes.push(`${name} early`);
      return leavesEarly;
    },
  });
  return { connections, flushes, port };
}

describe('connections', () => {
  test('what many are told of one change leaves before the end of the turn, once', () => {
    const { connections, flushes, port } = rig();
    connections.flushLater(port('a'));
    connections.flushLater(port('slow', false));
    connections.flushCrowd(1);
    connections.flushLater(port('b'));
    connections.flushCrowd(1);

    connections.flush();

    expect(flushes).toEqual(['a early', 'slow early', 'slow early', 'b early', 'slow at the end']);
  });

  test('a second change of the turn waits for its end: nobody is written to for each', () => {
    const { connections, flushes, port } = rig();
    connections.flushLater(port('a'));
    connections.flushCrowd(1);
    connections.flushLater(port('a'));
    connections.flushCrowd(2);
    connections.flush();
    connections.flushLater(port('a'));
    connections.flushCrowd(3);

    expect(flushes).toEqual(['a early', 'a at the end', 'a early']);
  });
});
