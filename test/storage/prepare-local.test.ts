/**
 * Prepare for sessions that are in no table: what the leader takes on trust, and that an ephemeral
 * needs a session that all replicas know. Codes and their places are those of Apache ZooKeeper
 * 3.8.0, asked at its leader.
 */

import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { type MultiRequest, readMultiReply } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { bodyOf, createBody, multiBody, Pipeline, setDataBody } from '../support/pipeline.ts';

const local = '0200000000000001';
const stranger = '0300000000000001';

/** One local session may exist; nothing else is in a table or on its way into one. */
const made = () =>
  new Pipeline({ sessions: [], localSessions: { mayExist: (session) => session === local } });

const create = (path: string, flags = 0): MultiRequest => {
  return { op: Opcode.create, body: { path, data: null, acl: openAcl, flags } };
};
const createSession = new JuteWriter().int(10_000).copy();

describe('a local session', () => {
  test('writes like any other; one that cannot exist does not', () => {
    const pipeline = made();
    const sync = bodyOf(Opcode.sync, { path: '/' });

    for (const [session, error] of [
      ...[[local, ErrorCode.ok] as const, [stranger, ErrorCode.sessionExpired] as const],
    ]) {
      const errors = [
        pipeline.prepare(Opcode.create, createBody('/a'), { session }),
        pipeline.prepare(Opcode.setData, setDataBody('/a', 'x'), { session }),
        pipeline.prepare(Opcode.sync, sync, { session }),
      ].map((txn) => txn.error);
      expect(errors).toEqual([error, error, error]);
    }
  });

  for (const flags of [CreateMode.ephemeral, CreateMode.ephemeralSequential]) {
    test(`creates no ephemeral (flags ${flags}), whatever else is wrong with it`, () => {
      const pipeline = made();
      const prepare = (path: string) =>
        pipeline.prepare(Opcode.create, createBody(path, flags), { session: local }).error;

      expect(['/e', 'no-path', '/no/parent'].map(prepare)).toEqual(Array(3).fill(-120));
    });
  }

  test('is told of bad flags first', () => {
    const txn = made().prepare(Opcode.create, createBody('/e', 9), { session: local });

    expect(txn.error).toBe(ErrorCode.badArguments);
  });

  test('creates containers', () => {
    const body = bodyOf(Opcode.createContainer, {
      ...{ path: '/c', data: null, acl: openAcl, flags: CreateMode.container },
    });

    expect(made().prepare(Opcode.createContainer, body, { session: local }).error).toBe(0);
  });

  test('loses a multi at its ephemeral, if nothing ahead of it is wrong', () => {
    const pipeline = made();
    const ephemeral = create('/e', CreateMode.ephemeral);
    const bad: MultiRequest = { op: Opcode.check, body: { path: '/', version: 77 } };
    const errors = (parts: MultiRequest[]) => {
      const { body } = pipeline.run(Opcode.multi, multiBody(parts), { session: local });
      const results = readMultiReply(new JuteReader(body));
      return results.map((result) => (result.op === Opcode.error ? result.err : 'done'));
    };

    expect(errors([create('/a'), ephemeral, create('/b')])).toEqual([0, -120, -2]);
    expect(errors([create('/a'), bad, ephemeral])).toEqual([0, -103, -2]);
    expect(errors([create('/a'), create('/b')])).toEqual(['done', 'done']);
  });
});

describe('a session on its way into the table', () => {
  test('may create an ephemeral right behind its createSession', () => {
    const pipeline = made();
    const ephemeral = createBody('/e', CreateMode.ephemeral);
    pipeline.prepare(Opcode.createSession, createSession, { session: local });

    expect(pipeline.prepare(Opcode.create, ephemeral, { session: local }).error).toBe(0);
    pipeline.applyAll();
    expect(pipeline.stat('/e')?.ephemeralOwner).toBe(local);
  });

  test('takes its ephemeral along when it is closed before either is applied', () => {
    const pipeline = made();
    const ephemeral = createBody('/e', CreateMode.ephemeral);
    pipeline.prepare(Opcode.createSession, createSession, { session: local });
    pipeline.prepare(Opcode.create, ephemeral, { session: local });
    pipeline.prepare(Opcode.closeSession, Buffer.alloc(0), { session: local });
    const late = pipeline.prepare(Opcode.create, createBody('/late'), { session: local });

    pipeline.applyAll();

    expect(late.error).toBe(ErrorCode.sessionExpired);
    expect([pipeline.stat('/e'), pipeline.state.sessions.has(local)]).toEqual([null, false]);
  });
});
