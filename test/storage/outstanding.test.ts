/**
 * The overlay of prepared changes: what prepare sees of txns that are not applied yet, and what it
 * forgets of them. Requests are prepared in a row while apply lags behind.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { readMultiReply, writeMultiHeader } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl } from '../../protocol/record.ts';
import {
  bodyOf,
  createBody,
  deleteBody,
  multiBody,
  Pipeline,
  sessionA,
  sessionB,
  setDataBody,
} from '../support/pipeline.ts';
import { commands, prepareCommand, workloadSessions } from '../support/workload.ts';

const empty = Buffer.alloc(0);
const ephemeral = 1;
const ours: Acl[] = [{ perms: 31, id: { scheme: 'ip', id: '10.0.0.1' } }];
const znode = (path: string, flags = 0) => ({ path, data: null, acl: openAcl, flags });
const asB = { session: sessionB };

describe('a request sees those before it (none applied)', () => {
  test('a child below a pending parent, then versions that follow each other', () => {
    const pipeline = new Pipeline();

    const errors = [
      pipeline.prepare(Opcode.create, createBody('/a')),
      pipeline.prepare(Opcode.create, createBody('/a/b')),
      pipeline.prepare(Opcode.setData, setDataBody('/a/b', 'x', 0)),
      pipeline.prepare(Opcode.setData, setDataBody('/a/b', 'y', 1)),
      pipeline.prepare(Opcode.setData, setDataBody('/a/b', 'z', 1)),
      pipeline.prepare(Opcode.delete, deleteBody('/a')),
      pipeline.prepare(Opcode.delete, deleteBody('/a/b', 2)),
      pipeline.prepare(Opcode.delete, deleteBody('/a')),
      pipeline.prepare(Opcode.setData, setDataBody('/a', 'x')),
    ].map(({ error }) => error);

    const { badVersion, notEmpty, noNode } = ErrorCode;
    expect(errors).toEqual([0, 0, 0, 0, badVersion, notEmpty, 0, 0, noNode]);
    pipeline.applyAll();
    expect(pipeline.stat('/a')).toBeNull();
  });

  test('sequential names go on counting, and fail no more than they create', () => {
    const pipeline = new Pipeline();
    for (let at = 0; at < 3; at++) pipeline.prepare(Opcode.create, createBody('/s-', 2));
    pipeline.prepare(Opcode.create, createBody('/s-0000000001'));
    pipeline.prepare(Opcode.create, createBody('/s-', 2));

    const paths = Array.from({ length: 5 }, () => {
      const { err, body } = pipeline.applyNext();
      return err === 0 ? new JuteReader(body).string() : err;
    });

    const { nodeExists } = ErrorCode;
    expect(paths).toEqual([
      ...['/s-0000000000', '/s-0000000001', '/s-0000000002'],
      nodeExists,
      '/s-0000000003',
    ]);
  });
});

describe('a multi that fails', () => {
  test('takes back its own changes and none of earlier requests (ZOOKEEPER-1624)', () => {
    const pipeline = new Pipeline();
    pipeline.prepare(Opcode.create, createBody('/a'));
    pipeline.prepare(Opcode.setData, setDataBody('/a', 'x', 0));
    pipeline.prepare(
      Opcode.multi,
      multiBody([
        { op: Opcode.setData, body: { path: '/a', data: empty, version: 1 } },
        { op: Opcode.create, body: znode('/a/b') },
        { op: Opcode.delete, body: { path: '/a/b', version: -1 } },
        { op: Opcode.delete, body: { path: '/a', version: -1 } },
        { op: Opcode.check, body: { path: '/none', version: -1 } },
        { op: Opcode.create, body: znode('/c') },
      ]),
    );

    const after = [
      pipeline.prepare(Opcode.setData, setDataBody('/a', 'y', 1)),
      pipeline.prepare(Opcode.create, createBody('/a/b')),
      pipeline.prepare(Opcode.setData, setDataBody('/c', 'y')),
    ].map(({ error }) => error);

    expect(after).toEqual([0, 0, ErrorCode.noNode]);
    const reply = Array.from({ length: 6 }, () => pipeline.applyNext())[2]!;
    const codes = readMultiReply(new JuteReader(reply.body)).map((one) => 'err' in one && one.err);
    expect([reply.err, codes]).toEqual([0, [0, 0, 0, 0, ErrorCode.noNode, -2]]);
    expect(pipeline.stat('/a')).toMatchObject({ version: 2, numChildren: 1, cversion: 1 });
  });

  test('gives an ephemeral back to its owner (deleted and re-created inside)', () => {
    const pipeline = new Pipeline();
    pipeline.prepare(Opcode.create, createBody('/e', ephemeral));
    pipeline.prepare(
      Opcode.multi,
      multiBody([
        { op: Opcode.delete, body: { path: '/e', version: -1 } },
        { op: Opcode.create, body: znode('/e', ephemeral) },
        { op: Opcode.check, body: { path: '/none', version: -1 } },
      ]),
      asB,
    );
    pipeline.prepare(Opcode.closeSession, empty, asB);

    expect(pipeline.preparer.outstanding.ephemeralsOf(sessionB)).toEqual([]);
    expect(pipeline.preparer.outstanding.ephemeralsOf(sessionA)).toEqual(['/e']);
    pipeline.applyAll();
    expect(pipeline.stat('/e')?.ephemeralOwner).toBe(sessionA);
  });

  test('that cannot be decoded changes nothing (cut off anywhere)', () => {
    const whole = multiBody([
      { op: Opcode.create, body: znode('/a') },
      { op: Opcode.create, body: { ...znode('/b'), acl: ours } },
    ]);
    for (let length = 0; length < whole.length; length++) {
      const pipeline = new Pipeline();

      const { error } = pipeline.prepare(Opcode.multi, Buffer.from(whole.subarray(0, length)));

      expect(error).toBe(ErrorCode.marshallingError);
      expect(pipeline.prepare(Opcode.setData, setDataBody('/a', '')).error).toBe(ErrorCode.noNode);
    }
  });

  test('that holds a null in an ACL leaves no trace of the part before', () => {
    const writer = new JuteWriter();
    writeMultiHeader(writer, Opcode.create, false, -1);
    const first = createBody('/a');
    writer.raw(first, 0, first.length);
    writeMultiHeader(writer, Opcode.create, false, -1);
    writer.string('/b').int(-1).int(1).int(31).int(-1).string('anyone').int(0);
    writeMultiHeader(writer, -1, true, -1);
    const pipeline = new Pipeline();

    pipeline.prepare(Opcode.multi, writer.copy());

    expect(pipeline.prepare(Opcode.setData, setDataBody('/a', '')).error).toBe(ErrorCode.noNode);
  });
});

describe('a closing session', () => {
  test('takes pending ephemerals along, and not those that a pending delete removed', () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/old', ephemeral));
    pipeline.run(Opcode.create, createBody('/gone', ephemeral));
    pipeline.prepare(Opcode.create, createBody('/new', ephemeral));
    pipeline.prepare(Opcode.create, createBody('/brief', ephemeral));
    pipeline.prepare(Opcode.delete, deleteBody('/brief'));
    pipeline.prepare(Opcode.delete, deleteBody('/gone'), asB);
    pipeline.prepare(Opcode.create, createBody('/gone', ephemeral), asB);

    const paths = pipeline.preparer.outstanding.ephemeralsOf(sessionA).sort();
    pipeline.prepare(Opcode.closeSession, empty);
    pipeline.applyAll();

    expect(paths).toEqual(['/new', '/old']);
    expect(pipeline.stat('/old')).toBeNull();
    expect(pipeline.stat('/new')).toBeNull();
    expect(pipeline.stat('/gone')?.ephemeralOwner).toBe(sessionB);
    expect(pipeline.state.sessions.has(sessionA)).toBe(false);
  });

  test('may do nothing more, and others find its znodes gone (close only prepared)', () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/e', ephemeral));
    pipeline.prepare(Opcode.closeSession, empty);

    const { error } = pipeline.prepare(Opcode.create, createBody('/late', ephemeral));
    const other = pipeline.prepare(Opcode.create, createBody('/e', ephemeral), asB);

    expect([error, other.error]).toEqual([ErrorCode.sessionExpired, 0]);
    pipeline.applyAll();
    expect(pipeline.stat('/e')?.ephemeralOwner).toBe(sessionB);
    expect(pipeline.stat('/late')).toBeNull();
  });

  test('twice in a row lists its ephemerals once', () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/p'));
    pipeline.run(Opcode.create, createBody('/p/e', ephemeral));
    pipeline.prepare(Opcode.closeSession, empty);
    pipeline.prepare(Opcode.closeSession, empty);

    pipeline.applyAll();

    expect(pipeline.stat('/p')).toMatchObject({ numChildren: 0, cversion: 2 });
  });
});

describe('the ACL of a pending change', () => {
  test('is still known when its only other user has left', () => {
    const pipeline = new Pipeline();
    pipeline.run(Opcode.create, createBody('/x', 0, '', ours));
    pipeline.prepare(Opcode.delete, deleteBody('/x'));
    pipeline.prepare(Opcode.create, createBody('/y', 0, '', ours));
    pipeline.applyNext();

    const { error } = pipeline.prepare(Opcode.setData, setDataBody('/y', 'z'));

    expect(error).toBe(0);
    pipeline.applyAll();
    expect(pipeline.data('/y')).toBe('z');
  });

  test('is dropped with a multi that failed', () => {
    const pipeline = new Pipeline();
    const before = pipeline.state.tree.acls.save().length;
    pipeline.prepare(
      Opcode.multi,
      multiBody([
        { op: Opcode.create, body: { ...znode('/a'), acl: ours } },
        { op: Opcode.check, body: { path: '/none', version: -1 } },
      ]),
    );

    pipeline.applyAll();

    expect(pipeline.state.tree.acls.save()).toHaveLength(before);
  });

  test('replaces the one before (setAcl twice, then a request that only the first forbids)', () => {
    const pipeline = new Pipeline();
    const others: Acl[] = [{ perms: 16, id: { scheme: 'world', id: 'anyone' } }];
    pipeline.run(Opcode.create, createBody('/x'));
    const setAcl = (acl: readonly Acl[]) =>
      pipeline.prepare(Opcode.setAcl, bodyOf(Opcode.setAcl, { path: '/x', acl, version: -1 }));

    const errors = [setAcl(others), pipeline.prepare(Opcode.setData, setDataBody('/x', ''))];
    errors.push(setAcl(ours), pipeline.prepare(Opcode.setData, setDataBody('/x', '')));

    expect(errors.map(({ error }) => error)).toEqual([0, ErrorCode.noAuth, 0, 0]);
    pipeline.applyAll();
    expect(pipeline.stat('/x')).toMatchObject({ aversion: 2, version: 1 });
  });
});

test('how far apply lags does not change the outcome (random requests)', () => {
  fc.assert(
    fc.property(commands(80), fc.array(fc.nat(6), { minLength: 1 }), (list, lags) => {
      const prompt = new Pipeline({ sessions: workloadSessions });
      const late = new Pipeline({ sessions: workloadSessions });

      list.forEach((one, index) => {
        prepareCommand(prompt, one);
        prompt.applyAll();
        prepareCommand(late, one);
        while (late.lag > lags[index % lags.length]!) late.applyNext();
      });
      late.applyAll();

      expect(late.txns.map(({ error }) => error)).toEqual(prompt.txns.map(({ error }) => error));
      expect(late.state.tree.digest.value).toBe(prompt.state.tree.digest.value);
      expect(late.state.tree.acls.save().length).toBe(prompt.state.tree.acls.save().length);
      expect(late.preparer.outstanding.isEmpty).toBe(true);
    }),
    { numRuns: 150 },
  );
});
