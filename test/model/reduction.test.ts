/**
 * What is left out comes to the same, and what is put away: with it and without it the same txns
 * are proposed, delivered and on the same disks, and the same leaders are established.
 */

import { describe, expect, test } from 'vitest';
import { type ModelBounds, smallest } from './bounds.ts';
import { explore } from './explorer.ts';
import type { State } from './layout.ts';
import type { Model } from './model.ts';

const models: { readonly [name: string]: Partial<ModelBounds> } = {
  'two txns': { txns: 2 },
  'a crash': { crashes: 1 },
  'a crash, two epochs': { epochs: 2, txns: 0, crashes: 1 },
  'two replicas, a crash, a partition': { replicas: 2, epochs: 2, crashes: 1, cuts: 1 },
  'a partition': { txns: 0, cuts: 1 },
  'a lost disk': { isFounded: true, epochs: 2, txns: 0, wipes: 1 },
  'two doubts': { txns: 0, doubts: 2 },
};

interface Outcome {
  /** All but what is delivered, whoever has which sid. */
  readonly rest: string;
  readonly delivered: string;
}

function outcomeOf(model: Model, state: State): Outcome {
  const replicas = model.sids.map((sid) => {
    const { isEstablished, leadsEpoch } = model.summaryOf(state, sid);
    const { disk } = model.replica(state, sid);
    return JSON.stringify([disk.log, disk.currentEpoch, isEstablished ? leadsEpoch : 0]);
  });
  const { proposed, delivered, established } = model.ledger(state);
  const rest = JSON.stringify([proposed, established, ...replicas.sort()]);
  return { rest, delivered: delivered.map((txn) => `${txn} `).join('') };
}

function explored(bounds: ModelBounds, how: { isReduced?: boolean; isWhole?: boolean }) {
  const outcomes = new Map<string, Outcome>();
  const { states, complete } = explore(bounds, {
    ...how,
    visit: (model, state) => {
      const outcome = outcomeOf(model, state);
      outcomes.set(JSON.stringify(outcome), outcome);
      return null;
    },
  });
  return { states, complete, outcomes };
}

/** What some of them have, or more of it delivered: a violation would be one there as well. */
function isAmong({ rest, delivered }: Outcome, outcomes: ReadonlyMap<string, Outcome>): boolean {
  const these = [...outcomes.values()].filter((one) => one.rest === rest);
  return these.some((one) => one.delivered.startsWith(delivered));
}

describe('with less to explore', () => {
  for (const [name, bounds] of Object.entries(models)) {
    test(name, { timeout: 120_000 }, () => {
      const all = explored({ ...smallest, ...bounds }, {});
      const fewer = explored({ ...smallest, ...bounds }, { isReduced: true });
      const missing = [...all.outcomes.values()].filter((one) => !isAmong(one, fewer.outcomes));
      const strange = [...fewer.outcomes.keys()].filter((key) => !all.outcomes.has(key));

      expect([all.complete, fewer.complete]).toEqual([true, true]);
      expect(fewer.states).toBeLessThan(all.states);
      expect(missing).toEqual([]);
      expect(strange).toEqual([]);
    });
  }
});

describe('with less in a state', () => {
  for (const [name, bounds] of Object.entries(models)) {
    test(name, { timeout: 120_000 }, () => {
      const all = explored({ ...smallest, ...bounds }, { isWhole: true });
      const fewer = explored({ ...smallest, ...bounds }, {});

      expect([all.complete, fewer.complete]).toEqual([true, true]);
      expect(fewer.states).toBeLessThan(all.states);
      expect([...fewer.outcomes.keys()].sort()).toEqual([...all.outcomes.keys()].sort());
    });
  }
});
