/**
 * Replicas compare digests of their trees. One whose tree has gone wrong is found out, said, and
 * made anew from the others: whatever part it plays, and never the others from it.
 */

import { expect, test } from 'vitest';
import { type Member, TestEnsemble } from '../support/ensemble.ts';

const wrongVersion = 7;

/** As a flipped bit would: its znode /a is not what was agreed upon. */
function damage({ replica: { state } }: Member): void {
  const { tree } = state;
  const slot = tree.findPath('/a');
  tree.stampData(slot, wrongVersion, state.lastZxid, 1);
  tree.digest.update(slot);
}

for (const part of ['a follower', 'the leader', 'an observer'] as const) {
  test(`${part} whose tree has gone wrong is made anew from the others`, async () => {
    const ensemble = await TestEnsemble.start({ observers: 1 });
    const clients = [await ensemble.client(1), await ensemble.client(2)] as const;
    await clients[0].create('/a', 'x');
    await ensemble.agreement();
    const observer = ensemble.member(4);
    const wrong = { 'a follower': ensemble.followers[0]!, 'the leader': ensemble.leader! };
    const { sid } = part === 'an observer' ? observer : wrong[part];
    damage(ensemble.member(sid));

    // Digests are compared every 128 txns.
    const client = clients[sid === 1 ? 1 : 0];
    for (let made = 0; made < 300; made++) await client.create(`/n-${made}`);
    await ensemble.until('it is made anew', () => ensemble.rebuilds > 0);
    await ensemble.agreement();

    const said = ensemble.lines.filter((line) => line.includes('differs'));
    expect(said.length).toBeGreaterThan(0);
    const anew = ensemble.lines.filter((line) => line.includes('takes the place of all'));
    expect(anew.map((line) => Number(line.split(' ')[1]))).toEqual([sid]);
    for (const one of ensemble.up) {
      const reader = await ensemble.client(one.sid);
      expect((await reader.exists('/a'))?.version, `/a at ${one.sid}`).toBe(0);
    }
  });
}
