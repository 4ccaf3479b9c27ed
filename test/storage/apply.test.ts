/**
 * Apply: what a txn does to the tree and tells its listener, in which order; its reply; and that
 * replaying txns over a state that holds them already changes nothing (specification, section 7.4).
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { readMultiReply } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl } from '../../protocol/record.ts';
import { readReply } from '../../protocol/replies.ts';
import type { TreeListener } from '../../storage/apply.ts';
import { recover } from '../../storage/recovery.ts';
import { SnapshotPass } from '../../storage/snapshot-pass.ts';
import { MemoryLog } from '../support/memory-log.ts';
import { MemorySnapshots } from '../support/memory-snapshots.ts';
import {
  bodyOf,
  createBody,
  deleteBody,
  multiBody,
  Pipeline,
  sessionA,
  setDataBody,
} from '../support/pipeline.ts';
import { contents, freshDigest } from '../support/tree-model.ts';
import { type Command, commands, prepareCommand, workloadSessions } from '../support/workload.ts';

const empty = Buffer.alloc(0);
const znode = (path: string, flags = 0) => ({ path, data: empty, acl: openAcl, flags });

function listening(): { pipeline: Pipeline; heard: string[] } {
  const heard: string[] = [];
  const hear = (name: string) => (bytes: Buffer, start: number, end: number, aclId: number) =>
    heard.push(`${name} ${bytes.toString('utf8', start, end)} ${aclId}`);
  const listener: TreeListener = {
    created: hear('created'),
    deleted: hear('deleted'),
    dataChanged: hear('data'),
    childrenChanged: hear('children'),
  };
  return { pipeline: new Pipeline({ listener }), heard };
}

describe('a listener hears of the znode, then of its parent', () => {
  test('create, setData, delete below the root and deeper', () => {
    const { pipeline, heard } = listening();

    pipeline.run(Opcode.create, createBody('/a'));
    pipeline.run(Opcode.create, createBody('/a/b'));
    pipeline.run(Opcode.setData, setDataBody('/a/b', 'x'));
    pipeline.run(Opcode.delete, deleteBody('/a/b'));
    pipeline.run(Opcode.delete, deleteBody('/a'));

    expect(heard).toEqual([
      ...['created /a 1', 'children / 1', 'created /a/b 1', 'children /a 1', 'data /a/b 1'],
      ...['deleted /a/b 1', 'children /a 1', 'deleted /a 1', 'children / 1'],
    ]);
  });

  test('setAcl and failures are not heard; a delete names the ACL that the znode had', () => {
    const { pipeline, heard } = listening();
    const acl: Acl[] = [{ perms: 31, id: { scheme: 'ip', id: '10.0.0.1' } }];
    pipeline.run(Opcode.create, createBody('/a'));
    heard.length = 0;

    pipeline.run(Opcode.setAcl, bodyOf(Opcode.setAcl, { path: '/a', acl, version: -1 }));
    pipeline.run(Opcode.create, createBody('/a'));
    pipeline.run(Opcode.delete, deleteBody('/none'));
    expect(heard).toEqual([]);

    pipeline.run(Opcode.delete, deleteBody('/a'));
    expect(heard).toEqual([expect.stringMatching(/^deleted \/a [3-9]/), 'children / 1']);
  });

  test('the parts of a multi in their order, the ephemerals of a session one by one', () => {
    const { pipeline, heard } = listening();
    pipeline.run(
      Opcode.multi,
      multiBody([
        { op: Opcode.create, body: znode('/e', 1) },
        { op: Opcode.setData, body: { path: '/e', data: empty, version: 0 } },
        { op: Opcode.delete, body: { path: '/e', version: 1 } },
        { op: Opcode.create, body: znode('/f', 1) },
      ]),
    );
    pipeline.run(Opcode.closeSession, empty);

    expect(heard).toEqual([
      ...['created /e 1', 'children / 1', 'data /e 1', 'deleted /e 1', 'children / 1'],
      ...['created /f 1', 'children / 1', 'deleted /f 1', 'children / 1'],
    ]);
  });
});

describe('a reply', () => {
  test('of create is the path; of create2, setData and setAcl also the Stat after it', () => {
    const pipeline = new Pipeline();
    const run = (op: number, body: Buffer) => new JuteReader(pipeline.run(op, body).body);

    const created = run(Opcode.create, createBody('/s-', 2));
    const created2 = readReply(Opcode.create2, run(Opcode.create2, createBody('/a', 0, 'abc')));
    const written = readReply(Opcode.setData, run(Opcode.setData, setDataBody('/a', 'x')));
    const acl = { path: '/a', acl: openAcl, version: 0 };
    const guarded = readReply(Opcode.setAcl, run(Opcode.setAcl, bodyOf(Opcode.setAcl, acl)));

    expect(readReply(Opcode.create, created).path).toBe('/s-0000000000');
    expect(created.remaining).toBe(0);
    expect(created2).toMatchObject({ path: '/a', stat: { version: 0, dataLength: 3 } });
    expect(written.stat).toMatchObject({ version: 1, dataLength: 1 });
    expect(guarded.stat).toEqual({ ...written.stat, aversion: 1 });
    expect(guarded.stat).toEqual(pipeline.stat('/a'));
  });

  test('of a multi answers each part, all creates with a Stat as create2', () => {
    const pipeline = new Pipeline();

    const { zxid, err, body } = pipeline.run(
      Opcode.multi,
      multiBody([
        { op: Opcode.create, body: znode('/p') },
        { op: Opcode.create2, body: znode('/p/a-', 2) },
        { op: Opcode.createContainer, body: znode('/p/c', 4) },
        { op: Opcode.createTtl, body: { ...znode('/p/t', 5), ttl: 10 } },
        { op: Opcode.check, body: { path: '/p', version: 0 } },
        { op: Opcode.delete, body: { path: '/p/t', version: 0 } },
      ]),
    );

    const results = readMultiReply(new JuteReader(body)) as { op: number; body: object }[];
    const { create, create2, check } = Opcode;
    expect(err).toBe(0);
    expect(results.map(({ op }) => op)).toEqual([
      ...[create, create2, create2, create2, check, Opcode.delete],
    ]);
    expect(results[1]?.body).toMatchObject({ path: '/p/a-0000000000', stat: { czxid: zxid } });
    expect(pipeline.stat('/p')).toMatchObject({ cversion: 4, numChildren: 2, pzxid: zxid });
  });

  test('of an empty multi is its end alone', () => {
    const { err, body } = new Pipeline().run(Opcode.multi, multiBody([]));

    expect([err, readMultiReply(new JuteReader(body))]).toEqual([0, []]);
  });
});

describe('the state', () => {
  test('notes sessions and the first secret only', () => {
    const pipeline = new Pipeline();
    const secret = (text: string) => new JuteWriter().bytes(Buffer.from(text)).copy();

    pipeline.run(Opcode.setSecret, secret('first'));
    pipeline.run(Opcode.setSecret, secret('second'));
    pipeline.run(Opcode.closeSession, empty);

    expect(pipeline.state.secret?.toString()).toBe('first');
    expect(pipeline.state.sessions.has(sessionA)).toBe(false);
    expect(pipeline.state.sessions.size).toBe(1);
  });

  test('takes txns in zxid order, each once', () => {
    const pipeline = new Pipeline();
    const other = new Pipeline({ sessions: [] });
    other.prepare(Opcode.create, createBody('/a'));
    pipeline.txns.push({ ...other.txns[0]!, zxid: 1 });

    expect(() => pipeline.applyNext()).toThrow(/zxid order/);
  });
});

/** A state that holds all txns, and is told to replay those after the first `keep`. */
async function replayOver(pipeline: Pipeline, keep: number, perBatch: number) {
  const snapshots = new MemorySnapshots();
  const pass = new SnapshotPass(pipeline.state, snapshots, 0);
  while (await pass.writeSlice(1000));
  await pass.finish();
  snapshots.pretend(keep);
  const log = new MemoryLog();
  for (const frame of pipeline.frames(perBatch)) await log.append(frame);
  return recover(snapshots, log);
}

describe('a replay over a state that holds it already', () => {
  test('leaves the same state (random requests, any suffix)', () =>
    fc.assert(
      fc.asyncProperty(
        commands(60),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        async (list: Command[], share, perBatch) => {
          const pipeline = new Pipeline({ sessions: workloadSessions });
          for (const one of list) prepareCommand(pipeline, one);
          pipeline.applyAll();
          const keep = Math.floor(share * pipeline.txns.length);

          const { state, txnsReplayed } = await replayOver(pipeline, keep, perBatch);

          expect(txnsReplayed).toBe(pipeline.txns.length - keep);
          expect(contents(state.tree)).toEqual(contents(pipeline.state.tree));
          expect(state.tree.digest.value).toBe(pipeline.state.tree.digest.value);
          expect(freshDigest(state.tree)).toBe(state.tree.digest.value);
          expect([...state.sessions.entries()].sort()).toEqual(
            [...pipeline.state.sessions.entries()].sort(),
          );
        },
      ),
      { numRuns: 150 },
    ));

  test('keeps what a multi made anew, and the children that came since', async () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/p'));
    pipeline.run(
      Opcode.multi,
      multiBody([
        { op: Opcode.delete, body: { path: '/p', version: -1 } },
        { op: Opcode.create, body: znode('/p') },
      ]),
    );
    pipeline.run(Opcode.create, createBody('/p/child'));

    const { state } = await replayOver(pipeline, 0, 1);

    expect(state.tree.digest.value).toBe(pipeline.state.tree.digest.value);
  });

  test('does not count a create again that was undone since', async () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/p'));
    pipeline.run(Opcode.create, createBody('/p/s-', 2));
    pipeline.run(Opcode.delete, deleteBody('/p/s-0000000000'));

    const { state } = await replayOver(pipeline, 0, 1);
    const after = new Pipeline({ state, sessions: [] });

    const { body } = after.run(Opcode.create, createBody('/p/s-', 2));
    expect(new JuteReader(body).string()).toBe('/p/s-0000000001');
  });

  test('does not touch a znode that took the place of the one meant', async () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/p'));
    pipeline.run(Opcode.create, createBody('/p/old'));
    pipeline.run(Opcode.delete, deleteBody('/p/old'));
    pipeline.run(Opcode.delete, deleteBody('/p'));
    pipeline.run(Opcode.create, createBody('/p'));
    pipeline.run(Opcode.create, createBody('/p/new'));

    const { state } = await replayOver(pipeline, 3, 1);

    expect(contents(state.tree)).toEqual(contents(pipeline.state.tree));
  });
});
