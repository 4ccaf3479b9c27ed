/** Which transitions were taken, by the ids of the drawings. */

import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { connectionTable } from '../../actors/connection-table.ts';
import { firedTransitions } from '../../actors/inspect/fired-transitions.ts';
import { sessionTable } from '../../actors/session.ts';
import type { TappedTable } from '../../actors/tap.ts';
import { watchTable } from '../../actors/watches.ts';
import { chartOf } from '../../console/drawings/chart-model.ts';
import { machines } from '../../machines/index.ts';
import type { StepRecord } from '../../protocol/inspection.ts';
import { TestEnsemble } from '../support/ensemble.ts';

const idsOf = (machine: AnyStateMachine) =>
  new Set(chartOf(machine).transitions.map(({ id }) => id));

describe('of machines that run as tables', () => {
  const tables: [string, TappedTable & { next(state: number, event: number): number }][] = [
    ['session', sessionTable],
    ['connection', connectionTable],
    ['watch', watchTable],
  ];
  test.each(tables)('%s: each step has its ids in the drawing', (_, table) => {
    const { machine, states, events, snapshots } = table;
    const known = idsOf(machine);
    for (const [state, before] of snapshots.entries()) {
      for (const type of events) {
        const to = table.next(state, events.indexOf(type));
        const fired = firedTransitions(machine, before, { type }, snapshots[to]!);
        const what = `${states[state]} ${type}`;
        expect(
          fired.filter((id) => !known.has(id)),
          what,
        ).toEqual([]);
        if (to !== state) expect(fired.length, what).toBeGreaterThan(0);
      }
    }
  });
});

test('of hosts: an election, step by step, on its way through the drawings', async () => {
  const ensemble = await TestEnsemble.start();
  const steps: StepRecord[] = [];
  const machinesWanted = Object.keys(machines);
  for (const { replica } of ensemble.members) {
    const filter = { machines: machinesWanted, sids: null, instance: null };
    replica.inspector.watch(filter, (records) => {
      for (const record of records) if (record.type === '@xstate.snapshot') steps.push(record);
    });
  }
  const first = ensemble.leader!.sid;
  await ensemble.kill(first);
  await ensemble.until('another leads', () => (ensemble.leader?.sid ?? first) !== first, 10_000);
  const leads = ({ to, machine }: StepRecord) =>
    machine === 'leader' && to === 'ruling.broadcasting';
  await ensemble.until('it is told', () => steps.some(leads), 4000);

  const known = new Map(Object.entries(machines).map(([name, machine]) => [name, idsOf(machine)]));
  for (const { machine, from, to, fired, event } of steps) {
    const what = `${machine}: ${from} ${event.type} ${to}`;
    expect(
      fired.filter((id) => !known.get(machine)!.has(id)),
      what,
    ).toEqual([]);
    if (from === to) continue;
    const targets = fired.map((id) => id.split('|')[3]!);
    const name = `${machine}.${to}`;
    expect(
      targets.some((target) => `${name}.`.startsWith(`${target}.`)),
      what,
    ).toBe(true);
  }
  const seen = new Set(steps.filter(({ from, to }) => from !== to).map(({ machine }) => machine));
  expect([...seen]).toEqual(expect.arrayContaining(['peer', 'election', 'leader', 'learner']));
});
