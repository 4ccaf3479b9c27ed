/**
 * An ensemble of real processes on a real bus, broken under load in every way that a machine has:
 * what was acknowledged is found on every replica afterwards, all trees are one, and sync and read
 * never show what is older than the newest acknowledged write.
 * E2E_ROUNDS repeats everything, E2E_SEED sets the choices of the writers.
 */

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { pause } from '../support/zoo-process.ts';
import { Ensemble, whyNoEnsemble } from './ensemble.ts';
import { Fence } from './fence-ensemble.ts';
import { randomFrom } from './random.ts';
import { Load } from './writers-ensemble.ts';

const rounds = Number(process.env['E2E_ROUNDS'] ?? 1);
const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);
const reason = whyNoEnsemble === null ? '' : `: ${whyNoEnsemble}`;
/** Within this time writes are acknowledged again: far more than it takes, on a machine in use. */
const recoveryMsMax = 10_000;

describe.skipIf(whyNoEnsemble !== null)(
  `three replicas and an observer, seed ${seed}${reason}`,
  () => {
    const random = randomFrom(seed);
    const outages: string[] = [];
    let ensemble: Ensemble;
    let load: Load;
    let fence: Fence;
    let hasFailed = false;

    beforeAll(async () => {
      ensemble = await Ensemble.start({ voters: 3, observers: 1 });
      load = await Load.begin(ensemble, seed);
      fence = await Fence.begin(ensemble);
    });

    afterEach(({ task }) => {
      if (task.result?.state !== 'fail' || hasFailed) return;
      hasFailed = true;
      console.log(`seed ${seed}: logs in ${ensemble.evidence()}`);
    });

    afterAll(async () => {
      await fence?.end();
      await load?.end();
      await ensemble?.remove();
      console.log(`longest time without a write: ${outages.join(', ')}`);
    });

    /** Breaks something under load; afterwards everything is as it was, and all are one. */
    function scenario(name: string, breakIt: () => Promise<void>): void {
      for (let round = 1; round <= rounds; round++) {
        test(rounds === 1 ? name : `${name} (${round})`, async ({ skip }) => {
          skip(hasFailed, 'an earlier scenario failed');
          load.go();
          fence.go();
          await load.more(100, recoveryMsMax);
          load.tally.takeOutageMs();
          await breakIt();
          await load.more(300, recoveryMsMax);
          await ensemble.serving();
          await load.more(300, recoveryMsMax);
          outages.push(`${name} ${load.tally.takeOutageMs()} ms`);
          await fence.rest();
          await load.verify();
          fence.check();
        });
      }
    }

    scenario('a leader is killed', async () => {
      const leader = await ensemble.leader();
      await ensemble.kill(leader);
      await load.more(200, recoveryMsMax);
      ensemble.spawn(leader);
    });

    scenario('a follower is killed', async () => {
      const [follower] = await ensemble.followers();
      await ensemble.kill(follower!);
      await load.more(500, recoveryMsMax);
      ensemble.spawn(follower!);
    });

    scenario('a majority is killed', async () => {
      const leader = await ensemble.leader();
      const [follower] = await ensemble.followers();
      await ensemble.kill(leader, follower!);
      await pause(500 + random() * 500);
      const before = load.tally.acked;
      await pause(300);
      expect(load.tally.acked).toBe(before);
      ensemble.spawn(leader);
      ensemble.spawn(follower!);
    });

    scenario('all are killed', async () => {
      await ensemble.kill(...ensemble.sids);
      for (const sid of ensemble.sids) ensemble.spawn(sid);
    });

    scenario('a leader is paused for longer than its lease', async () => {
      const leader = await ensemble.leader();
      ensemble.pause(leader);
      await pause(1000 + random() * 2000);
      ensemble.resume(leader);
    });

    scenario('the bus is killed', async () => {
      await ensemble.bus!.kill();
      await pause(random() * 600);
      await ensemble.bus!.restart();
    });

    scenario('the bus is paused', async () => {
      ensemble.bus!.pause();
      await pause(300 + random() * 2000);
      ensemble.bus!.resume();
    });

    scenario('a follower loses its disk', async () => {
      const [follower] = await ensemble.followers();
      await ensemble.kill(follower!);
      ensemble.wipe(follower!);
      await load.more(200, recoveryMsMax);
      ensemble.spawn(follower!);
    });
  },
);
