/**
 * What the look into replicas asks of one whose disk was taken from it: nothing that went with the
 * disk until it serves again, and everything else.
 */

import { describe, expect, test } from 'vitest';
import { Stand } from './stand.ts';

describe('a voter that has lost its disk', () => {
  test('need not hold what it held, also where another one is behind', async () => {
    const stand = new Stand(1);

    await stand.run(async () => {
      await stand.hasHistory();
      const [leader, lost, behind] = stand.parts;
      stand.cutOff(behind);
      await stand.writer(leader)();
      lost.loses();
      lost.disk.wipe();
      lost.start();
      await stand.until('it runs', () => lost.isUp);
      await stand.passes(100);

      expect(lost.replica!.state.lastZxid, 'nobody may tell it yet').toBe(0);
      expect(behind.disk.lastZxid).toBeLessThan(leader.replica!.state.lastZxid);
      stand.world.ensemble.net.ways.healAll();
      await stand.untilServing();
    });

    expect(stand.broken).toEqual([]);
  });

  test('is asked for all of it as soon as it serves again', async () => {
    const stand = new Stand(2);

    await stand.run(async () => {
      const [leader, lost, other] = stand.parts;
      await stand.writer(leader)();
      lost.loses();
      lost.disk.wipe();
      lost.start();
      await stand.untilServing();
      await stand.passes(20);
      expect(stand.broken).toEqual([]);
      for (const replica of [lost, other]) {
        replica.kill('process');
        replica.disk.wipe();
      }
      stand.watch.look();
    });

    expect(stand.broken).toContain('Z10');
  });

  test('is asked for what came behind that', async () => {
    const stand = new Stand(3);

    await stand.run(async () => {
      const [leader, lost, other] = stand.parts;
      lost.kill('process');
      stand.watch.forget(lost.sid);
      await stand.writer(leader)();
      await stand.passes(20);
      expect(stand.broken).toEqual([]);
      other.kill('process');
      other.disk.wipe();
      stand.watch.look();
    });

    expect(stand.broken).toContain('Z10');
  });
});
