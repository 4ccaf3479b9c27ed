/**
 * A small replica made up for tests of the four-letter words: three clients, fixed times, fixed
 * facts of the process. State, counters, watches and deadlines are the real classes.
 */

import { isValidAclId, matches } from '../../actors/acl-schemes.ts';
import { ConnectionStats } from '../../actors/connection-stats.ts';
import { Counters } from '../../actors/counters.ts';
import { type Expiring, ExpiryQueue } from '../../actors/expiry-queue.ts';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import type { ProcessFacts } from '../../actors/process-facts.ts';
import type { ReplicaMode } from '../../actors/replica-mode.ts';
import type { ConnectionView, ReplicaView, SessionView } from '../../actors/replica-view.ts';
import { settingsWith } from '../../actors/settings.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { AccessControl } from '../../storage/acl.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';
import { WatchIndex, type WatchTable } from '../../storage/watch-index.ts';
import { Flag, rootSlot } from '../../storage/znode-rows.ts';

export const wallMs = Date.UTC(2026, 10, 21, 13, 30, 0);
const monotonicMs = 100_000;
export const version = '3.8.0-natskeeper-0.1.0, built on 11/20/2026 07:05 GMT';
export const nothing = Buffer.alloc(0);

export const facts: ProcessFacts = {
  version: '0.1.0',
  builtMs: Date.UTC(2026, 10, 20, 7, 5, 59),
  runtime: { version: '20.20.0', vendor: 'Node.js', home: '/opt/node/bin', program: '/opt/keeper' },
  system: {
    hostName: 'host1',
    name: 'Linux',
    arch: 'amd64',
    version: '6.1.0',
    temporaryDirectory: '/tmp',
  },
  user: { name: 'keeper', home: '/var/keeper', directory: '/srv' },
  memory: () => ({ freeBytes: 512 << 20, maxBytes: 1024 << 20, totalBytes: 100.9 * (1 << 20) }),
  openFiles: () => 63,
  openFilesMax: () => 20_000,
  directoryBytes: (path) => (path.endsWith('log') ? 4096 : 457),
};

export const first: Expiring = {
  id: '01000035dffb0000',
  timeoutMs: 10_000,
  lastHeardMs: monotonicMs - 1000,
};
export const second: Expiring = {
  id: 'ff000035dffb0001',
  timeoutMs: 6000,
  lastHeardMs: monotonicMs,
};

function connection(remotePort: number, values: Partial<ConnectionView>): ConnectionView {
  return {
    watcher: 0,
    socket: { remoteAddress: '127.0.0.1', remotePort, queuedBytes: 0 },
    session: null,
    isOpen: true,
    stateName: 'serving.flowing',
    queued: 0,
    stats: new ConnectionStats(new Counters(), wallMs - 2000),
    ...values,
  };
}

/**
 * One that has not said who it is, one that has done something, one that is stalled: their numbers
 * as watchers are their places.
 */
export function threeClients(): ConnectionView[] {
  const busy = connection(36182, { session: first, queued: 2 });
  busy.stats.received = 6;
  busy.stats.sent = 5;
  busy.stats.noteRequest(30, Opcode.getChildren2);
  const nowMs = 99_000.75;
  for (const ms of [0, 10, 1.2]) busy.stats.noteReply(2 ** 32 + 5, nowMs - ms, nowMs);
  return [
    connection(36190, { stateName: 'awaitingConnect' }),
    { ...busy, watcher: 1 },
    connection(36188, {
      watcher: 2,
      socket: { remoteAddress: '::1', remotePort: 36188, queuedBytes: 7 },
      session: second,
      stateName: 'serving.stalled',
    }),
  ];
}

interface Situation {
  readonly clients?: ConnectionView[];
  readonly localSessions?: readonly Expiring[];
  readonly settings?: Parameters<typeof settingsWith>[0];
  readonly isServing?: boolean;
  readonly mode?: ReplicaMode;
}

export function makeView({
  clients = [],
  localSessions = [],
  settings,
  isServing = true,
  mode,
}: Situation): ReplicaView {
  const expiry = new ExpiryQueue<Expiring>(2000);
  for (const { session } of clients) if (session !== null) expiry.add(session);
  const local = new ExpiryQueue<Expiring>(2000);
  for (const session of localSessions) local.add(session);
  const locals = new Set(localSessions);
  const sessions = new Map<string, SessionView>();
  for (const session of [...localSessions, ...clients.map((client) => client.session)]) {
    if (session === null) continue;
    const isLocal = locals.has(session);
    sessions.set(session.id, { ...session, stateName: 'open.idle', isLocal, queueLength: 0 });
  }
  const state = ReplicatedState.initial();
  return {
    settings: settings
      ? settingsWith(settings)
      : settingsWith({ dataDir: '/data', tickTimeMs: 2000, fourLetterWords: 'all' }),
    clock: { wallMs: () => wallMs, monotonicMs: () => monotonicMs },
    counters: new Counters(),
    state,
    // A connection's number as a watcher is its place in the list.
    connections: { size: clients.length, all: () => clients, get: (watcher) => clients[watcher] },
    sessions: {
      ...{ expiredCount: 0, expiry, local: { size: local.size, expiry: local } },
      all: () => sessions.values(),
      get: (id) => sessions.get(id),
    },
    connectionOf: (id) => clients.find(({ session }) => session?.id === id) ?? null,
    access: new AccessControl(
      state.tree.acls,
      { isValidId: isValidAclId, matches },
      settings?.skipAcl ?? false,
    ),
    watches: { index: new WatchIndex() },
    treeDirectory: '/data/natskeeper',
    logDirectory: '/data/natskeeper/log',
    isServing: () => isServing,
    mode: () => mode ?? 'standalone',
    clientPort: () => 26801,
    outstanding: () => 2,
    uptimeMs: () => 72_003.9,
    ensemble: () => null,
    digests: () => [
      { zxid: 128, digest: 5654362235 },
      { zxid: 2 ** 32 + 1, digest: 6841865404 },
    ],
  };
}

export function ask(view: ReplicaView, word: string, argument: Buffer = nothing): string {
  return new FourLetterWords(view, facts).answer(word, argument);
}

export function addEphemeral({ state }: ReplicaView, name: string, owner: string): void {
  const bytes = Buffer.from(name);
  state.tree.insert(rootSlot, bytes, 0, bytes.length, {
    dataStart: 0,
    dataEnd: 0,
    aclId: 1,
    kind: Flag.ephemeral,
    ownerHigh: Number.parseInt(owner.slice(0, 8), 16) | 0,
    ownerLow: Number.parseInt(owner.slice(8), 16) | 0,
    ttl: 0,
    zxid: 1,
    time: 0,
  });
}

export function addWatch(
  { watches }: ReplicaView,
  watcher: number,
  path: string,
  table: WatchTable,
) {
  const bytes = Buffer.from(path);
  watches.index.ensure(watcher, table, bytes, 0, bytes.length);
}
