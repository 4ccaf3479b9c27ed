/**
 * Three replicas that bring their own bus: one nats-server each, lost together with its replica.
 */

import { onEnsemble, recoveryMsMax } from './scenario-ensemble.ts';

onEnsemble('three replicas with a bus of their own', { bringsBus: true }, (scenario, rig) => {
  scenario('a leader is killed', async () => {
    const leader = await rig.ensemble.leader();
    await rig.ensemble.kill(leader);
    await rig.load.more(200, recoveryMsMax);
    rig.ensemble.spawn(leader);
  });

  scenario('a follower stops and comes back', async () => {
    const [follower] = await rig.ensemble.followers();
    await rig.ensemble.stop(follower!);
    await rig.load.more(200, recoveryMsMax);
    rig.ensemble.spawn(follower!);
  });

  scenario('all are killed', async () => {
    await rig.ensemble.kill(...rig.ensemble.sids);
    for (const sid of rig.ensemble.sids) rig.ensemble.spawn(sid);
  });
});
