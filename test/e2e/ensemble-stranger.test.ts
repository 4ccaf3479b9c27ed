/**
 * What a stranger says on the bus is never acted on: replicas go on, nothing acknowledged is lost,
 * and no replica ends.
 */

import { afterAll, beforeAll } from 'vitest';
import { pause } from '../support/zoo-process.ts';
import { onEnsemble, recoveryMsMax } from './scenario-ensemble.ts';
import { disguised, noise, replayed, Stranger, truncated } from './stranger-ensemble.ts';

const speakMs = 1500;

onEnsemble('a stranger on the bus', {}, (scenario, rig) => {
  let stranger: Stranger;

  beforeAll(() => {
    stranger = new Stranger(rig.ensemble.bus!.url, rig.ensemble.name, rig.random);
  });
  afterAll(() => stranger?.leave());

  for (const [name, disguise] of Object.entries({ noise, truncated, disguised, replayed })) {
    scenario(`${name} frames are not acted on`, async () => {
      // What a former leader said, and a former life, is among what is said again.
      const leader = await rig.ensemble.leader();
      await rig.ensemble.kill(leader);
      rig.ensemble.spawn(leader);
      await rig.ensemble.serving();
      stranger.speak(disguise);
      await pause(speakMs);
      await rig.load.more(200, recoveryMsMax);
      await stranger.fallSilent();
    });
  }
});
