/**
 * Prepare: each row of the tables of checks of the specification, section 2.5, in order. Each case
 * breaks one rule and all later ones as far as it can, so that the first must win.
 */

import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { readMultiReply } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl } from '../../protocol/record.ts';
import type { RequestOp } from '../../protocol/requests.ts';
import { Txn } from '../../protocol/txn.ts';
import type { PrepareRules } from '../../storage/prepare-context.ts';
import {
  bodyOf,
  createBody,
  multiBody,
  Pipeline,
  sessionA,
  sessionB,
  setDataBody,
} from '../support/pipeline.ts';

const stranger = '0300000000000099';
const locked: Acl[] = [{ perms: 31, id: { scheme: 'digest', id: 'boss:x' } }];
const badAcl: Acl[] = [{ perms: 31, id: { scheme: 'nonsense', id: 'x' } }];
const superCaller = { ids: [{ scheme: 'super', id: '' }], isSuper: true };

/** /open with a child, /locked with one, /eph of session B, /full at its quota. */
function prepared(rules: Partial<PrepareRules> = {}): Pipeline {
  const pipeline = new Pipeline({ rules: { enforceQuota: true, ...rules } });
  const create = (path: string, acl = openAcl, flags = 0, session = sessionA, data = '') =>
    pipeline.run(Opcode.create, createBody(path, flags, data, acl), {
      session,
      caller: superCaller,
    });
  create('/open');
  create('/open/child');
  create('/locked', locked);
  create('/locked/child', locked);
  create('/eph', openAcl, 1, sessionB);
  create('/lockedEph', locked, 1, sessionB);
  create('/full');
  for (const path of ['/full', '/full/deep']) {
    if (path !== '/full') create('/full/deep');
    const quota = `/zookeeper/quota${path}`;
    create(quota);
    if (path !== '/full') continue;
    const limits = 'count=-1,bytes=-1=;byteHardLimit=3;countHardLimit=2';
    create(`${quota}/zookeeper_limits`, openAcl, 0, sessionA, limits);
    create(`${quota}/zookeeper_stats`, openAcl, 0, sessionA, 'count=0,bytes=0');
  }
  pipeline.nowMs += 1;
  return pipeline;
}

type Case = [name: string, op: number, body: object, error: number, session?: string];

function check(cases: readonly Case[], rules: Partial<PrepareRules> = {}): void {
  for (const [name, op, body, error, session] of cases) {
    test(`${name} -> ${error}`, () => {
      const pipeline = prepared(rules);
      const digest = pipeline.state.tree.digest.value;

      const txn = pipeline.prepare(op, bodyOf(op as RequestOp, body as never), {
        session: session ?? sessionA,
      });

      expect(txn.error).toBe(error);
      if (error === 0) return;
      expect(pipeline.applyAll()).toMatchObject({ zxid: txn.zxid, err: error });
      expect(pipeline.state.tree.digest.value).toBe(digest);
      expect(pipeline.preparer.outstanding.isEmpty).toBe(true);
    });
  }
}

const data = Buffer.from('data');
const node = (path: string, flags = 0, acl: readonly Acl[] | null = openAcl, ttl?: number) => ({
  ...{ path, data, acl, flags },
  ...(ttl === undefined ? {} : { ttl }),
});
const { create, createTtl, createContainer, setData, setAcl } = Opcode;
const remove = Opcode.delete;
const E = ErrorCode;
const aclBody = (path: string, acl: readonly Acl[] | null, version = -1) => ({
  path,
  acl,
  version,
});
const dataBody = (path: string, version = -1) => ({ path, data, version });

describe('create checks', () => {
  check([
    ['flags above 6, first of all', create, node('x', 7, badAcl), E.badArguments, stranger],
    ['negative flags', create, node('/x', -1), E.badArguments],
    ['TTL mode without a ttl', create, node('x', 5, badAcl), E.badArguments, stranger],
    ['ttl 0', createTtl, node('/x', 5, openAcl, 0), E.badArguments, stranger],
    ['ttl above 40 bits', createTtl, node('/x', 5, openAcl, 2 ** 40), E.badArguments],
    ['the largest ttl', createTtl, node('/x', 5, openAcl, 2 ** 40 - 1), E.ok],
    ['createTTL of a plain znode (9.3)', createTtl, node('/x', 0, openAcl, -1), E.badArguments],
    ['the session, before the path', create, node('x', 0, badAcl), E.sessionExpired, stranger],
    ['a path without a slash, before the ACL', create, node('x', 0, badAcl), E.badArguments],
    ['a NUL in the path, before the ACL', create, node('/x\0', 0, badAcl), E.badArguments],
    ['the ACL, before the parent', create, node('/none/x', 0, badAcl), E.invalidAcl],
    ['a null ACL', create, node('/none/x', 0, null), E.invalidAcl],
    ['an empty ACL', create, node('/none/x', 0, []), E.invalidAcl],
    ['auth without identities', create, node('/x', 0, auth()), E.invalidAcl],
    ['the parent, before the path as a whole', create, node('/none/.'), E.noNode],
    ['CREATE on the parent, before the path', create, node('/locked/..'), E.noAuth],
    ['CREATE on an ephemeral parent', create, node('/lockedEph/x'), E.noAuth],
    ['the whole path, a dot', create, node('/open/.'), E.badArguments],
    ['the whole path, a slash at its end', create, node('/open/'), E.badArguments],
    ['a slash at the end with a suffix behind it', create, node('/open/', 2), E.ok],
    ['a control character', create, node('/open/\u0001'), E.badArguments],
    ['the znode exists', create, node('/open/child'), E.nodeExists],
    ['the root exists', create, node('/'), E.nodeExists],
    ['an ephemeral parent', create, node('/eph/x'), E.noChildrenForEphemerals],
    ['an ephemeral parent, sequential', create, node('/eph/x', 2), E.noChildrenForEphemerals],
    ['the quota, count', create, { ...node('/full/x'), data: null }, E.quotaExceeded],
    ['a container', createContainer, node('/x', 4), E.ok],
  ]);

  function auth(): Acl[] {
    return [{ perms: 31, id: { scheme: 'auth', id: '' } }];
  }
});

describe('create checks, extended types disabled:', () => {
  check([['TTL mode', createTtl, node('x', 5, openAcl, 0), E.unimplemented, stranger]], {
    extendedTypesEnabled: false,
  });
});

describe('create checks, quotas not enforced:', () => {
  check([['beyond the quota', create, node('/full/x'), E.ok]], { enforceQuota: false });
});

describe('create with the ttl layout of 3.5.3', () => {
  test('takes any ttl that it accepts through apply and back', () => {
    for (const ttl of [2 ** 40, Number.MAX_SAFE_INTEGER, 2 ** 60 - 2 ** 10, 2 ** 62]) {
      const pipeline = new Pipeline({ rules: { emulate353TtlNodes: true } });
      const writer = new JuteWriter().string('/t').int(-1);
      writer.int(1).int(31).string('world').string('anyone').int(5);
      writer.halves(Math.floor(ttl / 2 ** 32), ttl % 2 ** 32);

      const { error } = pipeline.prepare(createTtl, writer.copy());

      expect(error).toBe(ttl <= Number.MAX_SAFE_INTEGER ? 0 : E.badArguments);
      pipeline.applyAll();
    }
  });
});

describe('delete checks', () => {
  const at = (path: string, version = -1) => ({ path, version });
  check([
    ['the session, before the path', remove, at('/'), E.sessionExpired, stranger],
    ['the root', remove, at('/'), E.badArguments],
    ['/zookeeper', remove, at('/zookeeper'), E.badArguments],
    ['/zookeeper/quota', remove, at('/zookeeper/quota'), E.badArguments],
    ['/zookeeper/config', remove, at('/zookeeper/config'), E.badArguments],
    ['a path without a slash', remove, at('x'), E.badArguments],
    ['a NUL', remove, at('/open/\0'), E.badArguments],
    ['the parent, absent', remove, at('/none/x', 7), E.noNode],
    ['DELETE on the parent, before the znode', remove, at('/locked/none'), E.noAuth],
    ['the znode, absent', remove, at('/none', 7), E.noNode],
    ['the version, before children', remove, at('/open', 7), E.badVersion],
    ['another negative version', remove, at('/open/child', -2), E.badVersion],
    ['children', remove, at('/open', 0), E.notEmpty],
    ['the own ACL does not matter', remove, at('/lockedEph', 0), E.ok],
  ]);
});

describe('setData checks', () => {
  check([
    ['the session, before the path', setData, dataBody('x'), E.sessionExpired, stranger],
    ['the path', setData, dataBody('x/'), E.badArguments],
    ['an empty path', setData, dataBody(''), E.badArguments],
    ['the znode', setData, dataBody('/none', 7), E.noNode],
    ['WRITE, before the version', setData, dataBody('/locked', 7), E.noAuth],
    ['the quota, before the version', setData, dataBody('/full', 7), E.quotaExceeded],
    ['the version', setData, dataBody('/open', 7), E.badVersion],
    ['the root', setData, dataBody('/', 0), E.ok],
  ]);
});

describe('setAcl checks', () => {
  check([
    ['the session, before the path', setAcl, aclBody('x', badAcl), E.sessionExpired, stranger],
    ['the path, before the ACL', setAcl, aclBody('x', badAcl), E.badArguments],
    ['the ACL, before the znode', setAcl, aclBody('/none', badAcl), E.invalidAcl],
    ['a null ACL', setAcl, aclBody('/none', null), E.invalidAcl],
    ['the znode', setAcl, aclBody('/none', openAcl), E.noNode],
    ['ADMIN, before the version', setAcl, aclBody('/locked', openAcl, 7), E.noAuth],
    ['the version', setAcl, aclBody('/open', openAcl, 7), E.badVersion],
  ]);
});

describe('check, in a multi', () => {
  const cases: [name: string, path: string, version: number, error: number, session?: string][] = [
    ['the session, before the path', 'x', 0, E.sessionExpired, stranger],
    ['the path', 'x', 0, E.badArguments],
    ['the znode', '/none', 7, E.noNode],
    ['READ, before the version', '/locked', 7, E.noAuth],
    ['the version', '/open', 7, E.badVersion],
  ];
  for (const [name, path, version, error, session] of cases) {
    test(`${name} -> ${error}`, () => {
      const pipeline = prepared();
      const body = multiBody([{ op: Opcode.check, body: { path, version } }]);

      const answer = pipeline.run(Opcode.multi, body, { session: session ?? sessionA });

      expect(answer.err).toBe(0);
      expect(readMultiReply(new JuteReader(answer.body))).toEqual([
        { op: Opcode.error, err: error },
      ]);
    });
  }
});

describe('deleteContainer checks', () => {
  const at = (path: string) => new JuteWriter().string(path).copy();
  const run = (pipeline: Pipeline, path: string) =>
    pipeline.prepare(Opcode.deleteContainer, at(path), { session: '0000000000000000' }).error;

  test('system path, znode, children, ephemeral, in this order', () => {
    const pipeline = prepared();

    expect(run(pipeline, '/zookeeper')).toBe(E.badArguments);
    expect(run(pipeline, '/none')).toBe(E.noNode);
    expect(run(pipeline, '/open')).toBe(E.notEmpty);
    expect(run(pipeline, '/eph')).toBe(E.badVersion);
  });

  test('a container that was replaced by a plain znode meanwhile stays (none applied)', () => {
    const pipeline = prepared();
    pipeline.run(createContainer, bodyOf(createContainer, node('/c', 4)));
    pipeline.prepare(remove, bodyOf(remove, { path: '/c', version: -1 }));
    pipeline.prepare(create, bodyOf(create, node('/c')));

    expect(run(pipeline, '/c')).not.toBe(0);
  });

  test('removes a container and a TTL znode, applied or pending', () => {
    const pipeline = prepared();
    pipeline.run(createContainer, bodyOf(createContainer, node('/c', 4)));
    pipeline.run(createTtl, bodyOf(createTtl, { ...node('/t', 5), ttl: 5 }));
    pipeline.prepare(createContainer, bodyOf(createContainer, node('/d', 4)));

    expect(['/c', '/t', '/d'].map((path) => run(pipeline, path))).toEqual([0, 0, 0]);
    pipeline.applyAll();
    expect(['/c', '/t', '/d'].map((path) => pipeline.stat(path))).toEqual([null, null, null]);
  });
});

describe('a body that cannot be decoded', () => {
  const bodies: [op: number, body: Buffer][] = [
    [create, createBody('/x')],
    [setData, setDataBody('/open', 'x')],
    [remove, bodyOf(remove, { path: '/open/child', version: -1 })],
    [setAcl, bodyOf(setAcl, aclBody('/open', openAcl))],
    [createTtl, bodyOf(createTtl, { ...node('/x', 5), ttl: 5 })],
  ];
  for (const [op, body] of bodies) {
    test(`operation ${op} cut off anywhere -> ${E.marshallingError}, and nothing changes`, () => {
      const pipeline = prepared();
      for (let length = 0; length < body.length; length++) {
        const cut = Buffer.from(body.subarray(0, length));
        expect(pipeline.prepare(op, cut).error, `${length} bytes`).toBe(E.marshallingError);
      }
      expect(pipeline.prepare(op, body).error).toBe(0);
    });
  }

  test('a null path cannot be decoded', () => {
    const body = new JuteWriter().int(-1).int(-1).copy();

    expect(prepared().prepare(remove, body).error).toBe(E.marshallingError);
  });
});

describe('a sync is a txn that changes nothing', () => {
  const sync = Opcode.sync;

  test('and answers its path, whatever it is', () => {
    for (const path of ['/open', '/absent', '', 'no/path']) {
      const pipeline = prepared();
      const digest = pipeline.state.tree.digest.value;

      const { zxid, err, body } = pipeline.run(sync, bodyOf(sync, { path }));

      expect([err, new JuteReader(body).string()]).toEqual([0, path]);
      expect(pipeline.state.lastZxid).toBe(zxid);
      expect(pipeline.state.tree.digest.value).toBe(digest);
    }
  });

  test('a null path comes back as null', () => {
    const { err, body } = prepared().run(sync, new JuteWriter().int(-1).copy());

    expect([err, body.toString('hex')]).toEqual([0, 'ffffffff']);
  });

  test('its txn names the path', () => {
    const { zxid, bytes } = prepared().prepare(sync, bodyOf(sync, { path: '/open' }));
    const txn = new Txn();
    txn.read(new JuteReader(bytes), zxid);

    expect(bytes.toString('utf8', txn.pathStart, txn.pathEnd)).toBe('/open');
  });

  test('it needs a body and a session', () => {
    const body = bodyOf(sync, { path: '/open' });

    expect(prepared().prepare(sync, body.subarray(0, 7)).error).toBe(E.marshallingError);
    expect(prepared().prepare(sync, body, { session: stranger }).error).toBe(E.sessionExpired);
  });
});

describe('a request whose fault was found before', () => {
  for (const op of [create, Opcode.multi, Opcode.sync, Opcode.closeSession, Opcode.reconfig]) {
    test(`operation ${op} is an error txn, and its body is not looked at`, () => {
      const pipeline = prepared();

      const txn = pipeline.prepare(op, Buffer.alloc(0), { fault: E.sessionMoved });

      expect(txn.error).toBe(E.sessionMoved);
      expect(pipeline.preparer.outstanding.isEmpty).toBe(true);
      expect(pipeline.preparer.outstanding.closing.size).toBe(0);
      expect(pipeline.applyAll()).toMatchObject({ zxid: txn.zxid, err: E.sessionMoved });
    });
  }
});

test('a txn tells which process took its request, an error txn as well', () => {
  for (const path of ['/new', '/open']) {
    const origin = (255 << 24) | 0x123456;
    const { zxid, bytes } = prepared().prepare(create, createBody(path), { origin });
    const txn = new Txn();
    txn.read(new JuteReader(bytes), zxid);

    expect(txn.type).toBe(path === '/new' ? create : Opcode.error);
    expect(txn.origin).toBe(origin);
  }
});

test('versions skip -1 when they wrap', () => {
  const pipeline = prepared();
  const slot = pipeline.state.tree.findPath('/open');
  pipeline.state.tree.rows.setWireInt(slot, 32, -2);

  pipeline.run(setData, setDataBody('/open', 'x', -2));

  expect(pipeline.stat('/open')?.version).toBe(0);
});
