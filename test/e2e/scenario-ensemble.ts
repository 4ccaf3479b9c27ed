/**
 * Scenarios of an ensemble: something is broken under load, writes must go on within a bounded
 * time, and when all is quiet everything that was acknowledged is on every replica, all trees are
 * one, and nobody was told by sync and read what was older than the newest acknowledged write.
 * E2E_ROUNDS repeats every scenario, E2E_SEED sets the choices.
 */

import { afterAll, afterEach, beforeAll, describe, test } from 'vitest';
import { pause } from '../support/zoo-process.ts';
import { Ensemble, type EnsembleOptions, whyNoEnsemble } from './ensemble.ts';
import { Fence } from './fence-ensemble.ts';
import { randomFrom } from './random.ts';
import { Load } from './writers-ensemble.ts';

export const rounds = Number(process.env['E2E_ROUNDS'] ?? 1);
const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);
/** Within this time writes are acknowledged again: far more than it takes, on a busy machine. */
export const recoveryMsMax = 10_000;
const scenarioMsMax = 90_000;
const endMsMax = 10_000;

/** What scenarios work on; there once the first of them runs. */
export class Rig {
  readonly seed = seed;
  readonly random = randomFrom(seed);
  ensemble!: Ensemble;
  load!: Load;
  fence!: Fence;
  hasFailed = false;
  readonly outages: string[] = [];

  async go(): Promise<void> {
    this.load.go();
    this.fence.go();
    await this.load.more(100, recoveryMsMax);
  }

  /** All is quiet, and as it must be. */
  async verify(): Promise<void> {
    await this.load.more(300, recoveryMsMax);
    await this.ensemble.serving();
    await this.load.more(300, recoveryMsMax);
    await this.fence.rest();
    await this.load.verify();
    this.fence.check();
  }
}

export type DefineScenario = (name: string, breakIt: () => Promise<void>) => void;

/** One ensemble for all scenarios that `define` makes; where one failed, the rest is skipped. */
export function onEnsemble(
  title: string,
  options: EnsembleOptions,
  define: (scenario: DefineScenario, rig: Rig) => void,
): void {
  const reason = whyNoEnsemble === null ? '' : `: ${whyNoEnsemble}`;
  describe.skipIf(whyNoEnsemble !== null)(`${title}, seed ${seed}${reason}`, () => {
    const rig = new Rig();

    beforeAll(async () => {
      rig.ensemble = await Ensemble.start(options);
      rig.load = await Load.begin(rig.ensemble, seed);
      rig.fence = await Fence.begin(rig.ensemble);
    });

    afterEach(({ task }) => {
      if (task.result?.state !== 'fail' || rig.hasFailed) return;
      rig.hasFailed = true;
      console.log(`seed ${seed}: logs in ${rig.ensemble.evidence()}`);
    });

    afterAll(async () => {
      // Whatever state the clients are in, no process stays.
      const ended = Promise.all([rig.fence?.end(), rig.load?.end()]);
      await Promise.race([ended, pause(endMsMax)]);
      await rig.ensemble?.remove();
      if (rig.outages.length > 0) console.log(`without a write: ${rig.outages.join(', ')}`);
    });

    define((name, breakIt) => {
      for (let round = 1; round <= rounds; round++) {
        const label = rounds === 1 ? name : `${name} (${round})`;
        test(label, { timeout: scenarioMsMax }, async ({ skip }) => {
          skip(rig.hasFailed, 'an earlier scenario failed');
          await rig.go();
          rig.load.tally.takeOutageMs();
          await breakIt();
          await rig.load.more(100, recoveryMsMax);
          rig.outages.push(`${name} ${rig.load.tally.takeOutageMs()} ms`);
          await rig.verify();
        });
      }
    }, rig);
  });
}
