/**
 * Who may write for a session: the replica that holds its connection, as far as the leader knows.
 */

import { expect, test } from 'vitest';
import { SessionOwners } from '../../actors/session-owners.ts';
import { Opcode } from '../../protocol/opcode.ts';

const made1 = '0100000000000001';
const made2 = '0200000000000001';
const byClient = 0x0100_0001;
const request = (session: string, op: number = Opcode.create, origin = byClient) => {
  return { session, op, origin };
};

test('a local session is not in the list, whatever it writes', () => {
  const owners = new SessionOwners();

  expect(owners.admits(request(made2), 2)).toBe(true);
  expect(owners.has(made2)).toBe(false);
});

test('the owner of a global session is known by its createSession, its writes or its move', () => {
  const owners = new SessionOwners((session) => session === made1);
  owners.admits(request(made2, Opcode.createSession, 0), 2);
  for (const [session, sid] of [[made1, 1] as const, [made2, 2] as const]) {
    expect(owners.admits(request(session), sid)).toBe(true);
    expect(owners.admits(request(session), 3)).toBe(false);
    owners.admits(request(session, Opcode.moveSession, 0), 3);
    expect(owners.admits(request(session), sid)).toBe(false);
    expect(owners.admits(request(session), 3)).toBe(true);
    owners.delete(session);
    expect(owners.has(session)).toBe(false);
  }
});

test('a session that writes elsewhere than it was made is taken as moved there', () => {
  const owners = new SessionOwners();

  expect(owners.admits(request(made2), 3)).toBe(true);
  expect(owners.admits(request(made2), 2)).toBe(false);
});

test('being heard of takes a session from nobody', () => {
  const owners = new SessionOwners();
  owners.note(made1, 2);
  owners.note(made1, 1);

  expect([owners.admits(request(made1), 2), owners.admits(request(made1), 1)]).toEqual([
    ...[true, false],
  ]);
});

test('what replicas ask for on their own account is admitted from everywhere', () => {
  const owners = new SessionOwners();
  owners.admits(request(made1, Opcode.createSession, 0), 1);

  expect(owners.admits(request(made1, Opcode.closeSession, 0), 2)).toBe(true);
});
