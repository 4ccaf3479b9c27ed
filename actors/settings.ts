/**
 * What a replica is told at its start: every setting that has a meaning here, with its unit and its
 * default. Plain frozen data, read once from the configuration (cli/config.ts), handed to the
 * actors; nothing changes it while the replica runs, and what a reconfig changes lives in the tree
 * instead.
 */

import type { ServerSpec } from '../protocol/server-spec.ts';
import { counterLimit } from '../protocol/zxid.ts';

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';
export const logLevels: readonly LogLevel[] = [
  'trace',
  'debug',
  'info',
  'warn',
  'error',
  'fatal',
  'silent',
];

export interface NatsUser {
  readonly user: string;
  readonly pass: string;
}

/** One way to log in to an existing bus. */
export type NatsLogin =
  | NatsUser
  | { readonly token: string }
  /** The seed itself, SU… */
  | { readonly nkeySeed: string }
  /** The text of a credentials file. */
  | { readonly creds: string };

/** Texts in PEM; none of them means the authorities that the system trusts. */
export interface NatsTls {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** The page that shows an ensemble; nobody reaches it but from this machine unless told so. */
export interface ConsoleSettings {
  /** TCP port; null serves none. */
  readonly port: number | null;
  readonly address: string;
  /** Who has it may write; null: nobody may. */
  readonly token: string | null;
  /** ms since 1970; null: never. */
  readonly tokenExpiresMs: number | null;
  /** Host names by which browsers may ask, beside the address and those of loopback. */
  readonly allowedHosts: readonly string[];
}

export interface Settings {
  /** The file that this was read from, and its text; null and '' where there was none. */
  readonly file: string | null;
  readonly text: string;

  /** This replica's id from the file myid; 0 when standalone without one, else 1 to 255. */
  readonly sid: number;
  /** Folder of the tree's snapshots and of myid; required. */
  readonly dataDir: string;
  /** Folder of the log; dataDir unless given. */
  readonly dataLogDir: string;

  /** TCP port for clients; null serves none. */
  readonly clientPort: number | null;
  /** Local address for clients; null means all interfaces. */
  readonly clientPortAddress: string | null;
  /** TLS port as written. Nothing listens on it: TLS is not implemented. */
  readonly secureClientPort: number | null;
  /** Connections per client address; 0 means no limit. */
  readonly maxClientCnxns: number;
  /** Connections in all; 0 means no limit. */
  readonly maxCnxns: number;
  /** Backlog of the listening socket; -1 means the system's default. */
  readonly clientPortListenBacklog: number;
  /** SO_KEEPALIVE on client sockets. */
  readonly clientTcpKeepAlive: boolean;
  /** How long a socket may stay without a connect request, ms. */
  readonly sessionlessTimeoutMs: number;
  /** Bytes of one inbound frame, also of a string or buffer in it (jute.maxbuffer). */
  readonly frameBytesMax: number;
  /** Bytes of all large requests in work together. */
  readonly largeRequestBytesMax: number;
  /** From how many bytes on a request is large; -1 means none is. */
  readonly largeRequestThreshold: number;
  /** Unfinished requests of this replica's clients, over which it stops reading their sockets. */
  readonly globalOutstandingLimit: number;

  /** The unit of ZooKeeper's time, ms. */
  readonly tickTimeMs: number;
  /** Bounds of a negotiated session timeout, ms; 2 and 20 ticks unless given. */
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  /** Ticks that a learner may take to find its leader and to synchronize. */
  readonly initLimitTicks: number;
  /** Ticks that a synchronized learner may be silent. */
  readonly syncLimitTicks: number;
  readonly localSessionsEnabled: boolean;
  readonly localSessionsUpgradingEnabled: boolean;
  readonly readOnlyModeEnabled: boolean;

  /** Txns of one epoch; after that a new one begins (ZOOKEEPER-2789). Lower in tests only. */
  readonly epochTxnsMax: number;
  /** A snapshot starts after a random number of txns up to this, over its half. */
  readonly snapCount: number;
  /** Or after so many bytes of log, likewise. */
  readonly snapBytes: number;
  /** A new segment of the log begins after so many bytes. */
  readonly logSegmentBytes: number;
  /** A flush that takes longer is logged and counted, ms. */
  readonly fsyncWarningThresholdMs: number;
  /** Cleaning of old snapshots and logs: how many to keep (3 or more), how often (0 = never). */
  readonly purge: { readonly retainCount: number; readonly intervalHours: number };
  /** Compare a digest of the tree between replicas. */
  readonly digestEnabled: boolean;
  /** Do observers log what they are informed of? */
  readonly syncEnabled: boolean;

  /** Are createTTL and the other extended types offered? */
  readonly extendedTypesEnabled: boolean;
  /** Read ephemeral owners in the way of 3.5.3, for old data. */
  readonly emulate353TtlNodes: boolean;
  /** Refuse creates and writes over a hard quota. */
  readonly enforceQuota: boolean;
  readonly containerCheckIntervalMs: number;
  readonly containerDeletesPerMinuteMax: number;
  /** How long a container that never had a child may stay, ms; 0 means for ever. */
  readonly containerNeverUsedIntervalMsMax: number;

  /** No ACL is checked at all. */
  readonly skipAcl: boolean;
  /** The digest id that is the superuser: `super:base64`. */
  readonly superDigest: string | null;
  /** Hash of the digest scheme, as node:crypto names it. */
  readonly digestAlgorithm: string;
  /** Is addauth with scheme digest offered? */
  readonly digestSchemeEnabled: boolean;
  /** SASL users and their passwords; null means that SASL is not configured. */
  readonly saslUsers: ReadonlyMap<string, string> | null;
  /** The SASL user who is the superuser. */
  readonly superUser: string | null;
  /** An ACL id that stands for all SASL users. */
  readonly letAnySaslUserDoX: string | null;
  /** Only clients that logged in by SASL may do anything. */
  readonly requireClientSasl: boolean;
  /** Only clients with an identity of one of these schemes may do anything; null means all may. */
  readonly enforceAuthSchemes: readonly string[] | null;
  /** A client whose SASL login failed may go on without one. */
  readonly allowSaslFailedClients: boolean;
  /** What the scheme ensemble accepts; null means that it is not offered. */
  readonly ensembleAuthNames: readonly string[] | null;

  /** Four-letter words that are answered; always srvr, and isro with read-only mode. */
  readonly fourLetterWords: ReadonlySet<string> | 'all';
  /** The HTTP admin server. */
  readonly adminServer: {
    readonly enabled: boolean;
    readonly address: string;
    readonly port: number;
    readonly commandUrl: string;
  };
  readonly console: ConsoleSettings;
  /** Where metrics are served in Prometheus's format; null means nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | null;
  readonly logLevel: LogLevel;

  /** This replica's part: what the server list says of it, else peerType. */
  readonly peerType: 'participant' | 'observer';
  /** The members as the configuration lists them, by sid; empty when there are none. */
  readonly servers: readonly ServerSpec[];
  /** Hierarchical quorums: group to sids; empty means majority of all. */
  readonly groups: ReadonlyMap<number, readonly number[]>;
  /** Weight of a sid within its group; 1 where it is missing. */
  readonly weights: ReadonlyMap<number, number>;
  /** The zxid of the reconfig that the server list stems from; 0 for a first one. */
  readonly configVersion: number;
  readonly dynamicConfigFile: string | null;
  readonly reconfigEnabled: boolean;
  /** Does one participant alone run without an ensemble? */
  readonly standaloneEnabled: boolean;
  /** Does the leader accept clients? */
  readonly leaderServes: boolean;
  /** Do the ports between replicas listen on all interfaces, not on the address of the list? */
  readonly quorumListenOnAllIPs: boolean;

  /** An existing bus, without logins; null means that the ensemble brings its own. */
  readonly natsUrl: string | null;
  /** How to log in there; null means not at all. */
  readonly natsLogin: NatsLogin | null;
  /** What TLS goes by there; null leaves it to the addresses whether there is any. */
  readonly natsTls: NatsTls | null;
  /** A user of its system account, who may hear at once who leaves. */
  readonly natsSystemUser: NatsUser | null;
  /** The ensemble's name on the bus: one token of a subject. */
  readonly ensemble: string;
  /** Shared by the replicas: signs frames and lets bus routes in. */
  readonly busSecret: string | null;
}

const megabyte = 1024 * 1024;

/** Everything but the data folder, which has no default. */
export const defaultSettings: Readonly<Omit<Settings, 'dataDir' | 'dataLogDir'>> = deepFreeze({
  file: null,
  text: '',
  sid: 0,
  clientPort: null,
  clientPortAddress: null,
  secureClientPort: null,
  maxClientCnxns: 60,
  maxCnxns: 0,
  clientPortListenBacklog: -1,
  clientTcpKeepAlive: false,
  sessionlessTimeoutMs: 10_000,
  frameBytesMax: 0xfffff,
  largeRequestBytesMax: 100 * megabyte,
  largeRequestThreshold: -1,
  globalOutstandingLimit: 1000,
  tickTimeMs: 3000,
  minSessionTimeoutMs: 2 * 3000,
  maxSessionTimeoutMs: 20 * 3000,
  initLimitTicks: 10,
  syncLimitTicks: 5,
  localSessionsEnabled: false,
  localSessionsUpgradingEnabled: false,
  readOnlyModeEnabled: false,
  epochTxnsMax: counterLimit - 1,
  snapCount: 100_000,
  snapBytes: 4096 * megabyte,
  logSegmentBytes: 64 * megabyte,
  fsyncWarningThresholdMs: 1000,
  purge: { retainCount: 3, intervalHours: 0 },
  digestEnabled: true,
  syncEnabled: true,
  extendedTypesEnabled: false,
  emulate353TtlNodes: false,
  enforceQuota: false,
  containerCheckIntervalMs: 60_000,
  containerDeletesPerMinuteMax: 10_000,
  containerNeverUsedIntervalMsMax: 0,
  skipAcl: false,
  superDigest: null,
  digestAlgorithm: 'sha1',
  digestSchemeEnabled: true,
  saslUsers: null,
  superUser: null,
  letAnySaslUserDoX: null,
  requireClientSasl: false,
  enforceAuthSchemes: null,
  allowSaslFailedClients: false,
  ensembleAuthNames: null,
  fourLetterWords: new Set(['srvr']),
  adminServer: { enabled: true, address: '0.0.0.0', port: 8080, commandUrl: '/commands' },
  console: {
    port: null,
    address: '127.0.0.1',
    token: null,
    tokenExpiresMs: null,
    allowedHosts: [],
  },
  metrics: null,
  logLevel: 'info',
  peerType: 'participant',
  servers: [],
  groups: new Map(),
  weights: new Map(),
  configVersion: 0,
  dynamicConfigFile: null,
  reconfigEnabled: false,
  standaloneEnabled: true,
  leaderServes: true,
  quorumListenOnAllIPs: false,
  natsUrl: null,
  natsLogin: null,
  natsTls: null,
  natsSystemUser: null,
  ensemble: 'default',
  busSecret: null,
});

/** Settings with some values of one's own; session timeouts follow the tick unless given. */
export function settingsWith(
  values: Partial<Settings> & { readonly dataDir: string },
): Readonly<Settings> {
  const tickTimeMs = values.tickTimeMs ?? defaultSettings.tickTimeMs;
  return deepFreeze({
    ...defaultSettings,
    minSessionTimeoutMs: 2 * tickTimeMs,
    maxSessionTimeoutMs: 20 * tickTimeMs,
    dataLogDir: values.dataDir,
    ...values,
  });
}

/** Does this replica agree with others, or does it run alone? */
export function isDistributed(settings: Pick<Settings, 'servers' | 'standaloneEnabled'>): boolean {
  const participants = settings.servers.filter((server) => server.type === 'participant').length;
  return participants > 1 || (participants === 1 && !settings.standaloneEnabled);
}

/** How long a learner may take to find its leader and to synchronize, ms. */
export function initLimitMs(settings: Pick<Settings, 'initLimitTicks' | 'tickTimeMs'>): number {
  return settings.initLimitTicks * settings.tickTimeMs;
}

/** Freezes plain objects and arrays; maps and sets are kept unchanged by their types only. */
function deepFreeze<T extends object>(value: T): Readonly<T> {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && !Object.isFrozen(inner)) deepFreeze(inner);
  }
  return Object.freeze(value);
}
