/**
 * The configuration file of a nats-server that natskeeper runs by itself, as text. Pure: what goes
 * in decides what comes out, secrets included. All users stand in `accounts`, there is never a
 * `no_auth_user`, no HTTP port, no JetStream, no websocket: each of these was the door of a known
 * hole of some release.
 */

import { createHash, createHmac } from 'node:crypto';
import type { HostPort, ServerSpec } from '../protocol/server-spec.ts';
import { anyHost, formatHostPort } from '../protocol/server-spec.ts';

export interface NatsUser {
  readonly user: string;
  readonly pass: string;
}

export interface NatsConfig {
  readonly serverName: string;
  /** Where this machine's replicas connect. */
  readonly client: HostPort;
  /** Who may connect: null leaves the client listener open, for a demo on loopback. */
  readonly users: { readonly replica: NatsUser; readonly system: NatsUser } | null;
  /** How it joins other servers; null for a server of its own. */
  readonly cluster: {
    readonly name: string;
    readonly listen: HostPort;
    readonly secret: NatsUser;
    readonly peers: readonly HostPort[];
  } | null;
}

/** NATS' own default: a znode of 1 MB travels in parts. */
const payloadBytesMax = 1024 * 1024;
/** A slow receiver holds up its sender from half of this on; our windows stay far below. */
const pendingBytesMax = 256 * 1024 * 1024;
const heardOfRetriesMax = 300;
const silentAttempts = 600;

export function natsConfigText(config: NatsConfig, pidFile: string): string {
  const { serverName, client, users, cluster } = config;
  const lines = [
    '# Written by natskeeper at each start: changes are lost. It holds secrets.',
    `server_name: ${quote(serverName)}`,
    `listen: ${quote(formatHostPort(client))}`,
    `pid_file: ${quote(pidFile)}`,
    `max_payload: ${payloadBytesMax}`,
    `max_pending: ${pendingBytesMax}`,
    'write_deadline: "5s"',
    'ping_interval: "2s"',
    'ping_max: 2',
  ];
  if (users !== null) {
    lines.push(
      'accounts {',
      `  ZK { users: [ ${userText(users.replica)} ] }`,
      `  SYS { users: [ ${userText(users.system)} ] }`,
      '}',
      'system_account: SYS',
    );
  }
  if (cluster !== null) {
    const { name, listen, secret, peers } = cluster;
    const { user, pass } = secret;
    lines.push(
      'cluster {',
      `  name: ${quote(name)}`,
      `  listen: ${quote(formatHostPort(listen))}`,
      // Else clients would be told of the other servers' loopback listeners.
      '  no_advertise: true',
      // Of routes that nobody configured but a peer told of, as after a reconfig: a second each.
      `  connect_retries: ${heardOfRetriesMax}`,
      `  authorization { user: ${quote(user)}, password: ${quote(pass)}, timeout: 2 }`,
      '  routes: [',
      ...peers.map((peer) => `    ${quote(routeUrl(peer, secret))}`),
      '  ]',
      '}',
      // Else a peer that is down is spoken of every second.
      `connect_error_reports: ${silentAttempts}`,
      `reconnect_error_reports: ${silentAttempts}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** The election ports of all other servers, every address of each. */
export function routePeers(servers: readonly ServerSpec[], sid: number): HostPort[] {
  return servers
    .filter((server) => server.sid !== sid)
    .flatMap(({ addresses }) => addresses)
    .filter(({ host }) => host !== anyHost && host !== '::')
    .map(({ host, electionPort }) => ({ host: reachable(host), port: electionPort }));
}

/**
 * What lets a bus server into the cluster. With busSecret only those who know it can join; without
 * one it keeps mere accidents out, as everybody can work it out from the ensemble's name.
 */
export function routeSecret(ensemble: string, busSecret: string | null): NatsUser {
  const purpose = `natskeeper bus route ${ensemble}`;
  const hash = busSecret === null ? createHash('sha256') : createHmac('sha256', busSecret);
  return { user: 'natskeeper', pass: hash.update(purpose).digest('hex') };
}

/** A server takes any address of a name, and `localhost` may have one that nobody listens on. */
export function reachable(host: string): string {
  return host.toLowerCase() === 'localhost' ? '127.0.0.1' : host;
}

function routeUrl(peer: HostPort, { user, pass }: NatsUser): string {
  return `nats-route://${user}:${pass}@${formatHostPort(peer)}`;
}

function userText({ user, pass }: NatsUser): string {
  return `{ user: ${quote(user)}, password: ${quote(pass)} }`;
}

function quote(text: string): string {
  const escapes: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return `"${text.replace(/["\\]/g, '\\$&').replace(/[\n\r\t]/g, (char) => escapes[char]!)}"`;
}
