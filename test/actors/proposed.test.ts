/**
 * What a process finds again of its own requests in batches that are not applied yet.
 */

import { describe, expect, test } from 'vitest';
import { proposedBy } from '../../actors/proposed.ts';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { createBody, Pipeline, sessionA, sessionB, setDataBody } from '../support/pipeline.ts';

const ours = 0x0100_0001;
const theirs = 0x0200_0001;
const newSession = '01000000000000cc';
const foreignSession = '02000000000000dd';

function rig() {
  const pipeline = new Pipeline();
  const from = pipeline.txns.length;
  const ask = (session: string, origin: number, path = '/a') =>
    pipeline.prepare(Opcode.create, createBody(path), { session, origin });
  const open = (session: string, origin: number) =>
    pipeline.prepare(Opcode.createSession, new JuteWriter().int(5000).copy(), { session, origin });
  const found = (perBatch = 2) => {
    const { creating, writes } = proposedBy(ours, pipeline.frames(perBatch, from));
    return { creating: [...creating], writes: Object.fromEntries(writes) };
  };
  return { pipeline, ask, open, found };
}

describe('among proposed batches', () => {
  test('nothing is found where there is nothing', () => {
    expect(proposedBy(ours, [])).toEqual({ creating: new Set(), writes: new Map() });
  });

  test('writes of this process are counted by session, those of another one are not', () => {
    for (const perBatch of [1, 2, 10]) {
      const { ask, found } = rig();
      ask(sessionA, ours, '/a');
      ask(sessionB, ours, '/b');
      ask(sessionA, theirs, '/c');
      ask(sessionA, 0, '/d');
      ask(sessionA, ours, '/e');

      expect(found(perBatch)).toEqual({ creating: [], writes: { [sessionA]: 2, [sessionB]: 1 } });
    }
  });

  test('a write that was refused counts as one that took effect', () => {
    const { pipeline, ask, found } = rig();
    const origin = { session: sessionA, origin: ours };
    pipeline.prepare(Opcode.setData, setDataBody('/none', 'x'), origin);
    ask(sessionA, ours, '/none/at/all');
    pipeline.prepare(Opcode.create, createBody('/a'), {
      ...origin,
      fault: ErrorCode.sessionMoved,
    });

    expect(found().writes).toEqual({ [sessionA]: 3 });
  });

  test('so does the close that a client asked for, and not one by expiry', () => {
    const { pipeline, found } = rig();
    const nothing = Buffer.alloc(0);
    pipeline.prepare(Opcode.closeSession, nothing, { session: sessionA, origin: ours });
    pipeline.prepare(Opcode.closeSession, nothing, { session: sessionB, origin: 0 });

    expect(found()).toEqual({ creating: [], writes: { [sessionA]: 1 } });
  });

  test('new sessions are found, whoever asked for them, and are no writes', () => {
    const { open, ask, found } = rig();
    open(newSession, ours);
    open(foreignSession, theirs);
    ask(sessionA, ours);

    expect(found()).toEqual({
      creating: [newSession, foreignSession],
      writes: { [sessionA]: 1 },
    });
  });
});
