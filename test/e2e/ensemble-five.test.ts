/**
 * Five replicas: two of them may be away at any time, and three of them decide.
 */

import { expect } from 'vitest';
import { pause } from '../support/zoo-process.ts';
import { onEnsemble, recoveryMsMax } from './scenario-ensemble.ts';

onEnsemble('five replicas', { voters: 5 }, (scenario, rig) => {
  scenario('a leader and a follower are killed', async () => {
    const leader = await rig.ensemble.leader();
    const [follower] = await rig.ensemble.followers();
    await rig.ensemble.kill(leader, follower!);
    await rig.load.more(200, recoveryMsMax);
    rig.ensemble.spawn(leader);
    rig.ensemble.spawn(follower!);
  });

  scenario('a majority is killed', async () => {
    const gone = [await rig.ensemble.leader(), ...(await rig.ensemble.followers()).slice(0, 2)];
    await rig.ensemble.kill(...gone);
    await pause(500);
    const before = rig.load.tally.acked;
    await pause(300);
    expect(rig.load.tally.acked, 'without a quorum nothing is acknowledged').toBe(before);
    for (const sid of gone) rig.ensemble.spawn(sid);
  });

  scenario('all are killed', async () => {
    await rig.ensemble.kill(...rig.ensemble.sids);
    for (const sid of rig.ensemble.sids) rig.ensemble.spawn(sid);
  });

  scenario('a leader is paused, and the next one killed', async () => {
    const first = await rig.ensemble.leader();
    rig.ensemble.pause(first);
    await rig.load.more(100, recoveryMsMax);
    const second = await rig.ensemble.leader();
    await rig.ensemble.kill(second);
    rig.ensemble.resume(first);
    await rig.load.more(100, recoveryMsMax);
    rig.ensemble.spawn(second);
  });

  scenario('the bus is killed', async () => {
    await rig.ensemble.bus!.kill();
    await rig.ensemble.bus!.restart();
  });
});
