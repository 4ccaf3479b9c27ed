/**
 * The bus that an ensemble brings along when its zoo.cfg names servers and no natsUrl: each replica
 * runs a nats-server of its own, observers too. Its replica reaches it on loopback at the quorum
 * port, by credentials made up at each start; the servers join each other at the election ports.
 * No ensemble depends on one of them: it is lost together with its replica and nothing else.
 * To be started when the data directory is locked, and stopped after the replica.
 */

import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import type { Notes } from '../actors/note.ts';
import type { Settings } from '../actors/settings.ts';
import { assert } from '../protocol/assert.ts';
import type { ServerSpec } from '../protocol/server-spec.ts';
import { anyHost, formatHostPort, formatServerSpec } from '../protocol/server-spec.ts';
import type { Exit } from './guarded-process.ts';
import type { NatsConfig } from './nats-config.ts';
import { reachable, routePeers, routeSecret } from './nats-config.ts';
import { NatsProcess } from './nats-process.ts';
import { requireNatsServer } from './nats-program.ts';

type OwnBusSettings = Pick<
  Settings,
  'sid' | 'servers' | 'dataDir' | 'ensemble' | 'busSecret' | 'quorumListenOnAllIPs'
>;

export interface OwnBus {
  /** Where the replica connects, as NATS clients take it: host:port. */
  readonly servers: string;
  readonly user: string;
  readonly pass: string;
  /** A user of the system account, who hears `$SYS.ACCOUNT.ZK.DISCONNECT`. */
  readonly systemUser: string;
  readonly systemPass: string;
  /** Null while the server is being started again. */
  readonly pid: number | null;
  /** Of the nats-server program. */
  readonly version: string;
  /** Resolves after stop() only: a server that ends by itself is started again. */
  readonly exited: Promise<Exit>;
  /**
   * The servers as a reconfig names them. Nobody is disconnected: a server that joins makes its
   * routes to all that its own list names, and the others hear of it from them; what is written
   * here counts when this server is started again.
   */
  setPeers(servers: readonly ServerSpec[]): void;
  stop(): Promise<void>;
}

export interface OwnBusSeams {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly isLocal?: typeof localAddressOf;
}

const nameServerMsMax = 3_000;
const loopback = '127.0.0.1';

/** @throws ConfigError without nats-server, or when a port is taken */
export async function startOwnBus(
  settings: OwnBusSettings,
  notes: Notes,
  { env = process.env, isLocal = localAddressOf }: OwnBusSeams = {},
): Promise<OwnBus> {
  const program = requireNatsServer({ env });
  const config = await ownBusConfig(settings, { isLocal, secret: randomSecret });
  const { users, client, cluster } = config;
  assert(users !== null && cluster !== null, 'an own bus has users and a cluster');
  if (settings.busSecret === null) {
    notes.warn(
      'busSecret is not set: whoever reaches the election ports can join the bus of this ' +
        'ensemble; set the same busSecret in every zoo.cfg, or keep those ports among the replicas',
    );
  }
  warnOfSeveralAddresses(settings, notes);
  const folder = join(settings.dataDir, 'natskeeper', 'bus');
  const bus = await NatsProcess.start({ program, folder, config, notes });
  const fields = { version: bus.version, pid: bus.pid, servers: formatHostPort(client) };
  notes.info('own bus is up', { ...fields, routes: formatHostPort(cluster.listen) });
  const own = ownSpec(settings);
  return {
    servers: formatHostPort(client),
    user: users.replica.user,
    pass: users.replica.pass,
    systemUser: users.system.user,
    systemPass: users.system.pass,
    get pid() {
      return bus.pid;
    },
    version: bus.version,
    exited: bus.exited,
    setPeers(servers) {
      const mine = servers.find(({ sid }) => sid === settings.sid);
      if (mine !== undefined && !sameAddresses(mine, own)) {
        notes.warn('the new addresses of this replica count for its bus after a restart');
      }
      const peers = routePeers(servers, settings.sid);
      bus.rewrite({ ...config, cluster: { ...cluster, peers } });
    },
    stop: () => bus.stop(),
  };
}

/** What the server of this replica is told; only `secret` makes it differ from start to start. */
export async function ownBusConfig(
  settings: OwnBusSettings,
  { isLocal, secret }: { isLocal: typeof localAddressOf; secret: () => string },
): Promise<NatsConfig> {
  const { sid, ensemble, busSecret, servers } = settings;
  const { host, quorumPort, electionPort } = ownSpec(settings).addresses[0]!;
  return {
    serverName: `${ensemble}-${sid}`,
    client: { host: isLoopback(host) ? host : loopback, port: quorumPort },
    users: {
      replica: { user: `replica-${sid}`, pass: secret() },
      system: { user: `system-${sid}`, pass: secret() },
    },
    cluster: {
      name: ensemble,
      listen: { host: await routeHost(settings, isLocal), port: electionPort },
      secret: routeSecret(ensemble, busSecret),
      peers: routePeers(servers, sid),
    },
  };
}

/** The address of the list where it is one of this machine's, else all of them, as behind NAT. */
async function routeHost(
  settings: OwnBusSettings,
  isLocal: typeof localAddressOf,
): Promise<string> {
  const { addresses } = ownSpec(settings);
  if (settings.quorumListenOnAllIPs || addresses.length > 1) return anyHost;
  return (await isLocal(reachable(addresses[0]!.host))) ?? anyHost;
}

/**
 * The one address of this machine that a host of the list stands for; null for none, several or
 * another's. A name that means loopback here (Debian gives 127.0.1.1 to its own) means something
 * else to the other machines.
 */
export async function localAddressOf(host: string): Promise<string | null> {
  const interfaces = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const own = new Set(interfaces.map(({ address }) => address));
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<[]>((resolve) => {
    timer = setTimeout(() => resolve([]), nameServerMsMax);
  });
  const all = lookup(host, { all: true }).catch(() => []);
  const found = await Promise.race([all, tooLate]);
  clearTimeout(timer);
  const address = found.length === 1 ? found[0]!.address : '';
  if (isLoopback(address)) return isIP(host) === 0 ? null : address;
  return own.has(address) ? address : null;
}

/** A bus server has one route listener: all addresses must be served by one port. */
function warnOfSeveralAddresses(settings: OwnBusSettings, notes: Notes): void {
  const { addresses } = ownSpec(settings);
  const { electionPort } = addresses[0]!;
  const lost = addresses.filter((address) => address.electionPort !== electionPort);
  for (const { host, electionPort: port } of lost) {
    const place = formatHostPort({ host, port });
    notes.warn('nobody listens at this address: all election ports of a server must be one', {
      place,
    });
  }
}

function isLoopback(address: string): boolean {
  return address === '::1' || (isIP(address) === 4 && address.startsWith('127.'));
}

function ownSpec({ servers, sid }: OwnBusSettings): ServerSpec {
  const own = servers.find((server) => server.sid === sid);
  assert(own !== undefined, 'this replica is in the server list');
  return own;
}

function sameAddresses(a: ServerSpec, b: ServerSpec): boolean {
  const plain = (spec: ServerSpec) =>
    formatServerSpec({ ...spec, clientAddress: null, secureClientAddress: null });
  return plain(a) === plain(b);
}

function randomSecret(): string {
  return randomBytes(24).toString('hex');
}
