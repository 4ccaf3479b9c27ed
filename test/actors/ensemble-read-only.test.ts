/**
 * Read-only mode: a replica that finds no quorum lets those read who said that it will do, refuses
 * what would change something, and lets go of them when there is a quorum again.
 */

import { expect, test } from 'vitest';
import { NotReadOnlyError } from '../../client/client.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { RawClient } from '../support/raw-client.ts';
import { fourLetterWord } from '../support/zoo-process.ts';

const settings = { readOnlyModeEnabled: true, fourLetterWords: 'all' as const };

/** All but one are killed; resolves when it serves reads. */
async function leaveAlone(ensemble: TestEnsemble, sid: number): Promise<void> {
  for (const other of ensemble.up) if (other.sid !== sid) await ensemble.kill(other.sid);
  await ensemble.until('it is read-only', () => ensemble.member(sid).replica.isReadOnly, 4000);
}

test('a replica without a quorum serves reads after two seconds, and no writes', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  await (await ensemble.client(1)).create('/old', 'x');
  await ensemble.agreement();

  const startedMs = performance.now();
  await leaveAlone(ensemble, 1);
  expect(performance.now() - startedMs).toBeLessThan(3500);

  const reader = await ensemble.client(1, { canBeReadOnly: true });
  expect(reader.state).toBe('readOnly');
  expect(`${(await reader.getData('/old')).data}`).toBe('x');
  await expect(reader.create('/new')).rejects.toThrow(NotReadOnlyError);
  await expect(reader.sync('/')).rejects.toThrow(NotReadOnlyError);
  expect(await fourLetterWord(ensemble.member(1).port, 'isro')).toBe('ro');
  expect(await fourLetterWord(ensemble.member(1).port, 'srvr')).toMatch(/^Mode: read-only$/m);
  const other = await RawClient.open(ensemble.member(1).port);
  expect(await other.connect()).toBe('closed');
});

test('when the quorum is back, who read is let go and goes on as usual', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  await ensemble.agreement();
  await leaveAlone(ensemble, 1);
  const states: string[] = [];
  const reader = await ensemble.client(1, {
    canBeReadOnly: true,
    onState: (state) => states.push(state),
  });

  await ensemble.startMember(2);
  await ensemble.serving();
  await ensemble.until('it is connected', () => reader.state === 'connected');
  await reader.create('/new');

  expect(states).toEqual(['readOnly', 'suspended', 'connected']);
  expect(await fourLetterWord(ensemble.member(1).port, 'isro')).toBe('rw');
  await ensemble.agreement();
});

test('a session of the time before reads, and goes on when the quorum is back', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  const client = await ensemble.client(1, { canBeReadOnly: true });
  const id = client.sessionId;
  await ensemble.agreement();

  await leaveAlone(ensemble, 1);
  await ensemble.until('it may read', () => client.state === 'readOnly');
  expect(await client.exists('/')).not.toBe(null);
  await ensemble.startMember(2);
  await ensemble.serving();
  await ensemble.until('it is connected', () => client.state === 'connected');

  expect(client.sessionId).toBe(id);
  await client.create('/after');
});

test('a session that waits for a write reads all the same', async () => {
  const ensemble = await TestEnsemble.start({ settings });
  const first = await RawClient.session(ensemble.member(1).port);
  for (const { sid } of ensemble.up) if (sid !== 1) await ensemble.kill(sid);
  first.send(Opcode.create, { path: '/a', data: null, acl: openAcl, flags: 0 });
  await leaveAlone(ensemble, 1);

  const second = await RawClient.open(ensemble.member(1).port);
  const { sessionId, passwd } = first;
  const response = await second.connect({ sessionId, passwd, readOnly: true });
  expect(response).toMatchObject({ sessionId, readOnly: true });
  second.send(Opcode.exists, { path: '/', watch: false });

  expect(await second.poll(1000)).not.toBe(null);
});

test('without that mode nobody is served', async () => {
  const ensemble = await TestEnsemble.start();
  for (const sid of [2, 3]) await ensemble.kill(sid);
  await ensemble.until('it has no hope', () => {
    return ensemble.member(1).replica.stateName === 'member.looking.lonely';
  });

  const reader = await RawClient.open(ensemble.member(1).port);

  expect(await reader.connect({ readOnly: true })).toBe('closed');
});
