/**
 * conf, dirs and envi, byte by byte in the shape that Apache ZooKeeper 3.8.0 gives them, and the
 * facts of a real process.
 */

import { describe, expect, test } from 'vitest';
import { systemFacts } from '../../actors/process-facts.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { ask, makeView, version } from '../support/replica-view.ts';

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
