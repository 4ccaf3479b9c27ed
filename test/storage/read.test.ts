/**
 * Reads: replies, the order of checks (specification, section 2.5), and which of them set a watch.
 * Also the requests that deal with watches only, and what a reconnecting client missed (3.6).
 */

import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { readMultiReply, writeMultiEnd, writeMultiHeader } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl } from '../../protocol/record.ts';
import type { ReplyOp } from '../../protocol/replies.ts';
import { readClientInfos, readReply } from '../../protocol/replies.ts';
import type { RequestBody, RequestOp } from '../../protocol/requests.ts';
import type { Caller } from '../../storage/caller.ts';
import { TreeReader } from '../../storage/read.ts';
import type { WatchPort } from '../../storage/read-watches.ts';
import {
  bodyOf,
  createBody,
  deleteBody,
  nobodyCaller,
  Pipeline,
  sessionA,
  sessionB,
  setDataBody,
} from '../support/pipeline.ts';

const E = ErrorCode;
const boss: Caller = { ids: [{ scheme: 'digest', id: 'boss:x' }], isSuper: false };
const root: Caller = { ids: [{ scheme: 'super', id: '' }], isSuper: true };
const entry = (perms: number, id = 'boss:x'): Acl => ({ perms, id: { scheme: 'digest', id } });

function rig() {
  const pipeline = new Pipeline();
  const create = (path: string, acl: readonly Acl[] = openAcl, data: string | null = 'data') =>
    pipeline.run(Opcode.create, createBody(path, 0, data, [...acl]), { caller: root });
  create('/open');
  create('/open/a');
  create('/open/b');
  create('/null', openAcl, null);
  create('/locked', [entry(31)]);
  create('/mixed', [entry(16, 'admin:h'), entry(1)]);
  const watched: string[] = [];
  const arm = (kind: string) => (watcher: number, bytes: Buffer, start: number, end: number) =>
    void watched.push(`${kind} ${watcher} ${bytes.toString('utf8', start, end)}`);
  const watches: WatchPort = {
    armData: arm('data'),
    armChild: arm('child'),
    armPersistent: arm('persistent'),
    armRecursive: arm('recursive'),
    has: (_watcher, path, type) => path.toString() === '/watched' && type === 3,
    remove: (watcher, path, type) => {
      watched.push(`remove ${watcher} ${path} ${type}`);
      return path.toString() === '/watched';
    },
    deliver: (watcher, type, path) => void watched.push(`event ${watcher} ${type} ${path}`),
  };
  const reader = new TreeReader(pipeline.state, pipeline.access, watches);
  const raw = (op: number, body: Buffer, caller: Caller = nobodyCaller) => {
    const reply = new JuteWriter();
    // As in a chunk of a socket: other bytes around.
    const chunk = Buffer.concat([Buffer.from('xx'), body, Buffer.from('yy')]);
    const at = new JuteReader().reset(chunk, 2, 2 + body.length);
    const err = reader.read(op, at, { caller, session: sessionB, watcher: 7 }, reply);
    return { err, reply: new JuteReader(reply.copy()) };
  };
  const read = <Op extends RequestOp & ReplyOp>(
    op: Op,
    body: RequestBody<Op>,
    caller: Caller = nobodyCaller,
  ) => {
    const { err, reply } = raw(op, bodyOf(op, body), caller);
    const body_ = err === 0 ? readReply(op, reply) : null;
    expect(err !== 0 || reply.remaining === 0).toBe(true);
    return { err, body: body_ };
  };
  return { pipeline, watched, raw, read };
}

describe('replies', () => {
  test('of getData, exists, getChildren are those of the tree', () => {
    const { pipeline, read } = rig();
    const at = { path: '/open', watch: false };
    const stat = pipeline.stat('/open');

    expect(read(Opcode.getData, at).body).toEqual({ data: Buffer.from('data'), stat });
    expect(read(Opcode.exists, at).body).toEqual({ stat });
    expect(read(Opcode.getChildren, at).body?.children?.sort()).toEqual(['a', 'b']);
    expect(read(Opcode.getChildren2, at).body?.stat).toEqual(stat);
    expect(read(Opcode.getData, { path: '/null', watch: false }).body?.data).toBeNull();
    expect(read(Opcode.getData, { path: '/', watch: false }).body?.data).toHaveLength(0);
  });

  test('of getAllChildrenNumber count all descendants', () => {
    const { read } = rig();
    const count = (path: string) => read(Opcode.getAllChildrenNumber, { path }).body?.totalNumber;

    // Six of ours, /zookeeper and the two below it.
    expect(['/', '/open', '/open/a', '/zookeeper'].map(count)).toEqual([9, 2, 0, 2]);
  });

  test('of getEphemerals are those of the session, below a prefix', () => {
    const { pipeline, read } = rig();
    for (const path of ['/e1', '/open/e2']) {
      pipeline.run(Opcode.create, createBody(path, 1), { session: sessionB });
    }
    pipeline.run(Opcode.create, createBody('/other', 1), { session: sessionA });
    const of = (prefixPath: string) =>
      read(Opcode.getEphemerals, { prefixPath }).body?.ephemerals?.sort();

    expect([of('/'), of(''), of('/open'), of('/none')]).toEqual([
      ['/e1', '/open/e2'],
      ['/e1', '/open/e2'],
      ['/open/e2'],
      [],
    ]);
  });

  test('of whoAmI name identities without password hashes; ping is empty', () => {
    const { raw } = rig();
    const caller = { ids: [...boss.ids, ...nobodyCaller.ids], isSuper: false };

    expect(readClientInfos(raw(Opcode.whoAmI, Buffer.alloc(0), caller).reply)).toEqual([
      { authScheme: 'digest', user: 'boss' },
      { authScheme: 'ip', user: '10.0.0.1' },
    ]);
    expect(raw(Opcode.ping, Buffer.alloc(0))).toMatchObject({ err: 0, reply: { end: 0 } });
  });

  test('of getACL show password hashes to administrators only', () => {
    const { read } = rig();
    const seen = (caller: Caller) =>
      read(Opcode.getAcl, { path: '/mixed' }, caller).body?.acl?.map(({ id }) => id.id);
    const admin: Caller = { ids: [{ scheme: 'digest', id: 'admin:h' }], isSuper: false };

    expect(seen(admin)).toEqual(['admin:h', 'boss:x']);
    expect(seen(boss)).toEqual(['admin:x', 'boss:x']);
    expect(seen(root)).toEqual(['admin:h', 'boss:x']);
  });
});

describe('checks', () => {
  const watching = [
    Opcode.getData,
    Opcode.exists,
    Opcode.getChildren,
    Opcode.getChildren2,
  ] as const;
  const errors = (path: string) => {
    const { read, watched } = rig();
    const codes = watching.map((op) => read(op, { path, watch: true }).err);
    codes.push(read(Opcode.getAllChildrenNumber, { path }).err);
    codes.push(read(Opcode.getAcl, { path }).err);
    return { codes, watched };
  };

  test('an absent znode is NoNode, and only exists watches it', () => {
    expect(errors('/none')).toEqual({ codes: Array(6).fill(E.noNode), watched: ['data 7 /none'] });
  });

  test('a znode without READ is NoAuth, and nothing watches it', () => {
    expect(errors('/locked')).toEqual({ codes: Array(6).fill(E.noAuth), watched: [] });
  });

  test('a read that succeeds watches the data or the children', () => {
    expect(errors('/open')).toEqual({
      codes: [0, 0, 0, 0, 0, 0],
      watched: ['data 7 /open', 'data 7 /open', 'child 7 /open', 'child 7 /open'],
    });
  });

  test('a NUL is BadArguments for exists', () => {
    const { read, watched } = rig();

    expect(read(Opcode.exists, { path: '/a\0', watch: true }).err).toBe(E.badArguments);
    expect(watched).toEqual([]);
  });

  test('what cannot be decoded is MarshallingError (cut off anywhere, null path)', () => {
    const { raw } = rig();
    const body = bodyOf(Opcode.getData, { path: '/open', watch: true });
    for (let length = 0; length < body.length; length++) {
      expect(raw(Opcode.getData, Buffer.from(body.subarray(0, length))).err).toBe(
        E.marshallingError,
      );
    }
    const nulls = new JuteWriter().int(-1).boolean(false).copy();
    expect(raw(Opcode.getChildren, nulls).err).toBe(E.marshallingError);
  });
});

describe('multiRead', () => {
  function body(parts: readonly [op: number, path: string][]): Buffer {
    const writer = new JuteWriter();
    for (const [op, path] of parts) {
      writeMultiHeader(writer, op, false, -1);
      writer.string(path).boolean(true);
    }
    writeMultiEnd(writer);
    return writer.copy();
  }

  test('answers each part alone, fails it alone, and sets no watch', () => {
    const { raw, watched } = rig();

    const { err, reply } = raw(
      Opcode.multiRead,
      body([
        [Opcode.getData, '/open'],
        [Opcode.getData, '/none'],
        [Opcode.getChildren, '/locked'],
        [Opcode.getChildren, '/open'],
      ]),
    );

    expect(err).toBe(0);
    expect(readMultiReply(reply)).toMatchObject([
      { op: Opcode.getData, body: { data: Buffer.from('data') } },
      { op: Opcode.error, err: E.noNode },
      { op: Opcode.error, err: E.noAuth },
      { op: Opcode.getChildren, body: { children: expect.arrayContaining(['a', 'b']) } },
    ]);
    expect(watched).toEqual([]);
  });

  test('of anything but these two reads is MarshallingError as a whole', () => {
    const { raw } = rig();
    const parts = body([
      [Opcode.getData, '/open'],
      [Opcode.exists, '/open'],
    ]);

    expect(raw(Opcode.multiRead, parts).err).toBe(E.marshallingError);
  });
});

describe('requests about watches', () => {
  test('addWatch takes its two modes, whatever the path', () => {
    const { read, watched } = rig();
    const codes = [0, 1, 2, -1].map((mode) => read(Opcode.addWatch, { path: '/locked', mode }).err);

    expect(codes).toEqual([0, 0, E.marshallingError, E.marshallingError]);
    expect(watched).toEqual(['persistent 7 /locked', 'recursive 7 /locked']);
  });

  test('checkWatches and removeWatches look at the type, then for the watch', () => {
    const { read, watched } = rig();
    const check = (path: string, type: number) => read(Opcode.checkWatches, { path, type }).err;
    const remove = (path: string, type: number) => read(Opcode.removeWatches, { path, type }).err;

    expect([0, 6].map((type) => check('/watched', type))).toEqual(
      Array(2).fill(E.marshallingError),
    );
    expect([0, 6].map((type) => remove('/watched', type))).toEqual(
      Array(2).fill(E.marshallingError),
    );
    expect([check('/watched', 3), check('/watched', 2)]).toEqual([0, E.noWatcher]);
    expect([remove('/watched', 5), remove('/none', 1)]).toEqual([0, E.noWatcher]);
    expect(watched).toEqual(['remove 7 /watched 5', 'remove 7 /none 1']);
  });

  test('setWatches tells what was missed and watches the rest, list by list', () => {
    const { pipeline, read, watched } = rig();
    const relativeZxid = pipeline.state.lastZxid;
    pipeline.run(Opcode.setData, setDataBody('/open', 'new'));
    pipeline.run(Opcode.delete, deleteBody('/open/a'));
    pipeline.run(Opcode.delete, deleteBody('/null'));

    const { err } = read(Opcode.setWatches2, {
      relativeZxid,
      dataWatches: ['/open', '/open/b', '/null'],
      existWatches: ['/open', '/none'],
      childWatches: ['/open', '/open/b', '/null'],
      persistentWatches: ['/open', '/none'],
      persistentRecursiveWatches: ['/open', '/none'],
    });

    const [created, deleted, changed, children] = [1, 2, 3, 4];
    expect(err).toBe(0);
    expect(watched).toEqual([
      ...[`event 7 ${changed} /open`, 'data 7 /open/b', `event 7 ${deleted} /null`],
      ...[`event 7 ${created} /open`, 'data 7 /none'],
      ...[`event 7 ${children} /open`, 'child 7 /open/b', `event 7 ${deleted} /null`],
      ...['persistent 7 /open', 'persistent 7 /none', 'recursive 7 /open', 'recursive 7 /none'],
    ]);
  });

  test('setWatches with a null list does nothing at all', () => {
    const { raw, watched } = rig();
    const writer = new JuteWriter().long(0).strings(['/open']).strings(['/none']).int(-1);

    expect(raw(Opcode.setWatches, writer.copy()).err).toBe(E.marshallingError);
    expect(watched).toEqual([]);
  });
});
