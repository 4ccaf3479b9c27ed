/**
 * The short way through a transition, held against XState's own in every moment and for every event
 * of the explorations: the same context, the same effects, in the same state.
 */

import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { makeScope, stateName } from '../../actors/host.ts';
import { quickStep, type RunnableAction } from '../../actors/quick-step.ts';
import { machines } from '../../machines/index.ts';
import { explorations } from '../machines/explorations.ts';
import { Explored } from '../support/explore.ts';

const named = (actions: RunnableAction[]) =>
  actions.splice(0).map(({ type, params }) => ({ type, params }));

test.each(Object.keys(explorations) as (keyof typeof explorations)[])('%s', (name) => {
  const machine = machines[name] as AnyStateMachine;
  let quick = 0;
  let stays = 0;
  for (const exploration of [explorations[name]].flat()) {
    const long: RunnableAction[] = [];
    const scope = makeScope(machine, long, exploration.input) as never;
    new Explored(machine, exploration, ({ from: { snapshot }, event, to }) => {
      const effects: RunnableAction[] = [];
      const context = quickStep(snapshot, snapshot.context, event, effects);
      const isHere = stateName(snapshot.value) === to.state;
      if (isHere) stays++;
      if (context === null) return void expect(effects).toEqual([]);
      quick++;
      const next = machine.transition(snapshot, event, scope) as AnyMachineSnapshot;
      const [short, whole] = [
        [isHere, context, named(effects)],
        [true, next.context, named(long)],
      ];
      // Only a difference is worth the price of an `expect`.
      if (!isDeepStrictEqual(short, whole)) expect(short).toEqual(whole);
    });
  }
  // Parallel states have no short way; all others stay where they are by it nearly always.
  if (name !== 'watch') expect(quick).toBeGreaterThan(stays / 2);
});
