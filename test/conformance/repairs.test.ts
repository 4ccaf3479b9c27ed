/**
 * Requests that Apache ZooKeeper 3.8.0 answers by damaging itself, or by harming others: they
 * cannot be in the common program. What natskeeper must do instead is written here (specification,
 * sections 1.7, 2.4, 2.5, 3.9 and 9).
 */

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { startServer, whyNoServer } from '../support/server.ts';
import { fourLetterWord, type ZooProcess } from '../support/zoo-process.ts';
import { look, znode } from './program-znodes.ts';
import { Script, type ScriptClient } from './script.ts';

describe.skipIf(whyNoServer !== null)('natskeeper, where Apache ZooKeeper 3.8.0 errs', () => {
  let server: ZooProcess;
  let script: Script;
  let client: ScriptClient;
  beforeAll(async () => {
    server = await startServer(['extendedTypesEnabled=true']);
  });
  beforeEach(async () => {
    script = new Script(server.port);
    client = await script.client('a');
    return () => script.end();
  });
  afterAll(() => server?.remove());

  const last = (): unknown[] => script.entries.at(-1)?.got ?? [];
  const unimplemented = [{ xid: 1, zxid: -1, err: ErrorCode.unimplemented }, 'closed'];

  const foreign: [name: string, op: number, body: Buffer][] = [
    ['a check outside of a multi', Opcode.check, new JuteWriter().string('/a').int(-1).copy()],
    ['deleteContainer', Opcode.deleteContainer, new JuteWriter().string('/a').copy()],
    ['createSession', Opcode.createSession, new JuteWriter().int(10_000).copy()],
    ['an operation of ours', Opcode.setSecret, Buffer.alloc(0)],
  ];
  for (const [name, op, body] of foreign) {
    test(`${name} from a client is no operation`, async () => {
      await client.askRaw(name, op, body, { isLast: true });

      expect(last()).toEqual(unimplemented);
    });
  }

  for (const flags of [0, 1, 2, 3, 4]) {
    test(`createTTL with flags ${flags} and a ttl is refused, and the replica lives`, async () => {
      for (const ttl of [-1, 1000]) {
        const body = { ...znode('/not-ttl', 'x', flags), ttl };
        await client.ask('createTTL', Opcode.createTtl, body);

        expect(last()).toEqual([expect.objectContaining({ err: ErrorCode.badArguments })]);
      }
      expect(await fourLetterWord(server.port, 'ruok')).toBe('imok');
    });
  }

  test('a wrong password does not end the connection of the session’s owner', async () => {
    const { sessionId } = client.raw;
    const thief = await script.connection('thief');

    await thief.connect('stolen', { sessionId, passwd: Buffer.alloc(16, 7) });
    expect(last()).toEqual([expect.objectContaining({ timeOut: 0, sessionId: 0 })]);

    await client.ask('still there', Opcode.exists, look('/'));
    expect(last()).toEqual([expect.objectContaining({ err: ErrorCode.ok })]);
  });

  test('it still creates and reads after all that', async () => {
    await client.ask('create', Opcode.create, znode('/fine'));
    await client.ask('get', Opcode.getData, look('/fine'));

    expect(last()).toEqual([expect.objectContaining({ err: ErrorCode.ok, data: 'x' })]);
  });
});
