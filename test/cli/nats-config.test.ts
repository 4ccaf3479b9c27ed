/** What a nats-server of ours is told, word by word, and where it listens. */

import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { natsConfigText, routePeers, routeSecret } from '../../cli/nats-config.ts';
import { localAddressOf, ownBusConfig } from '../../cli/own-bus.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';

const servers = [
  parseServerSpec(1, 'zoo1:2888:3888'),
  parseServerSpec(2, 'zoo2a:2888:3888|zoo2b:2889:3889'),
  parseServerSpec(3, '[fd00::3]:2888:3888:observer'),
];
const settings = {
  sid: 1,
  servers,
  dataDir: '/data',
  ensemble: 'blue',
  busSecret: 'secret',
  quorumListenOnAllIPs: false,
};
const local = (address: string) => ({ isLocal: async () => address, secret: () => 'random' });
const foreign = { isLocal: async () => null, secret: () => 'random' };

describe('an own bus', () => {
  test('is told so', async () => {
    const config = await ownBusConfig(settings, local('10.0.0.1'));

    const { pass } = routeSecret('blue', 'secret');
    expect(natsConfigText(config, '/data/natskeeper/bus/nats.pid')).toBe(`\
# Written by natskeeper at each start: changes are lost. It holds secrets.
server_name: "blue-1"
listen: "127.0.0.1:2888"
pid_file: "/data/natskeeper/bus/nats.pid"
max_payload: 1048576
max_pending: 268435456
write_deadline: "5s"
ping_interval: "2s"
ping_max: 2
accounts {
  ZK { users: [ { user: "replica-1", password: "random" } ] }
  SYS { users: [ { user: "system-1", password: "random" } ] }
}
system_account: SYS
cluster {
  name: "blue"
  listen: "10.0.0.1:3888"
  no_advertise: true
  connect_retries: 300
  authorization { user: "natskeeper", password: "${pass}", timeout: 2 }
  routes: [
    "nats-route://natskeeper:${pass}@zoo2a:3888"
    "nats-route://natskeeper:${pass}@zoo2b:3889"
    "nats-route://natskeeper:${pass}@[fd00::3]:3888"
  ]
}
connect_error_reports: 600
reconnect_error_reports: 600
`);
  });

  test('listens for routes on all addresses where its own is not of this machine', async () => {
    const listen = async (change: object, seams: typeof foreign | ReturnType<typeof local>) =>
      (await ownBusConfig({ ...settings, ...change }, seams)).cluster?.listen;

    expect(await listen({}, foreign)).toEqual({ host: '0.0.0.0', port: 3888 });
    const all = { quorumListenOnAllIPs: true };
    expect(await listen(all, local('10.0.0.1'))).toEqual({ host: '0.0.0.0', port: 3888 });
    expect(await listen({ sid: 2 }, local('10.0.0.1'))).toMatchObject({ host: '0.0.0.0' });
  });

  test('of a loopback address has its clients there too', async () => {
    const alone = { ...settings, servers: [parseServerSpec(1, '127.0.0.2:2888:3888')] };

    const { client } = await ownBusConfig(alone, local('127.0.0.2'));

    expect(client).toEqual({ host: '127.0.0.2', port: 2888 });
  });

  test('runs beside an observer as well', async () => {
    const config = await ownBusConfig({ ...settings, sid: 3 }, foreign);

    expect(config.serverName).toBe('blue-3');
    expect(config.cluster?.peers.map(({ host }) => host)).toEqual(['zoo1', 'zoo2a', 'zoo2b']);
  });
});

test('a bus without users and cluster is a plain local one', () => {
  const config = { serverName: 'demo', client: { host: '127.0.0.1', port: 4333 } };

  const text = natsConfigText({ ...config, users: null, cluster: null }, '/a "b"\\c');

  expect(text).toContain('listen: "127.0.0.1:4333"');
  expect(text).toContain('pid_file: "/a \\"b\\"\\\\c"');
  expect(text).not.toMatch(/accounts|cluster|no_auth_user|http|jetstream|websocket/);
});

test('the route secret depends on busSecret and ensemble, and shows neither', () => {
  const all = [
    routeSecret('blue', 'secret'),
    routeSecret('red', 'secret'),
    routeSecret('blue', 'other'),
    routeSecret('blue', null),
    routeSecret('red', null),
  ].map(({ pass }) => pass);

  expect(new Set(all).size).toBe(5);
  for (const pass of all) expect(pass).toMatch(/^[0-9a-f]{64}$/);
  expect(routeSecret('blue', 'secret')).toEqual(routeSecret('blue', 'secret'));
});

test('routes go to a name as it is, but for localhost and what stands for all interfaces', () => {
  const peers = routePeers(
    [
      parseServerSpec(1, '0.0.0.0:1:2'),
      parseServerSpec(2, 'LocalHost:3:4'),
      parseServerSpec(3, '0.0.0.0:5:6'),
    ],
    1,
  );

  expect(peers).toEqual([{ host: '127.0.0.1', port: 4 }]);
});

describe('an address of this machine', () => {
  test('is known as such, also where it is given as one of loopback', async () => {
    expect(await localAddressOf('127.0.0.1')).toBe('127.0.0.1');
    expect(await localAddressOf('127.9.9.9')).toBe('127.9.9.9');
  });

  test('is not one of another machine, nor a name that nobody knows', async () => {
    expect(await localAddressOf('192.0.2.1')).toBeNull();
    expect(await localAddressOf('no-such-host.invalid')).toBeNull();
  });

  test('is no loopback address that only this machine gives to its name', async () => {
    expect((await localAddressOf(hostname())) ?? '').not.toMatch(/^127\./);
  });
});
