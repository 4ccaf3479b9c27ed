/**
 * Every four-letter word's output, byte by byte, on a small replica made up for it: the shapes are
 * those that an Apache ZooKeeper 3.8.0 gave on the same day for the same situation.
 */

import { describe, expect, test } from 'vitest';
import { Counters, LatencyCounter } from '../../actors/counters.ts';
import { type Expiring, ExpiryQueue } from '../../actors/expiry-queue.ts';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import { type ProcessFacts, systemFacts } from '../../actors/process-facts.ts';
import type { ConnectionView, ReplicaMode, ReplicaView } from '../../actors/replica-view.ts';
import { parseServerSpec } from '../../actors/server-spec.ts';
import { settingsWith } from '../../actors/settings.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';
import { WatchIndex, WatchTable } from '../../storage/watch-index.ts';
import { Flag, rootSlot } from '../../storage/znode-rows.ts';

const wallMs = Date.UTC(2026, 10, 21, 13, 30, 0);
const monotonicMs = 100_000;
const version = '3.8.0-natskeeper-0.1.0, built on 11/20/2026 07:05 GMT';
const notServing = 'This ZooKeeper instance is not currently serving requests\n';
const nothing = Buffer.alloc(0);

const facts: ProcessFacts = {
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

const first: Expiring = {
  id: '01000035dffb0000',
  timeoutMs: 10_000,
  lastHeardMs: monotonicMs - 1000,
};
const second: Expiring = { id: 'ff000035dffb0001', timeoutMs: 6000, lastHeardMs: monotonicMs };

function connection(remotePort: number, values: Partial<ConnectionView>): ConnectionView {
  return {
    socket: { remoteAddress: '127.0.0.1', remotePort, queuedBytes: 0 },
    session: null,
    isOpen: true,
    stateName: 'serving.flowing',
    queued: 0,
    establishedMs: wallMs - 2000,
    received: 0,
    sent: 0,
    lastOp: null,
    lastXid: -1,
    lastZxid: 0,
    lastReplyMs: 0,
    lastLatencyMs: 0,
    latency: new LatencyCounter(),
    ...values,
  };
}

function twoClients(): ConnectionView[] {
  const busy = connection(36182, {
    session: first,
    queued: 2,
    received: 6,
    sent: 5,
    lastOp: Opcode.getChildren2,
    lastXid: 30,
    lastZxid: 2 ** 32 + 5,
    lastReplyMs: 99_000.75,
    lastLatencyMs: 1.2,
  });
  for (const ms of [0, 10, 1]) busy.latency.note(ms);
  return [
    connection(36190, { stateName: 'awaitingConnect' }),
    busy,
    connection(36188, {
      socket: { remoteAddress: '::1', remotePort: 36188, queuedBytes: 7 },
      session: second,
      stateName: 'serving.stalled',
    }),
  ];
}

interface Situation {
  readonly clients?: ConnectionView[];
  readonly settings?: Parameters<typeof settingsWith>[0];
  readonly isServing?: boolean;
  readonly mode?: ReplicaMode;
}

function makeView({ clients = [], settings, isServing = true, mode }: Situation): ReplicaView {
  const expiry = new ExpiryQueue<Expiring>(2000);
  for (const { session } of clients) if (session !== null) expiry.add(session);
  return {
    settings: settings
      ? settingsWith(settings)
      : settingsWith({ dataDir: '/data', tickTimeMs: 2000, fourLetterWords: 'all' }),
    clock: { wallMs: () => wallMs, monotonicMs: () => monotonicMs },
    counters: new Counters(),
    state: ReplicatedState.initial(),
    // A connection's number as a watcher is its place in the list.
    connections: { size: clients.length, all: () => clients, get: (watcher) => clients[watcher] },
    sessions: { expiredCount: 0, expiry },
    watches: { index: new WatchIndex() },
    treeDirectory: '/data/natskeeper',
    logDirectory: '/data/natskeeper/log',
    isServing: () => isServing,
    mode: () => mode ?? 'standalone',
    clientPort: () => 26801,
    outstanding: () => 2,
    uptimeMs: () => 72_003.9,
    digests: () => [
      { zxid: 128, digest: 5654362235 },
      { zxid: 2 ** 32 + 1, digest: 6841865404 },
    ],
  };
}

function ask(view: ReplicaView, word: string, argument: Buffer = nothing): string {
  return new FourLetterWords(view, facts).answer(word, argument);
}

function addEphemeral({ state }: ReplicaView, name: string, owner: string): void {
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

function addWatch({ watches }: ReplicaView, watcher: number, path: string, table: WatchTable) {
  const bytes = Buffer.from(path);
  watches.index.ensure(watcher, table, bytes, 0, bytes.length);
}

const allWords =
  'ruok srvr stat mntr conf cons crst srst dump envi dirs wchs wchc wchp isro hash gtmk stmk';

describe('words', () => {
  test('are these and no others', () => {
    const words = new FourLetterWords(makeView({}), facts);

    for (const word of allWords.split(' ')) expect(words.isWord(word)).toBe(true);
    for (const word of ['lead', 'ruo', 'RUOK', 'size', '']) expect(words.isWord(word)).toBe(false);
  });

  test('outside the whitelist say so', () => {
    const settings = { dataDir: '/data', fourLetterWords: new Set(['ruok']) };
    const view = makeView({ settings });

    expect(ask(view, 'ruok')).toBe('imok');
    for (const word of allWords.split(' ').filter((word) => word !== 'ruok')) {
      expect(ask(view, word)).toBe(`${word} is not executed because it is not in the whitelist.\n`);
    }
  });

  test('while not serving tell nothing but of the process', () => {
    const view = makeView({ isServing: false });

    const rest = allWords.split(' ').filter((word) => ask(view, word) !== notServing);

    expect(rest).toEqual(['ruok', 'envi', 'isro', 'gtmk', 'stmk']);
    expect(ask(view, 'ruok')).toBe('imok');
    expect(ask(view, 'isro')).toBe('null');
  });
});

describe('ruok, isro, hash', () => {
  test('ruok', () => expect(ask(makeView({}), 'ruok')).toBe('imok'));

  test('isro', () => {
    expect(ask(makeView({}), 'isro')).toBe('rw');
    expect(ask(makeView({ mode: 'follower' }), 'isro')).toBe('rw');
    expect(ask(makeView({ mode: 'read-only' }), 'isro')).toBe('ro');
  });

  test('hash', () => {
    expect(ask(makeView({}), 'hash')).toBe('80: 5654362235\n100000001: 6841865404\n');
  });
});

describe('gtmk, stmk', () => {
  test('the mask is kept', () => {
    const words = new FourLetterWords(makeView({}), facts);

    expect(words.answer('gtmk', nothing)).toBe('306');
    expect(words.answer('stmk', Buffer.from([0, 0, 0, 0, 0, 0, 1, 7]))).toBe('263');
    expect(words.answer('gtmk', nothing)).toBe('263');
    expect(words.answer('stmk', Buffer.alloc(9, 0xff))).toBe('-1');
  });

  test('half a mask changes nothing', () => {
    const words = new FourLetterWords(makeView({}), facts);

    expect(words.answer('stmk', Buffer.alloc(7))).toBe('');
    expect(words.answer('gtmk', nothing)).toBe('306');
  });
});

describe('srvr, stat', () => {
  const summary = (latency: string) =>
    `Latency min/avg/max: ${latency}\nReceived: 9\nSent: 2\nConnections: 3\nOutstanding: 2\n` +
    'Zxid: 0x100000005\nMode: standalone\nNode count: 5\n';

  function busyView(): ReplicaView {
    const view = makeView({ clients: twoClients() });
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
      /^Zookeeper version: ([A-Za-z0-9.-]+), built on (\d\d\/\d\d\/\d\d\d\d \d\d:\d\d [A-Za-z0-9:+-]+)/,
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
    expect(ask(makeView({ clients: twoClients() }), 'cons')).toBe(
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
    const view = makeView({ clients: twoClients().slice(1, 2) });

    expect(ask(view, 'crst')).toBe('Connection stats reset.\n');
    expect(ask(view, 'cons')).toBe(
      ' /127.0.0.1:36182[1](queued=2,recved=0,sent=0,sid=0x1000035dffb0000,lop=NA,' +
        `est=${wallMs - 2000},to=10000,lzxid=0xffffffffffffffff,lresp=0,llat=0,` +
        'minlat=0,avglat=0,maxlat=0)\n\n',
    );
  });
});

describe('mntr', () => {
  test('all keys of a new standalone replica', () => {
    expect(ask(makeView({}), 'mntr')).toBe(
      `zk_version\t${version}\nzk_server_state\tstandalone\n` +
        'zk_avg_latency\t0.0\nzk_max_latency\t0\nzk_min_latency\t0\n' +
        'zk_packets_received\t0\nzk_packets_sent\t0\nzk_num_alive_connections\t0\n' +
        'zk_outstanding_requests\t2\nzk_last_client_response_size\t-1\n' +
        'zk_max_client_response_size\t-1\nzk_min_client_response_size\t-1\n' +
        'zk_auth_failed_count\t0\nzk_global_sessions\t0\nzk_local_sessions\t0\n' +
        'zk_stale_sessions_expired\t0\nzk_znode_count\t5\nzk_watch_count\t0\n' +
        'zk_ephemerals_count\t0\nzk_approximate_data_size\t21\n' +
        'zk_open_file_descriptor_count\t63\nzk_max_file_descriptor_count\t20000\n' +
        'zk_uptime\t72003\nzk_avg_fsynctime\t0.0\nzk_min_fsynctime\t0\n' +
        'zk_max_fsynctime\t0\nzk_cnt_fsynctime\t0\nzk_sum_fsynctime\t0\n',
    );
  });

  test('averages are doubles as Java prints them', () => {
    const view = makeView({});
    for (let count = 0; count < 1999; count++) view.counters.latency.note(0);
    view.counters.latency.note(1);
    view.counters.flush.note(2);

    expect(ask(view, 'mntr')).toContain('zk_avg_latency\t5.0E-4\n');
    expect(ask(view, 'mntr')).toContain('zk_avg_fsynctime\t2.0\n');
  });

  test('what the system does not tell is left out', () => {
    const silent = { ...facts, openFiles: () => null, openFilesMax: () => null };

    const text = new FourLetterWords(makeView({}), silent).answer('mntr', nothing);

    expect(text).not.toContain('file_descriptor');
  });

  test('counts of the tree, and quotas by the first name of their path', () => {
    const view = makeView({ clients: twoClients() });
    addEphemeral(view, 'eph', first.id);
    addWatch(view, 1, '/eph', WatchTable.data);
    addWatch(view, 1, '/', WatchTable.child);
    view.state.sessions.set(first.id, first.timeoutMs);
    const quotas = new Map([
      ['/b', 'count=-1,bytes=1000=;byteHardLimit=5;countHardLimit=-1'],
      ['/c/d', 'count=7,bytes=-1=;byteHardLimit=-1;countHardLimit=9'],
    ]);
    view.state.quotas.paths = () => quotas.keys();
    view.state.quotas.report = (path) => ({
      limits: {
        count: 7,
        bytes: 1000,
        countHardLimit: path === '/c/d' ? 9 : -1,
        byteHardLimit: path === '/b' ? 5 : -1,
      },
      usage: { count: 2, bytes: 3, countHardLimit: -1, byteHardLimit: -1 },
    });

    const text = ask(view, 'mntr');

    expect(text).toContain('zk_num_alive_connections\t3\n');
    expect(text).toContain('zk_global_sessions\t1\n');
    expect(text).toContain('zk_znode_count\t6\nzk_watch_count\t2\nzk_ephemerals_count\t1\n');
    expect(text.slice(text.indexOf('zk_b_'))).toBe(
      'zk_b_quota_count_limit_per_namespace\t7\nzk_b_quota_count_usage_per_namespace\t2\n' +
        'zk_b_quota_bytes_limit_per_namespace\t5\nzk_b_quota_bytes_usage_per_namespace\t3\n' +
        'zk_c_quota_count_limit_per_namespace\t9\nzk_c_quota_count_usage_per_namespace\t2\n' +
        'zk_c_quota_bytes_limit_per_namespace\t1000\nzk_c_quota_bytes_usage_per_namespace\t3\n',
    );
  });
});

describe('conf, dirs, envi', () => {
  const common =
    'clientPort=26801\nsecureClientPort=-1\ndataDir=/data/natskeeper\ndataDirSize=457\n' +
    'dataLogDir=/data/natskeeper/log\ndataLogSize=4096\ntickTime=2000\nmaxClientCnxns=60\n' +
    'minSessionTimeout=4000\nmaxSessionTimeout=40000\nclientPortListenBacklog=-1\n';

  test('conf alone', () => {
    expect(ask(makeView({}), 'conf')).toBe(`${common}serverId=0\n`);
  });

  test('conf of a member adds the ensemble', () => {
    const lines = [
      'server.1=a:2888:3888:participant;0.0.0.0:2181',
      'server.2=b:2889:3889:participant;0.0.0.0:2181',
    ];
    const servers = lines.map((line, at) => parseServerSpec(at + 1, line.slice(9)));
    const settings = {
      dataDir: '/data',
      tickTimeMs: 2000,
      fourLetterWords: 'all' as const,
      sid: 2,
      servers,
    };
    const view = makeView({ settings, mode: 'follower' });
    const config = Buffer.from(`${lines.join('\n')}\nversion=0`);
    const { tree } = view.state;
    tree.replaceData(tree.findPath('/zookeeper/config'), config, 0, config.length);

    expect(ask(view, 'conf')).toBe(
      `${common}serverId=2\ninitLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=3889\n` +
        `quorumPort=2889\npeerType=0\nmembership: \n${config}`,
    );
  });

  test('dirs', () => {
    expect(ask(makeView({}), 'dirs')).toBe('datadir_size: 457\nlogdir_size: 4096\n');
  });

  test('envi', () => {
    expect(ask(makeView({}), 'envi')).toBe(
      `Environment:\nzookeeper.version=${version}\nhost.name=host1\njava.version=20.20.0\n` +
        'java.vendor=Node.js\njava.home=/opt/node/bin\njava.class.path=/opt/keeper\n' +
        'java.library.path=\njava.io.tmpdir=/tmp\njava.compiler=<NA>\nos.name=Linux\n' +
        'os.arch=amd64\nos.version=6.1.0\nuser.name=keeper\nuser.home=/var/keeper\n' +
        'user.dir=/srv\nos.memory.free=512MB\nos.memory.max=1024MB\nos.memory.total=100MB\n',
    );
  });

  test('facts of this process', () => {
    expect(systemFacts.version).toMatch(/^\d+\.\d+\.\d+/);
    expect(systemFacts.builtMs).toBeGreaterThan(Date.UTC(2024, 0, 1));
    expect(systemFacts.memory().totalBytes).toBeGreaterThan(0);
    expect(systemFacts.openFiles() ?? 1).toBeGreaterThan(0);
    expect(systemFacts.openFilesMax() ?? 1).toBeGreaterThan(0);
    expect(systemFacts.directoryBytes(import.meta.dirname)).toBeGreaterThan(1000);
    expect(systemFacts.directoryBytes('/no/such/folder')).toBe(0);
  });
});

describe('dump', () => {
  test('of an empty replica', () => {
    expect(ask(makeView({}), 'dump')).toBe(
      'SessionTracker dump:\nSession Sets (0)/(0):\nephemeral nodes dump:\n' +
        'Sessions with Ephemerals (0):\nConnections dump:\nConnections Sets (0)/(0):\n',
    );
  });

  test('sessions, ephemerals and connections by the time of their end', () => {
    const view = makeView({ clients: twoClients() });
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

describe('wchs, wchc, wchp', () => {
  test('of nothing', () => {
    const view = makeView({});

    expect(ask(view, 'wchs')).toBe('0 connections watching 0 paths\nTotal watches:0\n');
    expect(ask(view, 'wchc')).toBe('\n');
    expect(ask(view, 'wchp')).toBe('\n');
  });

  test('watches on data only', () => {
    const view = makeView({ clients: twoClients() });
    addWatch(view, 0, '/child', WatchTable.child);
    addWatch(view, 1, '/nope', WatchTable.data);
    addWatch(view, 1, '/eph1', WatchTable.data);
    addWatch(view, 1, '/eph1', WatchTable.child);
    addWatch(view, 2, '/eph1', WatchTable.data);

    expect(ask(view, 'wchs')).toBe('2 connections watching 2 paths\nTotal watches:3\n');
    expect(ask(view, 'wchc')).toBe(
      '0x1000035dffb0000\n\t/eph1\n\t/nope\n0xff000035dffb0001\n\t/eph1\n\n',
    );
    expect(ask(view, 'wchp')).toBe(
      '/eph1\n\t0x1000035dffb0000\n\t0xff000035dffb0001\n/nope\n\t0x1000035dffb0000\n\n',
    );
  });
});
