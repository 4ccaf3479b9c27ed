/**
 * What a stranger says on the bus is never acted on: replicas go on, nothing acknowledged is lost,
 * and no replica ends.
 */

import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { pause } from '../support/zoo-process.ts';
import { Ensemble, whyNoEnsemble } from './ensemble.ts';
import { Fence } from './fence-ensemble.ts';
import { randomFrom } from './random.ts';
import { disguised, noise, replayed, Stranger, truncated } from './stranger-ensemble.ts';
import { Load } from './writers-ensemble.ts';

const reason = whyNoEnsemble === null ? '' : `: ${whyNoEnsemble}`;
const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);
const speakMs = 1500 * Number(process.env['E2E_ROUNDS'] ?? 1);
const recoveryMsMax = 10_000;

describe.skipIf(whyNoEnsemble !== null)(`a stranger on the bus, seed ${seed}${reason}`, () => {
  let ensemble: Ensemble;
  let load: Load;
  let fence: Fence;
  let stranger: Stranger;
  let hasFailed = false;

  beforeAll(async () => {
    ensemble = await Ensemble.start({ voters: 3 });
    stranger = new Stranger(ensemble.bus!.url, ensemble.name, randomFrom(seed));
    load = await Load.begin(ensemble, seed);
    fence = await Fence.begin(ensemble);
  });

  afterEach(({ task }) => {
    if (task.result?.state !== 'fail' || hasFailed) return;
    hasFailed = true;
    console.log(`seed ${seed}: logs in ${ensemble.evidence()}`);
  });

  afterAll(async () => {
    await stranger?.leave();
    await fence?.end();
    await load?.end();
    await ensemble?.remove();
  });

  const disguises = { noise, truncated, replayed, disguised };
  for (const [name, disguise] of Object.entries(disguises)) {
    test(`${name} frames are not acted on`, async ({ skip }) => {
      skip(hasFailed, 'an earlier scenario failed');
      load.go();
      fence.go();
      // Frames of a former leader, and of a former life, are among those that are said again.
      const leader = await ensemble.leader();
      await load.more(200, recoveryMsMax);
      await ensemble.kill(leader);
      ensemble.spawn(leader);
      await ensemble.serving();

      stranger.speak(disguise);
      await pause(speakMs);
      await load.more(200, recoveryMsMax);
      await stranger.fallSilent();

      await load.more(200, recoveryMsMax);
      await ensemble.serving();
      await fence.rest();
      await load.verify();
      fence.check();
    });
  }
});
