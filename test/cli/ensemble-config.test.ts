/** Who the members are, what this replica is among them, and kazoo's own ensemble. */

import { describe, expect, test } from 'vitest';
import { isDistributed } from '../../actors/settings.ts';
import { formatServerSpec } from '../../protocol/server-spec.ts';
import { loadEnsemble, loadTexts, threeServers } from '../support/config.ts';

const jaas = `Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_super="super_secret"
  user_jaasuser="jaas_password";
};`;

describe('an ensemble', () => {
  test('has its members by sid and its own id from myid', () => {
    const { settings, warnings } = loadEnsemble();

    expect(isDistributed(settings)).toBe(true);
    expect(settings.sid).toBe(1);
    expect(settings.servers.map(({ sid }) => sid)).toEqual([1, 2, 3]);
    expect(settings.clientPort).toBe(2181);
    expect(warnings).toEqual([]);
  });

  test('takes the client address from its own server line', () => {
    const cfg = (client: string) =>
      loadTexts({
        cfg: [
          ...threeServers.slice(2, 4),
          'dataDir=/data',
          `server.1=a:1:2${client}`,
          'server.2=b:1:2:observer',
          'server.3=c:1:2',
        ].join('\n'),
        files: { '/data/myid': ' 1 \n' },
      });

    expect(cfg(';2182').settings).toMatchObject({ clientPort: 2182, clientPortAddress: null });
    expect(cfg(';[::]:2182').settings).toMatchObject({ clientPort: 2182, clientPortAddress: null });
    expect(cfg(';h:2182').settings).toMatchObject({ clientPort: 2182, clientPortAddress: 'h' });
    expect(cfg('').settings.clientPort).toBeNull();
    expect(cfg('').warnings).toContainEqual(expect.stringContaining('serves no clients'));
    expect(cfg('').warnings).toContainEqual(expect.stringContaining('two participants survive'));
  });

  test('with two names for its client address follows the server line, with a warning', () => {
    const { settings, warnings } = loadTexts({
      cfg: [
        ...threeServers.filter((line) => !line.startsWith('server.1')),
        'clientPortAddress=zoo1.example',
        'server.1=zoo1:2888:3888;10.0.0.1:2181',
      ].join('\n'),
      files: { '/data/myid': '1' },
    });

    expect(settings.clientPortAddress).toBe('10.0.0.1');
    expect(warnings).toEqual([expect.stringContaining('server.1 says client address 10.0.0.1')]);
  });

  test('counts a server line over peerType, with a warning', () => {
    const { settings, warnings } = loadEnsemble('peerType=observer');

    expect(settings.peerType).toBe('participant');
    expect(warnings).toEqual([
      '/etc/zoo.cfg line 8: peerType=observer differs from server.1, which says participant: ' +
        'the server line counts',
    ]);
  });

  test('may have groups, weights, a version and several addresses', () => {
    const { settings } = loadEnsemble(
      'group.1=1:2',
      'group.2=3',
      'weight.1=2',
      'version=1000000ab',
      'multiAddress.enabled=true',
      'server.4=a:1:2|b:1:2:observer',
    );

    expect([...settings.groups]).toEqual([
      [1, [1, 2]],
      [2, [3]],
    ]);
    expect([...settings.weights]).toEqual([[1, 2]]);
    expect(settings.configVersion).toBe(0x1000000ab);
    expect(formatServerSpec(settings.servers[3]!)).toBe('a:1:2|b:1:2:observer');
  });

  test('reads its members from a dynamic file, whose name ends in the version', () => {
    const lines = ['dataDir=/data', 'initLimit=1', 'syncLimit=1', 'reconfigEnabled=true'];
    const { settings, warnings } = loadTexts({
      cfg: [...lines, 'dynamicConfigFile=/etc/zoo.cfg.dynamic.10a'].join('\n'),
      files: {
        '/data/myid': '2',
        '/etc/zoo.cfg.dynamic.10a': 'server.1=a:1:2:participant;2181\nserver.2=b:1:2;2182\n',
      },
      env: { ZOO_SERVERS: 'server.9=z:1:2' },
    });

    expect(settings.servers.map(({ sid }) => sid)).toEqual([1, 2]);
    expect(settings.configVersion).toBe(0x10a);
    expect(settings.clientPort).toBe(2182);
    expect(settings.dynamicConfigFile).toBe('/etc/zoo.cfg.dynamic.10a');
    expect(warnings).toEqual([expect.stringContaining('two participants')]);
  });

  test('of one server line is standalone, unless standaloneEnabled is false', () => {
    const lines = [
      'dataDir=/data',
      'server.1=localhost:2888:3888;2199',
      'initLimit=5',
      'syncLimit=2',
    ];

    const alone = loadTexts({ cfg: lines.join('\n') }).settings;
    const ensemble = loadTexts({
      cfg: [...lines, 'standaloneEnabled=false'].join('\n'),
      files: { '/data/myid': '1' },
    }).settings;

    expect(isDistributed(alone)).toBe(false);
    expect(alone).toMatchObject({ sid: 0, clientPort: 2199 });
    expect(isDistributed(ensemble)).toBe(true);
    expect(ensemble).toMatchObject({ sid: 1, clientPort: 2199 });
  });

  test('alone with a strange myid has no id, with a warning', () => {
    const { settings, warnings } = loadTexts({
      cfg: 'dataDir=/data\nclientPort=2181',
      files: { '/data/myid': '300' },
    });

    expect(settings.sid).toBe(0);
    expect(warnings).toEqual(['/data/myid: myid=300 is not from 1 to 255: taken as none']);
  });

  test('is warned of a secure port in its own server line', () => {
    const lines = threeServers.filter((line) => !line.startsWith('server.1'));
    const { settings, warnings } = loadTexts({
      cfg: [...lines, 'server.1=zoo1:2888:3888;2181;2281'].join('\n'),
      files: { '/data/myid': '1' },
    });

    expect(settings.servers[0]?.secureClientAddress).toEqual({ host: '0.0.0.0', port: 2281 });
    expect(warnings).toEqual([
      expect.stringMatching(/^NOT PROTECTED: .*;2281 \(\/etc\/zoo.cfg line 7\): TLS is not/),
    ]);
  });
});

test('what the harness of kazoo writes works without a warning', () => {
  const { settings, warnings } = loadTexts({
    cfg: `
tickTime=2000
dataDir=/tmp/x/data
clientPort=20000
maxClientCnxns=0
admin.serverPort=20003
authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider
4lw.commands.whitelist=*

initLimit=4
syncLimit=2
server.1=localhost:20002:20001:participant
server.2=localhost:20012:20011:participant
server.3=localhost:20022:20021:observer
peerType=participant
readonlymode.enabled=true
java.security.auth.login.config=/tmp/x/jaas.conf
DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU=
`,
    files: { '/tmp/x/data/myid': '1', '/tmp/x/jaas.conf': jaas },
  });

  expect(settings).toMatchObject({
    sid: 1,
    clientPort: 20000,
    maxClientCnxns: 0,
    adminServer: { enabled: true, port: 20003 },
    fourLetterWords: 'all',
    readOnlyModeEnabled: true,
    superDigest: 'super:D/InIHSb7yEEbrWz8b9l71RjZJU=',
  });
  expect([...settings.saslUsers!]).toEqual([
    ['super', 'super_secret'],
    ['jaasuser', 'jaas_password'],
  ]);
  expect(warnings).toEqual([expect.stringContaining('two participants')]);
});
