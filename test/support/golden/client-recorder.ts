/**
 * Records golden frames of clients that others wrote: zkCli.sh (Java), cli_mt (C) and kazoo
 * (Python) talk to a real Apache ZooKeeper through a relay that keeps every frame. Run by
 * golden.test.ts when RECORD_GOLDEN=1; needs the Debian packages zookeeper, zookeeper-bin and
 * python3-kazoo.
 */

import { spawn } from 'node:child_process';
import { connect, createServer, type Server } from 'node:net';
import { FrameSplitter } from '../../../protocol/frame.ts';
import { startApache } from '../apache.ts';
import { Dialogue, type Exchange } from '../dialogue.ts';
import type { FrameKind, GoldenFrame } from './recorder.ts';
import { nameOfOp } from './recorder.ts';

const frameBytesMax = 16 * 1024 * 1024;
const notificationXid = -1;

const java: readonly Exchange[] = [
  ['create /java one', /Created/],
  ['create -c /java/c', /Created/],
  ['create -t 60000 /java/t', /Created/],
  ['create -s -e /java/s- x', /Created/],
  ['get -s -w /java', /numChildren/],
  ['set -v 0 /java two', /NodeDataChanged/],
  ['ls -w /java', /\[c, /],
  ['create /java/d', /NodeChildrenChanged/],
  ['addWatch -m PERSISTENT_RECURSIVE /java\nset /java/d x', /NodeDataChanged path:\/java\/d/],
  ['removewatches /java\nsync /java', /Sync is OK/],
  ['addauth digest bob:secret\nwhoami', /digest: bob/],
  ['setAcl /java/d auth::cdrwa\ngetAcl -s /java/d', /numChildren/],
  ['getEphemerals\ngetAllChildrenNumber /java', /4\n/],
  ['stat /none', /Node does not exist/],
  ['deleteall /java\nls /', /\[zookeeper\]/],
];

const c: readonly Exchange[] = [
  ['create2 +e /c', /name = \/c/],
  ['set /c one\nget /c', /value_len = 3/],
  ['ls2 /', /zookeeper/],
  ['wexists /c\ndelete /c', /DELETED_EVENT/],
  ['sync /\nget /c', /rc = -101/],
];

const python = `
import sys
from kazoo.client import KazooClient
from kazoo.security import make_digest_acl
k = KazooClient('127.0.0.1:' + sys.argv[1])
k.start()
k.create('/py/deep', b'x', makepath=True, include_data=True)
k.create('/py/e-', b'', ephemeral=True, sequence=True, acl=[make_digest_acl('a', 'b', all=True)])
k.get('/py/deep', watch=lambda event: None)
k.set('/py/deep', b'y', version=0)
k.get_children('/py', include_data=True)
k.get_acls('/py')
k.add_auth('digest', 'a:b')
t = k.transaction()
t.create('/py/t', b'1')
t.check('/py', 0)
t.set_data('/py/t', b'2')
t.delete('/py/t')
t.commit()
t = k.transaction()
t.check('/py', 9)
t.delete('/none')
t.commit()
k.sync('/')
k.exists('/none')
k.delete('/py', recursive=True)
k.stop()
`;

/** Keeps the frames that pass; one connection has one name. */
function relay(target: number, frames: GoldenFrame[], name: () => string): Server {
  return createServer((client) => {
    const server = connect(target, '127.0.0.1');
    const connection = name();
    const pending = new Map<number, string[]>();
    const keep = (kind: FrameKind, bytes: Buffer, op?: string): unknown =>
      frames.push({ connection, kind, ...(op ? { op } : {}), hex: bytes.toString('hex') });
    let hasRequest = false;
    let hasResponse = false;
    const up = new FrameSplitter(frameBytesMax, (chunk, start, end) => {
      const bytes = Buffer.from(chunk.subarray(start, end));
      const op = hasRequest ? nameOfOp(bytes.readInt32BE(4)) : undefined;
      keep(hasRequest ? 'request' : 'connectRequest', bytes, op);
      if (op !== undefined) {
        const xid = bytes.readInt32BE(0);
        pending.set(xid, [...(pending.get(xid) ?? []), op]);
      }
      hasRequest = true;
      return true;
    });
    const down = new FrameSplitter(frameBytesMax, (chunk, start, end) => {
      const bytes = Buffer.from(chunk.subarray(start, end));
      const xid = bytes.readInt32BE(0);
      if (!hasResponse) keep('connectResponse', bytes);
      else if (xid === notificationXid) keep('event', bytes);
      else keep('reply', bytes, pending.get(xid)?.shift());
      hasResponse = true;
      return true;
    });
    client.on('data', (chunk: Buffer) => {
      up.push(chunk, 0, chunk.length);
      server.write(chunk);
    });
    server.on('data', (chunk: Buffer) => {
      down.push(chunk, 0, chunk.length);
      client.write(chunk);
    });
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
    }
  });
}

export async function recordClients(): Promise<GoldenFrame[]> {
  const apache = await startApache(['extendedTypesEnabled=true']);
  const frames: GoldenFrame[] = [];
  let name = '';
  const server = relay(apache.port, frames, () => name);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  try {
    const run = async (
      client: string,
      command: string,
      args: string[],
      say: readonly Exchange[],
    ) => {
      name = client;
      const dialogue = new Dialogue(command, args, apache.folder);
      await dialogue.expect(/SyncConnected|new session id/);
      await dialogue.say([...say, ['quit', /(?:)/]]);
      await dialogue.end();
    };
    await run('java', '/usr/share/zookeeper/bin/zkCli.sh', ['-server', `127.0.0.1:${port}`], java);
    await run('c', '/usr/lib/zookeeper/bin/cli_mt', [`127.0.0.1:${port}`], c);
    name = 'python';
    await new Promise<void>((done, failed) => {
      const child = spawn('/usr/bin/python3', ['-c', python, String(port)], { stdio: 'inherit' });
      child.once('error', failed);
      child.once('exit', (code) =>
        code === 0 ? done() : failed(new Error(`kazoo ended ${code}`)),
      );
    });
    return frames;
  } finally {
    server.close();
    await apache.remove();
  }
}
