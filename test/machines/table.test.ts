/**
 * Tier B: the transition table of a machine is the machine. For all states and events, next state
 * and effects are those that XState's own pure transition gives; and so along random walks.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { initialTransition, setup, transition } from 'xstate';
import { connectionTable } from '../../actors/connection-table.ts';
import { stateName } from '../../actors/host.ts';
import { sessionTable } from '../../actors/session.ts';
import { TransitionTable } from '../../actors/table.ts';
import { watchTable } from '../../actors/watches.ts';

type Table = TransitionTable<string, string>;
const tables: { readonly [name: string]: Table } = {
  connection: connectionTable,
  session: sessionTable,
  watch: watchTable,
};

interface Outcome {
  readonly snapshot: AnyMachineSnapshot;
  readonly state: string;
  readonly effects: string[];
}

/** What XState says; a machine that is done takes no events. */
function byMachine(machine: AnyStateMachine, before: AnyMachineSnapshot, type: string): Outcome {
  if (before.status === 'done') return { snapshot: before, state: nameOf(before), effects: [] };
  const [snapshot, actions] = transition(machine, before, { type });
  // Regions of a parallel machine may ask for the same effect: it is done once.
  const effects = [...new Set(actions.map((action) => action.type))];
  return { snapshot: snapshot as AnyMachineSnapshot, state: nameOf(snapshot), effects };
}

const nameOf = (snapshot: object) => stateName((snapshot as AnyMachineSnapshot).value);

function byTable(table: Table, state: number, event: string) {
  const index = table.eventIndex(event);
  const next = table.next(state, index);
  return { next, state: table.states[next]!, effects: [...table.effects(state, index)] };
}

for (const [name, table] of Object.entries(tables)) {
  const { machine } = table;
  const [first] = initialTransition(machine, undefined as never);

  describe(`the table of the ${name} machine`, () => {
    test('equals the machine (all states x all events)', () => {
      const snapshots = new Map([[nameOf(first), first as AnyMachineSnapshot]]);
      for (const [state, snapshot] of snapshots) {
        for (const event of table.events) {
          const expected = byMachine(machine, snapshot, event);
          const { state: next, effects } = byTable(table, table.stateIndex(state), event);

          expect({ state: next, effects }, `${state} ${event}`).toEqual({
            state: expected.state,
            effects: expected.effects,
          });
          if (!snapshots.has(expected.state)) snapshots.set(expected.state, expected.snapshot);
        }
      }

      expect([...snapshots.keys()].sort()).toEqual([...table.states].sort());
      expect(table.states[0]).toBe(nameOf(first));
    });

    test('equals the machine along random walks', () => {
      fc.assert(
        fc.property(fc.array(fc.constantFrom(...table.events), { maxLength: 60 }), (walk) => {
          let snapshot = first as AnyMachineSnapshot;
          let state = 0;
          for (const event of walk) {
            const expected = byMachine(machine, snapshot, event);
            const actual = byTable(table, state, event);
            expect([actual.state, actual.effects]).toEqual([expected.state, expected.effects]);
            snapshot = expected.snapshot;
            state = actual.next;
          }
        }),
        { numRuns: 60 },
      );
    });
  });
}

describe('a table', () => {
  test('knows the events and states of its machine only', () => {
    expect(() => sessionTable.eventIndex('none' as never)).toThrow(/is known/);
    expect(() => sessionTable.stateIndex('none')).toThrow(/is reachable/);
  });

  test('is not made of a machine that breaks an invariant', () => {
    const machine = setup({
      types: { events: {} as { type: 'request.read' } },
      actions: { answerRead: () => {} },
    }).createMachine({
      id: 'session',
      initial: 'ordering',
      states: { ordering: { on: { 'request.read': { actions: 'answerRead' } } } },
    });

    expect(() => TransitionTable.compile(machine, ['request.read'])).toThrow(
      'machine session: a read is answered at once only while no write is unfinished',
    );
  });

  test('has no place for effects before the first event', () => {
    const machine = setup({ actions: { shout: () => {} } }).createMachine({
      id: 'loud',
      initial: 'a',
      states: { a: { entry: 'shout' } },
    });

    expect(() => TransitionTable.compile(machine, ['x'])).toThrow(/before the first event/);
  });
});
