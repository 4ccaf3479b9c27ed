/**
 * Real clients, each with a scripted session: zkCli.sh (Java) and cli_mt (C) from Debian, and the
 * npm client. They run against natskeeper, and against Apache ZooKeeper where that is installed, so
 * that a script proves itself first. What is missing is skipped, and the reason is printed.
 */

import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApache, whyNoApache } from '../support/apache.ts';
import type { Exchange } from '../support/dialogue.ts';
import { Dialogue } from '../support/dialogue.ts';
import type { NodeAcl, NodeEvent, NodeResult, NodeStat } from '../support/node-client.ts';
import { connectNodeClient, nodeLibrary, promised } from '../support/node-client.ts';
import { startServer, whyNoServer } from '../support/server.ts';
import type { ZooProcess } from '../support/zoo-process.ts';

const zkCli = '/usr/share/zookeeper/bin/zkCli.sh';
const cliMt = '/usr/lib/zookeeper/bin/cli_mt';
const hasZkCli = existsSync(zkCli) && whyNoApache === null;
const hasCliMt = existsSync(cliMt);
const digest = 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=';

const targets = [
  { name: 'natskeeper', start: startServer, reason: whyNoServer },
  { name: 'Apache ZooKeeper', start: startApache, reason: whyNoApache },
] as const;

for (const { name, reason } of targets) {
  if (reason !== null) console.log(`no clients against ${name}: ${reason}`);
}
if (!hasZkCli) console.log('no zkCli.sh: the Debian package zookeeper or Java is missing');
if (!hasCliMt) console.log('no cli_mt: the Debian package zookeeper-bin is missing');

const zkCliScript: readonly Exchange[] = [
  ['create /java one', /Created \/java\n/],
  ['create /java again', /Node already exists: \/java/],
  ['get -s /java', /\none\ncZxid = 0x[0-9a-f]+\n.*dataVersion = 0\n.*dataLength = 3\n/s],
  ['get -w /java', /\none\n|one\n/],
  ['set /java two', /type:NodeDataChanged path:\/java/],
  ['get /java', /two\n/],
  ['create -e /java/eph x', /Created \/java\/eph\n/],
  ['create -s /java/s- x', /Created \/java\/s-0000000001\n/],
  ['create -c /java/container', /Created \/java\/container\n/],
  ['ls /java', /\[container, eph, s-0000000001\]\n/],
  ['ls -w /java', /\[container, eph, s-0000000001\]\n/],
  ['delete /java/eph', /type:NodeChildrenChanged path:\/java/],
  ['stat /java', /cversion = 4\n.*numChildren = 2\n/s],
  ['delete /java', /Node not empty: \/java/],
  ['set -v 77 /java no', /version No is not valid : \/java/],
  ['getAcl /java', /'world,'anyone\n: cdrwa\n/],
  ['addauth digest bob:secret\nwhoami', /digest: bob\n/],
  [
    'setAcl /java auth::cdrwa\ngetAcl /java',
    /'digest,'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=\n: cdrwa\n/,
  ],
  ['getEphemerals\nsync /java', /Sync is OK/],
  ['getAllChildrenNumber /java', /2\n/],
  ['deleteall /java\nls /', /\[zookeeper\]\n/],
  ['get /java', /Node does not exist: \/java/],
];

const cliMtScript: readonly Exchange[] = [
  ['create /c', /\[\/c\]: rc = 0\n\tname = \/c\n/],
  ['create /c', /\[\/c\]: rc = -110\n/],
  ['set /c one', /\/c: rc = 0/],
  ['get /c', /\/c: rc = 0\n value_len = 3\none\n/],
  ['wexists /c\nset /c two', /Watcher CHANGED_EVENT state = CONNECTED_STATE for path \/c/],
  ['create +e /c/eph', /\[\/c\/eph\]: rc = 0\n/],
  ['create +s /c/s-', /name = \/c\/s-0000000001\n/],
  ['ls /c', /\/c: rc = 0\n(\teph\n\ts-0000000001|\ts-0000000001\n\teph)\n/],
  ['delete /c', /\/c: rc = -111\n/],
  ['addauth digest bob:secret\nget /c', /\/c: rc = 0\n value_len = 3\ntwo\n/],
  ['delete /c/eph', /\/c\/eph: rc = 0\n/],
  ['delete /c/s-0000000001', /\/c\/s-0000000001: rc = 0\n/],
  ['delete /c', /\/c: rc = 0\n/],
  ['get /c', /\/c: rc = -101\n/],
];

for (const { name, start, reason } of targets) {
  describe.skipIf(reason !== null)(`clients of ${name}`, () => {
    let server: ZooProcess;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.remove());

    async function run(
      command: string,
      args: string[],
      greeting: RegExp,
      script: readonly Exchange[],
    ) {
      const dialogue = new Dialogue(command, args, server.folder);
      try {
        await dialogue.expect(greeting);
        await dialogue.say([...script]);
        await dialogue.say([['quit', /(?:)/]]);
        await dialogue.end();
      } finally {
        dialogue.kill();
      }
    }

    test.skipIf(!hasZkCli)('zkCli.sh does what its script says', async () => {
      const address = `127.0.0.1:${server.port}`;
      await run(zkCli, ['-server', address], /state:SyncConnected/, zkCliScript);
    });

    test.skipIf(!hasCliMt)('cli_mt does what its script says', async () => {
      await run(cliMt, [`127.0.0.1:${server.port}`], /new session id/, cliMtScript);
    });

    test('node-zookeeper-client creates, reads, changes, watches and deletes', async () => {
      const client = await connectNodeClient(server.port);
      const { CreateMode, ACL } = nodeLibrary;
      const open = ACL.OPEN_ACL_UNSAFE;
      const create = (path: string, mode = CreateMode.PERSISTENT, acl = open): Promise<string> =>
        promised((done) => client.create(path, Buffer.from('one'), acl, mode, done));
      const events: string[] = [];
      const note = (event: NodeEvent): unknown =>
        events.push(`${event.getName()} ${event.getPath()}`);

      expect(await create('/n')).toBe('/n');
      await expect(create('/n')).rejects.toThrow('NODE_EXISTS');
      expect(await create('/n/s-', CreateMode.PERSISTENT_SEQUENTIAL)).toBe('/n/s-0000000000');
      expect(await create('/n/e', CreateMode.EPHEMERAL)).toBe('/n/e');
      expect(await promised((done) => client.getData('/n', note, done))).toEqual(
        Buffer.from('one'),
      );
      const children = await promised<string[]>((done) => client.getChildren('/n', note, done));
      expect(children.sort()).toEqual(['e', 's-0000000000']);
      await expect(
        promised((done) => client.setData('/n', Buffer.from('x'), 5, done)),
      ).rejects.toThrow('BAD_VERSION');
      const stat = await promised<NodeStat>((done) =>
        client.setData('/n', Buffer.from('two'), 0, done),
      );
      expect([stat.version, stat.numChildren]).toEqual([1, 2]);
      await promised((done) => client.remove('/n/e', -1, done));
      await expect(promised((done) => client.remove('/n', -1, done))).rejects.toThrow('NOT_EMPTY');
      expect(await promised((done) => client.exists('/none', null, done))).toBeNull();
      expect(events).toEqual(['NODE_DATA_CHANGED /n', 'NODE_CHILDREN_CHANGED /n']);

      client.close();
    });

    test('node-zookeeper-client runs transactions and sets ACLs', async () => {
      const client = await connectNodeClient(server.port);
      const data = Buffer.from('t');

      const results = await promised<NodeResult[]>((done) =>
        client
          .transaction()
          .create('/t', data)
          .create('/t/a', data)
          .setData('/t', data)
          .commit(done),
      );
      expect(results.map(({ path }) => path)).toEqual(['/t', '/t/a', undefined]);
      await expect(
        promised((done) => client.transaction().remove('/t/a').remove('/none').commit(done)),
      ).rejects.toThrow('NO_NODE');
      expect(await promised((done) => client.exists('/t/a', null, done))).not.toBeNull();

      client.addAuthInfo('digest', Buffer.from('bob:secret'));
      await promised((done) => client.setACL('/t', nodeLibrary.ACL.CREATOR_ALL_ACL, -1, done));
      const acl = await promised<NodeAcl[]>((done) => client.getACL('/t', done));
      expect(acl.map(({ permission, id }) => [permission, id.scheme, id.id])).toEqual([
        [31, 'digest', digest],
      ]);

      client.close();
    });
  });
}
