/**
 * What the bus itself says of connections that end: only those by which replicas of this ensemble
 * send their heartbeats count, and nothing that cannot be read does harm.
 */

import { expect, test } from 'vitest';
import { connectionName, listenForDepartures } from '../../actors/departures.ts';
import { LocalHub } from '../../actors/local-bus.ts';

function rig() {
  const waiting: (() => void)[] = [];
  const hub = new LocalHub((task) => void waiting.push(task));
  const [broker, system] = [hub.attach(), hub.attach()];
  const left: number[] = [];
  listenForDepartures(system, 'demo', (sid) => void left.push(sid));
  const say = (event: string, kind = 'DISCONNECT') => {
    broker.publish(`$SYS.ACCOUNT.ZK.${kind}`, Buffer.from(event));
    for (const task of waiting.splice(0)) task();
  };
  const client = (name: unknown) => JSON.stringify({ client: { name } });
  return { left, say, client };
}

test('the heartbeat connection of a replica of the ensemble counts', () => {
  const { left, say, client } = rig();

  say(client(connectionName('demo', 2, 'election')));
  say(client(connectionName('demo', 255, 'election')));

  expect(left).toEqual([2, 255]);
});

test('other connections, other ensembles and arrivals do not', () => {
  const { left, say, client } = rig();

  say(client(connectionName('demo', 2, 'zab')));
  say(client(connectionName('other', 2, 'election')));
  say(client(connectionName('demo', 2, 'election')), 'CONNECT');
  say(client('nats cli'));

  expect(left).toEqual([]);
});

test('what cannot be read does no harm', () => {
  const { left, say, client } = rig();

  for (const event of ['', '{', 'null', '[]', '{}', '{"client":null}', client(7), client('')]) {
    say(event);
  }

  expect(left).toEqual([]);
});
