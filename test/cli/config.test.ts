/** What the keys of a configuration mean, and how the layers lie over each other. */

import { describe, expect, test } from 'vitest';
import { defaultSettings, isDistributed, settingsWith } from '../../actors/settings.ts';
import { loadEnsemble, loadLines, loadTexts, threeServers } from '../support/config.ts';

describe('settings', () => {
  test('a standalone file with nothing else has the defaults', () => {
    const { settings, warnings } = loadLines();

    expect(settings).toEqual(
      settingsWith({
        file: '/etc/zoo.cfg',
        text: settings.text,
        dataDir: '/data',
        clientPort: 2181,
      }),
    );
    expect(settings.minSessionTimeoutMs).toBe(6000);
    expect(settings.maxSessionTimeoutMs).toBe(60_000);
    expect(settings.frameBytesMax).toBe(1048575);
    expect(isDistributed(settings)).toBe(false);
    expect(warnings).toEqual([]);
  });

  test('are frozen, inside too', () => {
    const { settings } = loadEnsemble();

    for (const part of [settings, settings.purge, settings.servers, settings.servers[0]]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
    expect(Object.isFrozen(defaultSettings.adminServer)).toBe(true);
  });

  test('session timeouts follow the tick unless given', () => {
    const { settings } = loadLines(
      'tickTime=500',
      'maxSessionTimeout=40000',
      'minSessionTimeout=-1',
    );

    expect(settings.minSessionTimeoutMs).toBe(1000);
    expect(settings.maxSessionTimeoutMs).toBe(40_000);
  });

  test('every key is read into its field', () => {
    const { settings, warnings } = loadLines(
      'dataLogDir=/log',
      'clientPortAddress=127.0.0.1',
      'maxClientCnxns=0',
      'maxCnxns=-1',
      'clientPortListenBacklog=99',
      'clientTcpKeepAlive=true',
      'zookeeper.nio.sessionlessCnxnTimeout=500',
      'jute.maxbuffer=0x1fffff',
      'largeRequestMaxBytes=1000',
      'largeRequestThreshold=10',
      'globalOutstandingLimit=50',
      'localSessionsEnabled=TRUE',
      'localSessionsUpgradingEnabled=true',
      'readonlymode.enabled=true',
      'snapCount=500',
      'snapSizeLimitInKb=1024',
      'fsync.warningthresholdms=20',
      'autopurge.snapRetainCount=5',
      'autopurge.purgeInterval=24',
      'digest.enabled=false',
      'syncEnabled=false',
      'extendedTypesEnabled=true',
      'emulate353TTLNodes=true',
      'enforceQuota=true',
      'znode.container.checkIntervalMs=1',
      'znode.container.maxPerMinute=2',
      'znode.container.maxNeverUsedIntervalMs=3',
      'skipACL=yes',
      'DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU=',
      'DigestAuthenticationProvider.digestAlg=SHA-256',
      'DigestAuthenticationProvider.enabled=false',
      'superUser=root',
      'letAnySaslUserDoX=all',
      'enforce.auth.enabled=true',
      'enforce.auth.schemes=Digest, ip',
      'allowSaslFailedClients=true',
      'ensembleAuthName=a,b',
      'admin.enableServer=false',
      'admin.serverAddress=127.0.0.1',
      'admin.serverPort=8081',
      'admin.commandURL=/c',
      'metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider',
      'metricsProvider.httpPort=7001',
      'logLevel=debug',
      'peerType=observer',
      'reconfigEnabled=true',
      'leaderServes=no',
      'quorumListenOnAllIPs=true',
      'electionAlg=3',
      'natsUrl=nats://bus:4222',
      'ensemble=blue-1',
      'busSecret=hush',
    );

    expect(warnings).toEqual([]);
    expect(settings).toMatchObject({
      dataLogDir: '/log',
      clientPortAddress: '127.0.0.1',
      maxClientCnxns: 0,
      maxCnxns: 0,
      clientPortListenBacklog: 99,
      clientTcpKeepAlive: true,
      sessionlessTimeoutMs: 500,
      frameBytesMax: 0x1fffff,
      largeRequestBytesMax: 1000,
      largeRequestThreshold: 10,
      globalOutstandingLimit: 50,
      localSessionsEnabled: true,
      localSessionsUpgradingEnabled: true,
      readOnlyModeEnabled: true,
      snapCount: 500,
      snapBytes: 1024 * 1024,
      fsyncWarningThresholdMs: 20,
      purge: { retainCount: 5, intervalHours: 24 },
      digestEnabled: false,
      syncEnabled: false,
      extendedTypesEnabled: true,
      emulate353TtlNodes: true,
      enforceQuota: true,
      containerCheckIntervalMs: 1,
      containerDeletesPerMinuteMax: 2,
      containerNeverUsedIntervalMsMax: 3,
      skipAcl: true,
      superDigest: 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=',
      digestAlgorithm: 'sha256',
      digestSchemeEnabled: false,
      superUser: 'root',
      letAnySaslUserDoX: 'all',
      enforceAuthSchemes: ['digest', 'ip'],
      allowSaslFailedClients: true,
      ensembleAuthNames: ['a', 'b'],
      adminServer: { enabled: false, address: '127.0.0.1', port: 8081, commandUrl: '/c' },
      metrics: { host: '0.0.0.0', port: 7001 },
      logLevel: 'debug',
      peerType: 'observer',
      reconfigEnabled: true,
      leaderServes: false,
      quorumListenOnAllIPs: true,
      natsUrl: 'nats://bus:4222',
      ensemble: 'blue-1',
      busSecret: 'hush',
    });
  });

  test('four-letter words always include srvr, and isro in read-only mode', () => {
    const words = (...lines: string[]) => loadLines(...lines).settings.fourLetterWords;

    expect(words()).toEqual(new Set(['srvr']));
    expect(words('4lw.commands.whitelist=ruok, mntr')).toEqual(new Set(['ruok', 'mntr', 'srvr']));
    expect(words('4lw.commands.whitelist=')).toEqual(new Set(['srvr']));
    expect(words('4lw.commands.whitelist=*')).toBe('all');
    expect(words('readonlymode.enabled=true')).toEqual(new Set(['srvr', 'isro']));
  });
});

describe('layers', () => {
  const env = {
    ZOO_TICK_TIME: '100',
    ZOO_MAX_CLIENT_CNXNS: '7',
    ZOO_AUTOPURGE_SNAPRETAINCOUNT: '9',
    ZOO_CFG_EXTRA: 'maxCnxns=11 zookeeper.snapCount=12\n syncEnabled=false',
    ZOO_MY_ID: '2',
    ZOO_4LW_COMMANDS_WHITELIST: '*',
    ZOO_ADMINSERVER_ENABLED: 'false',
    ZOO_STANDALONE_ENABLED: '',
    NATS_URL: 'nats://bus',
  };

  test('the environment fills in what the file leaves open', () => {
    const { settings } = loadTexts({ cfg: 'dataDir=/data\nclientPort=1\ntickTime=200', env });

    expect(settings).toMatchObject({
      tickTimeMs: 200,
      maxClientCnxns: 7,
      purge: { retainCount: 9, intervalHours: 0 },
      maxCnxns: 11,
      snapCount: 12,
      syncEnabled: false,
      sid: 2,
      fourLetterWords: 'all',
      adminServer: { enabled: false },
      standaloneEnabled: true,
      natsUrl: 'nats://bus',
    });
  });

  test('the command line wins over all, by any spelling of a key', () => {
    const { settings } = loadTexts({
      cfg: 'dataDir=/data\nclientPort=1\ntickTime=200\nzookeeper.snapCount=5',
      env,
      overrides: {
        '-Dzookeeper.tickTime': '300',
        'zookeeper.maxCnxns': '13',
        snapCount: ' 14 ',
        myid: '3',
      },
    });

    expect(settings).toMatchObject({ tickTimeMs: 300, maxCnxns: 13, snapCount: 14, sid: 3 });
  });

  test('without a file the container image defaults hold, and the usual client port', () => {
    const { settings, warnings } = loadTexts({ cfg: null, env: { ZOO_DATA_DIR: '/data' } });

    expect(settings).toMatchObject({
      file: null,
      text: '',
      dataDir: '/data',
      tickTimeMs: 2000,
      initLimitTicks: 5,
      syncLimitTicks: 2,
      clientPort: 2181,
    });
    expect(warnings).toEqual([]);
  });

  test('an ensemble comes from ZOO_SERVERS, its id from myid before ZOO_MY_ID', () => {
    const env = {
      ZOO_DATA_DIR: '/data',
      ZOO_DATA_LOG_DIR: '/datalog',
      ZOO_MY_ID: '3',
      ZOO_SERVERS:
        'server.1=zoo1:2888:3888;2181 server.2=zoo2:2888:3888;2181 server.3=0.0.0.0:2888:3888;2181',
    };

    const fresh = loadTexts({ cfg: null, env }).settings;
    const moved = loadTexts({ cfg: null, env, files: { '/data/myid': '2' } }).settings;

    expect(fresh).toMatchObject({ sid: 3, clientPort: 2181, dataLogDir: '/datalog' });
    expect(fresh.servers).toHaveLength(3);
    expect(moved.sid).toBe(2);
  });

  test('a layer with server lines replaces those below it as a whole', () => {
    const { settings } = loadTexts({
      cfg: [...threeServers, 'group.1=1:2:3'].join('\n'),
      overrides: { 'server.1': 'a:1:2', 'server.2': 'b:1:2', myid: '1' },
    });

    expect(settings.servers.map(({ sid }) => sid)).toEqual([1, 2]);
    expect(settings.groups.size).toBe(0);
  });

  test('the later line of a file wins', () => {
    expect(loadLines('tickTime=1', 'zookeeper.tickTime=2').settings.tickTimeMs).toBe(2);
  });
});
