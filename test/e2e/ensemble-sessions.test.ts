/**
 * Sessions in an ensemble of real processes under load: a new one may write at once wherever it was
 * made, and one that loses its replica, or the leader in the moment of its return, goes on.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect } from '../../client/client.ts';
import { pause } from '../support/zoo-process.ts';
import { Ensemble, whyNoEnsemble } from './ensemble.ts';
import { Load, memberClient } from './writers-ensemble.ts';

const reason = whyNoEnsemble === null ? '' : `: ${whyNoEnsemble}`;
const roundsPerReplica = 60 * Number(process.env['E2E_ROUNDS'] ?? 1);
const leaderKills = 3 * Number(process.env['E2E_ROUNDS'] ?? 1);
const wanderers = 24;

describe.skipIf(whyNoEnsemble !== null)(`sessions of three replicas${reason}`, () => {
  let ensemble: Ensemble;
  let load: Load;

  beforeAll(async () => {
    ensemble = await Ensemble.start({ voters: 3, observers: 1 });
    load = await Load.begin(ensemble, 1);
    load.go();
  });

  afterAll(async () => {
    await Promise.race([load?.end(), pause(10_000)]);
    await ensemble?.remove();
  });

  test('a new session writes at once, at every replica', async () => {
    const open = async (sid: number): Promise<void> => {
      for (let round = 0; round < roundsPerReplica; round++) {
        const client = await connect(ensemble.keeper(sid).address, memberClient);
        try {
          await client.sync('/');
          await client.create(`/new-${sid}-${round}`);
        } finally {
          await client.close();
        }
      }
    };

    const opened = await Promise.allSettled(ensemble.sids.map(open));

    const failures = opened.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(failures).toEqual([]);
  });

  test('a session that comes back while the leader changes goes on', async () => {
    const clients = await Promise.all(
      Array.from({ length: wanderers }, (_, at) =>
        connect(ensemble.addressesFrom((at % ensemble.sids.length) + 1), memberClient),
      ),
    );
    const sessions = clients.map(({ sessionId }) => sessionId);

    for (let kill = 1; kill <= leaderKills; kill++) {
      const leader = await ensemble.leader();
      const [follower] = await ensemble.followers();
      // Its clients come back to others, and the leader goes away while they are asked about.
      await ensemble.kill(follower!);
      await load.more(20, 10_000);
      await ensemble.kill(leader);
      ensemble.spawn(leader);
      ensemble.spawn(follower!);
      await ensemble.serving();
      await Promise.all(clients.map((client) => client.sync('/')));
    }

    expect(clients.map(({ sessionId }) => sessionId)).toEqual(sessions);
    await Promise.all(clients.map((client) => client.close()));
  });
});
