/** Requests as a leader reads them from a learner's frame. */

import { expect, test } from 'vitest';
import { ForwardedRequest, writeRequest } from '../../actors/forwarded.ts';
import { PendingRequest } from '../../actors/pending-request.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { highHalf, lowHalf } from '../../protocol/session-id.ts';

const frameOf = (sessions: readonly string[]): JuteReader => {
  const writer = new JuteWriter();
  for (const id of sessions) {
    const name = { id, high: highHalf(id), low: lowHalf(id) };
    writeRequest(writer, PendingRequest.internal(name, Opcode.sync, Buffer.from('body'), 0));
  }
  const bytes = writer.copy();
  return new JuteReader().reset(bytes, 0, bytes.length);
};

const [one, other] = ['01000000000000a1', '01000000000000b2'] as const;

test('who asks is heard of, once for each run of requests', () => {
  const taken: string[] = [];
  const heard: string[] = [];
  new ForwardedRequest().readAll(frameOf([one, one, other, one]), {
    take: ({ session }) => taken.push(session),
    heard: (session) => heard.push(session),
  });
  expect(taken).toEqual([one, one, other, one]);
  expect(heard).toEqual([one, other, one]);
});

test('who may not ask over this replica is not heard of', () => {
  const heard: string[] = [];
  new ForwardedRequest().readAll(frameOf([one, other]), {
    take: (request) => {
      if (request.session === one) request.fault = -118;
    },
    heard: (session) => heard.push(session),
  });
  expect(heard).toEqual([other]);
});
