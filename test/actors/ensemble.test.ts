import { expect, test } from 'vitest';
import { connect } from '../../client/client.ts';
import { TestEnsemble } from '../support/ensemble.ts';

const notesOf = (sid: number) => {
  const say = (level: string) => (message: string, fields?: object) =>
    console.log(sid, level, message, JSON.stringify(fields ?? {}));
  return {
    debug: process.env['T'] ? say('debug') : () => {},
    info: say('info'),
    warn: say('warn'),
    error: say('error'),
  };
};

test('three replicas elect, write, survive', async () => {
  const ensemble = await TestEnsemble.start({ notes: notesOf });
  await expect
    .poll(() => ensemble.members.filter((m) => m.replica.isServing).length, { timeout: 5000 })
    .toBe(3);
  for (const member of ensemble.members) {
    const client = await connect(`127.0.0.1:${member.port}`, { sessionTimeoutMs: 10000 });
    await client.create(`/from-${member.sid}`, Buffer.from('x'));
    await client.sync('/');
    console.log(member.sid, await client.getChildren('/'));
    await client.close();
  }
  await ensemble.remove();
}, 20000);
