/**
 * Quotas (specification, section 3.12): usage follows the tree without a txn, hard limits refuse,
 * soft ones do not, and after a load usage is counted anew.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { parseQuota } from '../../storage/quota.ts';
import { createBody, deleteBody, multiBody, Pipeline, setDataBody } from '../support/pipeline.ts';

const none = { count: -1, bytes: -1, countHardLimit: -1, byteHardLimit: -1 };

function withQuota(limits: string, path = '/q'): Pipeline {
  const pipeline = new Pipeline({ rules: { enforceQuota: true } });
  const create = (one: string, data = '') =>
    pipeline.run(Opcode.create, createBody(one, 0, data)).err;
  let at = '';
  for (const name of path.slice(1).split('/')) {
    at += `/${name}`;
    create(at, 'abc');
    create(`/zookeeper/quota${at}`);
  }
  create(`/zookeeper/quota${path}/zookeeper_limits`, limits);
  create(`/zookeeper/quota${path}/zookeeper_stats`, 'count=0,bytes=0');
  return pipeline;
}

const stats = (path = '/q') => `/zookeeper/quota${path}/zookeeper_stats`;
const usage = (pipeline: Pipeline, path = '/q') => pipeline.data(stats(path));
const create = (pipeline: Pipeline, path: string, data = '') =>
  pipeline.run(Opcode.create, createBody(path, 0, data)).err;

describe('limits', () => {
  test('are read in any order, with hard ones or without', () => {
    expect(parseQuota('count=5,bytes=-1')).toEqual({ ...none, count: 5 });
    expect(parseQuota('count=-1,bytes=-1=;byteHardLimit=100;countHardLimit=5')).toEqual({
      ...none,
      byteHardLimit: 100,
      countHardLimit: 5,
    });
    expect(parseQuota('bytes=7=;countHardLimit=2,count=1')).toMatchObject({ bytes: 7, count: 1 });
    for (const text of ['', 'nonsense', 'count=', 'count=x', '=5', 'other=5']) {
      expect(parseQuota(text)).toEqual(none);
    }
  });
});

describe('usage', () => {
  test('starts with the subtree as it is, the znode itself included', () => {
    const pipeline = withQuota('count=-1,bytes=-1');

    expect(usage(pipeline)).toBe('count=1,bytes=3');
  });

  test('changes in place: no version, no time, no zxid', () => {
    const pipeline = withQuota('count=-1,bytes=-1');
    const before = pipeline.stat(stats());

    create(pipeline, '/q/a', '12345');
    expect(usage(pipeline)).toBe('count=2,bytes=8');
    pipeline.run(Opcode.setData, setDataBody('/q/a', '12'));
    expect(usage(pipeline)).toBe('count=2,bytes=5');
    pipeline.run(Opcode.delete, deleteBody('/q/a'));
    expect(usage(pipeline)).toBe('count=1,bytes=3');

    expect(pipeline.stat(stats())).toEqual(before);
  });

  test('is of the longest path that has a quota, and of no other prefix', () => {
    const pipeline = withQuota('count=-1,bytes=-1', '/q/deep');
    create(pipeline, '/zookeeper/quota/q/zookeeper_limits', 'count=-1,bytes=-1');
    create(pipeline, '/zookeeper/quota/q/zookeeper_stats', 'count=0,bytes=0');

    create(pipeline, '/q/deep/x', '1');
    create(pipeline, '/q/deeper', '22');

    expect(usage(pipeline, '/q/deep')).toBe('count=2,bytes=4');
    expect(usage(pipeline)).toBe('count=3,bytes=8');
  });

  test('ends with its limits', () => {
    const pipeline = withQuota('count=-1,bytes=-1=;countHardLimit=1');
    expect(create(pipeline, '/q/a')).toBe(ErrorCode.quotaExceeded);
    pipeline.run(Opcode.delete, deleteBody('/zookeeper/quota/q/zookeeper_limits'));

    expect(create(pipeline, '/q/a')).toBe(0);
    expect(pipeline.state.quotas.isEmpty).toBe(true);
    expect(usage(pipeline)).toBe('count=1,bytes=3');
  });

  test('follows a session that takes its ephemerals along, and multis', () => {
    const pipeline = withQuota('count=-1,bytes=-1');
    const znode = (path: string, flags: number) => ({
      ...{ path, data: Buffer.from('12'), acl: openAcl, flags },
    });
    pipeline.run(
      Opcode.multi,
      multiBody([
        { op: Opcode.create, body: znode('/q/e', 1) },
        { op: Opcode.create, body: znode('/q/p', 0) },
      ]),
    );
    expect(usage(pipeline)).toBe('count=3,bytes=7');

    pipeline.run(Opcode.closeSession, Buffer.alloc(0));

    expect(usage(pipeline)).toBe('count=2,bytes=5');
  });

  test('is what a count of the tree gives (random changes)', () => {
    const change = fc.record({
      kind: fc.constantFrom('create', 'data', 'delete'),
      path: fc.constantFrom('/q', '/q/a', '/q/b', '/q/a/a', '/qq', '/r'),
      size: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        const pipeline = withQuota('count=-1,bytes=-1');
        for (const { kind, path, size } of changes) {
          const data = 'x'.repeat(size);
          if (kind === 'create') create(pipeline, path, data);
          else if (kind === 'data') pipeline.run(Opcode.setData, setDataBody(path, data));
          else pipeline.run(Opcode.delete, deleteBody(path));
        }
        const live = usage(pipeline);

        pipeline.state.quotas.rebuild();

        expect(live).toBe(usage(pipeline));
        expect([...pipeline.state.quotas.paths()]).toEqual(['/q']);
      }),
    );
  });
});

describe('a hard limit', () => {
  test('of the count refuses the create beyond it, and nothing else', () => {
    const pipeline = withQuota('count=-1,bytes=-1=;countHardLimit=2');

    expect(create(pipeline, '/q/a')).toBe(0);
    expect(create(pipeline, '/q/b')).toBe(ErrorCode.quotaExceeded);
    expect(pipeline.run(Opcode.setData, setDataBody('/q/a', 'x'.repeat(99))).err).toBe(0);
    pipeline.run(Opcode.delete, deleteBody('/q/a'));
    expect(create(pipeline, '/q/b')).toBe(0);
  });

  test('of the bytes refuses what would pass it, and lets anything shrink', () => {
    const pipeline = withQuota('count=-1,bytes=-1=;byteHardLimit=10');
    const write = (path: string, data: string) =>
      pipeline.run(Opcode.setData, setDataBody(path, data)).err;

    expect(create(pipeline, '/q/a', '1234567')).toBe(0);
    expect(create(pipeline, '/q/b', '1')).toBe(ErrorCode.quotaExceeded);
    expect(create(pipeline, '/q/b')).toBe(0);
    expect(write('/q/b', '1')).toBe(ErrorCode.quotaExceeded);
    expect(write('/q/a', '123')).toBe(0);
    expect(write('/q/b', '1234')).toBe(0);
  });

  test('is not looked at unless quotas are enforced; a soft one never is', () => {
    const soft = withQuota('count=1,bytes=1');
    expect(create(soft, '/q/a', 'xxx')).toBe(0);
    const hard = withQuota('count=-1,bytes=-1=;countHardLimit=1');
    const lax = new Pipeline({ state: hard.state, sessions: [] });
    expect(create(lax, '/q/a')).toBe(0);
  });

  test('is reported with the usage', () => {
    const pipeline = withQuota('count=4,bytes=-1');

    expect(pipeline.state.quotas.report('/q')).toEqual({
      limits: { ...none, count: 4 },
      usage: { ...none, count: 1, bytes: 3 },
    });
    expect(pipeline.state.quotas.report('/none')).toBeNull();
  });
});
