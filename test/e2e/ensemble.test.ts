/**
 * Three replicas and an observer on a real bus, broken in every way that a machine has.
 */

import { expect } from 'vitest';
import { pause } from '../support/zoo-process.ts';
import { onEnsemble, recoveryMsMax } from './scenario-ensemble.ts';

onEnsemble('three replicas and an observer', { observers: 1 }, (scenario, rig) => {
  scenario('a leader is killed', async () => {
    const leader = await rig.ensemble.leader();
    await rig.ensemble.kill(leader);
    await rig.load.more(200, recoveryMsMax);
    rig.ensemble.spawn(leader);
  });

  scenario('a follower is killed', async () => {
    const [follower] = await rig.ensemble.followers();
    await rig.ensemble.kill(follower!);
    await rig.load.more(200, recoveryMsMax);
    rig.ensemble.spawn(follower!);
  });

  scenario('a majority is killed', async () => {
    const leader = await rig.ensemble.leader();
    const [follower] = await rig.ensemble.followers();
    await rig.ensemble.kill(leader, follower!);
    await pause(300 + rig.random() * 500);
    const before = rig.load.tally.acked;
    await pause(300);
    expect(rig.load.tally.acked, 'without a quorum nothing is acknowledged').toBe(before);
    rig.ensemble.spawn(leader);
    rig.ensemble.spawn(follower!);
  });

  scenario('all are killed', async () => {
    await rig.ensemble.kill(...rig.ensemble.sids);
    for (const sid of rig.ensemble.sids) rig.ensemble.spawn(sid);
  });

  scenario('one after the other is killed before the last is back', async () => {
    for (let kills = 0; kills < 8; kills++) {
      const sid = 1 + Math.floor(rig.random() * rig.ensemble.sids.length);
      await rig.ensemble.kill(sid);
      await pause(rig.random() * 400);
      rig.ensemble.spawn(sid);
      await pause(rig.random() * 200);
    }
  });

  scenario('a leader is paused for longer than its lease', async () => {
    const leader = await rig.ensemble.leader();
    rig.ensemble.pause(leader);
    await pause(1000 + rig.random() * 2000);
    rig.ensemble.resume(leader);
  });

  scenario('the bus is killed', async () => {
    await rig.ensemble.bus!.kill();
    await pause(rig.random() * 600);
    await rig.ensemble.bus!.restart();
  });

  scenario('the bus is paused', async () => {
    rig.ensemble.bus!.pause();
    await pause(300 + rig.random() * 2000);
    rig.ensemble.bus!.resume();
  });

  scenario('a follower is away for long', async () => {
    const [follower] = await rig.ensemble.followers();
    await rig.ensemble.kill(follower!);
    await rig.load.more(6000, 4 * recoveryMsMax);
    rig.ensemble.spawn(follower!);
  });

  scenario('a follower loses its disk', async () => {
    const [follower] = await rig.ensemble.followers();
    await rig.ensemble.kill(follower!);
    rig.ensemble.wipe(follower!);
    await rig.load.more(200, recoveryMsMax);
    rig.ensemble.spawn(follower!);
  });

  scenario('a second process goes by the sid of a replica', async () => {
    const sid = 1 + Math.floor(rig.random() * 3);
    const twin = await rig.ensemble.makeKeeper(sid);
    try {
      expect((await twin.refusal()).code).toBe(2);
      expect(twin.stderr).toMatch(`another process is replica ${sid} of ensemble`);
      expect(await rig.ensemble.mode(sid)).not.toBeNull();
    } finally {
      await twin.remove();
    }
  });
});
