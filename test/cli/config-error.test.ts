/** Every way to get a configuration wrong: the message says place, key, value and remedy. */

import { describe, expect, test } from 'vitest';
import { loadSettings } from '../../cli/config.ts';
import { ConfigError } from '../../cli/config-error.ts';
import type { ConfigTexts } from '../support/config.ts';
import { loadEnsemble, loadLines, loadTexts, threeServers } from '../support/config.ts';

function messageOf(load: () => unknown): string {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

describe('a wrong value in a standalone file', () => {
  const cases: [line: string, message: string][] = [
    ['tickTime=abc', 'not a number; valid: a whole number from 1 to 2147483647 (ms)'],
    ['tickTime=-2000', 'out of range; valid: a whole number from 1'],
    ['tickTime=0', 'out of range'],
    ['tickTime=1.5', 'not a number'],
    ['tickTime=0x10', 'not a number'],
    ['tickTime=99999999999', 'out of range'],
    ['clientPort=65536', 'out of range; valid: a whole number from 0 to 65535'],
    ['clientPort=two', 'not a number'],
    ['secureClientPort=-1', 'out of range; valid: a whole number from 0 to 65535'],
    ['admin.serverPort=70000', 'out of range; valid: a whole number from 0 to 65535'],
    ['metricsProvider.httpPort=x', 'not a number'],
    ['maxClientCnxns=-2', 'out of range; valid: a whole number from -1'],
    ['jute.maxbuffer=10', 'out of range; valid: a whole number from 1024 to 2147483647 (bytes)'],
    ['initLimit=0', 'out of range; valid: a whole number from 1 to 2147483647 (ticks)'],
    ['syncLimit=x', 'not a number'],
    ['minSessionTimeout=-2', 'out of range'],
    ['minSessionTimeout=60001', 'minSessionTimeout 60001 is over maxSessionTimeout 60000; valid:'],
    ['maxSessionTimeout=5999', 'minSessionTimeout 6000 is over maxSessionTimeout 5999'],
    ['snapCount=many', 'not a number'],
    ['autopurge.purgeInterval=daily', 'not a number'],
    ['reconfigEnabled=maybe', 'not one of its words; valid: true, false, yes, no'],
    ['readonlymode.enabled=1', 'not one of its words'],
    ['skipACL=true', 'not one of its words; valid: yes, no, false'],
    ['leaderServes=false', 'not one of its words; valid: yes, no, true'],
    ['peerType=leader', 'not one of its words; valid: participant, observer'],
    [
      'logLevel=loud',
      'not one of its words; valid: trace, debug, info, warn, error, fatal, silent',
    ],
    ['electionAlg=1', 'out of range; valid: a whole number from 3 to 3'],
    ['ensemble=a.b', 'not a name; valid: up to 64 letters, digits, "-" and "_"'],
    ['version=0xff', 'not a version; valid: a hexadecimal zxid without 0x'],
    ['version=ffffffffffffffff', 'not a version'],
    ['DigestAuthenticationProvider.digestAlg=rot13', 'no such hash; valid: SHA1, SHA-256'],
    ['sessionRequireClientSASLAuth=true', 'SASL is not configured, so no client could do anything'],
    ['enforce.auth.enabled=true', 'enforce.auth.schemes is empty; valid: schemes such as sasl'],
    ['standaloneEnabled=false', 'there is no participant; valid: server.N lines'],
    ['server.1=zoo1', 'not of the form host:quorumPort:electionPort'],
    ['server.1=zoo1:2888:2888', 'quorum and election port must differ, both are 2888'],
    ['server.1=zoo1:2888:99999', 'election port "99999" is not a number from 1 to 65535'],
    ['server.1=zoo1:1:2:leader', 'unknown peer type "leader"'],
    ['server.0=zoo1:1:2', '0 is no server id; valid: server.1 to server.255'],
    ['server.256=zoo1:1:2', '256 is no server id'],
    ['server.one=zoo1:1:2', 'the part after "server." is not a number; valid: server.1='],
    ['server.1=a:1:2|b:1:2', 'several addresses while multiAddress.enabled is not true'],
    ['server.1=a:1:2:observer', 'an observer needs an ensemble, and there is no participant'],
    ['weight.1=2', 'a weight needs groups; valid: group.N lines beside it'],
    ['weight.1=heavy', 'not a number'],
    ['dynamicConfigFile=/nowhere', 'no such file; valid: an existing file'],
  ];
  for (const [line, message] of cases) {
    test(line, () => {
      const found = messageOf(() => loadLines(line));

      expect(found).toContain(`/etc/zoo.cfg line 3: ${line}: `);
      expect(found).toContain(message);
      expect(found).toContain('; valid: ');
    });
  }
});

describe('a wrong line in the file of an ensemble', () => {
  const cases: [line: string, message: string][] = [
    ['server.01=zoo9:1:2', 'server 1 is listed twice; valid: one line for each server'],
    ['server.4=zoo1:2888:3889', 'zoo1:2888 is also a port of server.1'],
    ['server.4=zoo1:2889:2888', 'zoo1:2888 is also a port of server.1'],
    ['group.1=1:2', 'participant 3 is in no group; valid: groups that hold every participant'],
    ['group.1=1:2:x', '"x" is not a number; valid: ids of listed servers joined by ":"'],
    ['group.1=1:2:9', 'there is no server.9'],
    ['group.1=1:1:2:3', 'server 1 is already in group.1'],
  ];
  for (const [line, message] of cases) {
    test(line, () => {
      const found = messageOf(() => loadEnsemble(line));

      expect(found).toContain(`/etc/zoo.cfg line 8: ${line}: ${message}`);
    });
  }

  test('one participant with an observer', () => {
    const found = messageOf(() => loadLines('server.1=a:1:2', 'server.2=b:1:2:observer'));

    expect(found).toContain('line 4: server.2=b:1:2:observer: an observer needs an ensemble');
    expect(found).toContain('there is one participant alone; valid: more participants, or');
  });

  test('no initLimit or syncLimit', () => {
    for (const key of ['initLimit', 'syncLimit']) {
      const cfg = threeServers.filter((line) => !line.startsWith(key)).join('\n');
      const found = messageOf(() => loadTexts({ cfg, files: { '/data/myid': '1' } }));

      expect(found).toMatch(
        `/etc/zoo.cfg: ${key} is missing: an ensemble needs it; valid: a number`,
      );
    }
  });
});

describe('a wrong id', () => {
  const cases: [name: string, texts: ConfigTexts, message: string][] = [
    ['missing', {}, '/etc/zoo.cfg: /data/myid is missing: a server of an ensemble needs it; valid'],
    ['empty', { files: { '/data/myid': '' } }, '/data/myid: myid=: not a number; valid: a whole'],
    ['no number', { files: { '/data/myid': 'one' } }, '/data/myid: myid=one: not a number'],
    [
      'zero',
      { files: { '/data/myid': '0' } },
      'myid=0: out of range; valid: a whole number from 1',
    ],
    [
      'too big',
      { files: { '/data/myid': '256' } },
      'myid=256: out of range; valid: a whole number',
    ],
    [
      'not listed',
      { files: { '/data/myid': '4' } },
      'myid=4: this id is not in the server list; valid: one of 1, 2, 3, or a line server.4=',
    ],
    ['in the environment', { env: { ZOO_MY_ID: 'x' } }, 'environment ZOO_MY_ID: myid=x: not a'],
    ['on the command line', { overrides: { myid: 'x' } }, 'command line: myid=x: not a number'],
  ];
  for (const [name, texts, message] of cases) {
    test(name, () => {
      const cfg = threeServers.join('\n');

      expect(messageOf(() => loadTexts({ cfg, ...texts }))).toContain(message);
    });
  }

  test('of 255, with extended types', () => {
    const cfg = [...threeServers, 'server.255=z:1:2', 'extendedTypesEnabled=true'].join('\n');
    const load = () => loadTexts({ cfg, files: { '/data/myid': '255' } });

    expect(messageOf(load)).toContain('out of range; valid: a whole number from 1 to 254');
  });

  test('no number, standalone', () => {
    const load = () => loadTexts({ cfg: 'dataDir=/data', files: { '/data/myid': 'one' } });

    expect(messageOf(load)).toContain(
      'myid=one: not a number; valid: a whole number from 1 to 255',
    );
  });
});

describe('client addresses that do not agree', () => {
  const head = ['dataDir=/data', 'server.1=a:1:2;2181'];
  const cases: [lines: string[], message: string][] = [
    [
      ['clientPort=2182'],
      'line 3: clientPort=2182: server.1 says client port 2181; valid: the same',
    ],
    [
      ['clientPort=2181', 'clientPortAddress=h'],
      'line 4: clientPortAddress=h: server.1 says client address 0.0.0.0; valid: the same address',
    ],
    [['clientPortAddress=h'], 'line 3: clientPortAddress=h: clientPort is not set; valid: both'],
  ];
  for (const [lines, message] of cases) {
    test(lines.join(' '), () => {
      expect(messageOf(() => loadTexts({ cfg: [...head, ...lines].join('\n') }))).toContain(
        message,
      );
    });
  }
});

describe('files', () => {
  const dynamic = (text: string, ...lines: string[]) =>
    messageOf(() =>
      loadTexts({
        cfg: ['dataDir=/data', 'dynamicConfigFile=/dyn', ...lines].join('\n'),
        files: { '/dyn': text },
      }),
    );

  test('no zoo.cfg, an unreadable one, one with a malformed escape', () => {
    const readFile = () => {
      throw new Error('EACCES');
    };

    expect(messageOf(() => loadSettings({ file: '/x', readFile, exists: () => false }))).toBe(
      '/x: no such file; valid: the path of a zoo.cfg',
    );
    expect(messageOf(() => loadSettings({ file: '/x', readFile, exists: () => true }))).toBe(
      '/x: cannot be read: EACCES; valid: a readable file',
    );
    expect(messageOf(() => loadLines('a=\\u12'))).toBe(
      '/etc/zoo.cfg line 3: malformed \\uXXXX escape; valid: key=value',
    );
  });

  test('no dataDir', () => {
    expect(messageOf(() => loadTexts({ cfg: 'clientPort=2181\ndataDir=' }))).toBe(
      '/etc/zoo.cfg: dataDir is missing: valid: the path of a folder',
    );
    expect(messageOf(() => loadTexts({ cfg: null }))).toContain(
      'configuration: dataDir is missing',
    );
  });

  test('a dynamic file with other keys, or members in both files', () => {
    expect(dynamic('version=1')).toContain('/dyn line 1: version=1: this key must not stand here');
    expect(dynamic('\nclientPort=1')).toContain('/dyn line 2: clientPort=1: this key must not');
    expect(dynamic('', 'server.1=a:1:2')).toContain(
      'line 3: server.1=a:1:2: the members stand in another file; valid: a line of /dyn',
    );
    expect(dynamic('server.1=a:1:2;99999')).toContain('/dyn line 1: server.1=a:1:2;99999: client');
  });

  const jaas = (text: string, ...lines: string[]) =>
    messageOf(() =>
      loadTexts({
        cfg: ['dataDir=/data', 'java.security.auth.login.config=/jaas', ...lines].join('\n'),
        files: { '/jaas': text },
      }),
    );

  test('a JAAS file that is malformed or has not the named section', () => {
    expect(jaas('Server {\n a.B user_a="secret"; };')).toBe(
      '/jaas line 2: "user_a" is none of required, requisite, sufficient, optional; valid: ' +
        'Server { org.apache.zookeeper.server.auth.DigestLoginModule required … ; };',
    );
    expect(jaas('Server { };', 'sasl.serverconfig=Mine')).toContain(
      'line 3: sasl.serverconfig=Mine: /jaas has no such section; valid: one of its names: Server',
    );
  });

  test('a required scheme that no client can have', () => {
    const enforce = (schemes: string) =>
      messageOf(() => loadLines('enforce.auth.enabled=true', `enforce.auth.schemes=${schemes}`));

    expect(enforce('x509')).toContain(
      'line 4: enforce.auth.schemes=x509: no client can have an identity of scheme "x509"; ' +
        'valid: digest, ip, sasl',
    );
    expect(enforce('sasl')).toContain('line 4: enforce.auth.schemes=sasl: SASL is not configured');
  });
});

describe('other layers are named too', () => {
  test('the environment', () => {
    const load = (env: Record<string, string>) => messageOf(() => loadTexts({ cfg: null, env }));

    expect(load({ ZOO_DATA_DIR: '/d', ZOO_TICK_TIME: 'x' })).toContain(
      'environment ZOO_TICK_TIME: tickTime=x: not a number',
    );
    expect(load({ ZOO_SERVERS: 'zoo1:2888:3888' })).toContain(
      'environment ZOO_SERVERS: server=zoo1:2888:3888: not a server line; valid: server.N=',
    );
    expect(load({ ZOO_DATA_DIR: '/d', ZOO_CFG_EXTRA: 'snapCount=x' })).toContain(
      'environment ZOO_CFG_EXTRA: snapCount=x: not a number',
    );
    expect(load({ ZOO_CFG_EXTRA: 'a=\\u1' })).toBe(
      'environment ZOO_CFG_EXTRA: a=\\u1: malformed \\uXXXX escape; valid: key=value',
    );
  });

  test('the command line', () => {
    const overrides = { '-Dzookeeper.tickTime': 'x' };

    expect(messageOf(() => loadTexts({ cfg: 'dataDir=/d', overrides }))).toContain(
      'command line: -Dzookeeper.tickTime=x: not a number',
    );
  });
});
