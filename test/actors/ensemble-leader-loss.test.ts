/**
 * The leader goes, under load: killed, stopped, cut off, paused. What was acknowledged is on every
 * replica afterwards, and whoever is connected to a survivor does not notice but for the wait.
 */

import { expect, test } from 'vitest';
import type { Client, ClientState } from '../../client/client.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { checkLoads, Load, prepareLoads } from '../support/ensemble-load.ts';

interface Watched {
  readonly sid: number;
  readonly client: Client;
  readonly states: ClientState[];
  readonly load: Load;
}

/** A client with a load at each replica. */
async function loadAll(ensemble: TestEnsemble): Promise<Watched[]> {
  const first = await ensemble.client(1);
  await prepareLoads(first);
  const watched: Watched[] = [];
  for (const { sid } of ensemble.up) {
    const states: ClientState[] = [];
    const client = await ensemble.client(sid, { onState: (state) => states.push(state) });
    watched.push({ sid, client, states, load: new Load(client, `client-${sid}`) });
  }
  return watched;
}

async function settled(ensemble: TestEnsemble, watched: readonly Watched[]): Promise<void> {
  await Promise.all(watched.map(({ load }) => load.halt()));
  await ensemble.agreement();
  for (const { replica } of ensemble.up) {
    checkLoads(
      replica.state.tree,
      watched.map(({ load }) => load),
    );
  }
}

const progressOf = ({ load }: Watched, count: number) => {
  const before = load.acked.size;
  return () => load.acked.size >= before + count;
};

type Fault = 'killed' | 'stopped' | 'cut off' | 'paused';

async function strike(ensemble: TestEnsemble, sid: number, fault: Fault): Promise<void> {
  if (fault === 'killed') await ensemble.kill(sid);
  else if (fault === 'stopped') await ensemble.stopMember(sid);
  else if (fault === 'cut off') ensemble.cut(sid);
  else ensemble.pause(sid);
}

async function repair(ensemble: TestEnsemble, sid: number, fault: Fault): Promise<void> {
  if (fault === 'killed' || fault === 'stopped') await ensemble.startMember(sid);
  else if (fault === 'cut off') ensemble.heal(sid);
  else ensemble.resume(sid);
}

for (const fault of ['killed', 'stopped', 'cut off', 'paused'] as const) {
  for (const voters of [3, 5]) {
    test(`a leader is ${fault} under load: survivors' clients stay (${voters})`, async () => {
      const ensemble = await TestEnsemble.start({ voters });
      const watched = await loadAll(ensemble);
      const { sid } = ensemble.leader!;
      const survivors = watched.filter((one) => one.sid !== sid);
      for (const one of watched) await ensemble.until('a load', progressOf(one, 100));

      await strike(ensemble, sid, fault);
      await ensemble.until('another leads', () => {
        const { leader } = ensemble;
        return leader !== undefined && leader.sid !== sid;
      });
      for (const one of survivors) await ensemble.until('a load after it', progressOf(one, 100));
      await repair(ensemble, sid, fault);
      await ensemble.serving();
      for (const one of survivors) await ensemble.until('a load with all', progressOf(one, 50));

      await settled(ensemble, watched);
      for (const { states, load } of survivors) {
        expect(states).toEqual(['connected']);
        expect(load.lost).toEqual([]);
      }
    });
  }
}
