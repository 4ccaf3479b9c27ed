/**
 * All machines of the catalogue, explored: every state is reached, every transition that is written
 * down is taken somewhere, and context stays plain JSON.
 */

import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { connectionEvents } from '../../machines/connection.ts';
import { machines } from '../../machines/index.ts';
import { sessionEvents } from '../../machines/session.ts';
import { watchEvents } from '../../machines/watch.ts';

interface Exploration {
  readonly events: readonly EventObject[];
  readonly input?: object;
  /** Where a context that grows is not followed further. */
  readonly stopWhen?: (snapshot: AnyMachineSnapshot) => boolean;
  /** Most states that the exploration may find. */
  readonly statesMax: number;
}

const plain = (names: readonly string[]): EventObject[] => names.map((type) => ({ type }));

const explorations: { readonly [name in keyof typeof machines]: Exploration } = {
  connection: { events: plain(connectionEvents), statesMax: 10 },
  session: { events: plain(sessionEvents), statesMax: 10 },
  watch: { events: plain(watchEvents), statesMax: 8 },
  peer: {
    events: [
      ...plain(['state.recovered', 'secret.agreed', 'stop.requested', 'requests.drained']),
      { type: 'storage.failed', reason: 'disk' } as EventObject,
    ],
    statesMax: 10,
  },
  sessionTracker: {
    input: { stallTicks: 4 },
    events: [
      { type: 'authority.gained', tick: 10 },
      { type: 'authority.lost' },
      ...[11, 14, 15, 20].map((tick) => ({ type: 'tick', tick })),
    ] as EventObject[],
    statesMax: 20,
  },
  snapshotter: {
    input: { txnsMax: 3, bytesMax: 100 },
    events: [
      { type: 'batch.applied', txns: 1, bytes: 10 },
      { type: 'batch.applied', txns: 1, bytes: 100 },
      ...plain(['snapshot.requested', 'slice.written', 'pages.settled', 'snapshot.failed']),
      { type: 'snapshot.finished', zxid: 5 },
    ] as EventObject[],
    stopWhen: ({ context }) => context['txns'] > 4,
    statesMax: 200,
  },
};

function stateNodes(node: AnyStateNode): AnyStateNode[] {
  return [
    node,
    ...Object.values(node.states).flatMap((child) => stateNodes(child as AnyStateNode)),
  ];
}

/** Every transition of the machine, named by its state, its event and its place. */
function transitionNames(machine: AnyStateMachine): Map<object, string> {
  const names = new Map<object, string>();
  for (const node of stateNodes(machine.root)) {
    for (const [event, list] of node.transitions) {
      list.forEach((one, index) => void names.set(one, `${node.id} ${event} ${index}`));
    }
  }
  return names;
}

for (const [name, machine] of Object.entries(machines) as [
  keyof typeof machines,
  AnyStateMachine,
][]) {
  const { events, input, stopWhen, statesMax } = explorations[name];
  const options = {
    events,
    limit: 10_000,
    ...(input ? { input } : {}),
    ...(stopWhen ? { stopWhen } : {}),
  } as never;
  const adjacency = Object.values(getAdjacencyMap(machine as never, options)) as {
    readonly state: AnyMachineSnapshot;
    readonly transitions: { readonly [key: string]: { readonly event: EventObject } };
  }[];

  describe(`${name} machine`, () => {
    test('reaches every one of its states, by a shortest path that ends there', () => {
      const reached = new Set<string>();
      for (const { state, steps } of getShortestPaths(machine as never, options)) {
        for (const node of (state as AnyMachineSnapshot)._nodes) reached.add(node.id);
        expect(steps.length).toBeLessThanOrEqual(statesMax);
      }

      expect([...reached].sort()).toEqual(
        stateNodes(machine.root)
          .map(({ id }) => id)
          .sort(),
      );
      expect(adjacency.length).toBeLessThanOrEqual(statesMax);
    });

    test('takes every transition that is written down', () => {
      const names = transitionNames(machine);
      const taken = new Set<string>();
      for (const { state, transitions } of adjacency) {
        if (state.status !== 'active') continue;
        for (const { event } of Object.values(transitions)) {
          for (const one of machine.getTransitionData(state as never, event as never)) {
            taken.add(names.get(one)!);
          }
        }
      }

      expect([...taken].sort()).toEqual([...names.values()].sort());
    });

    test('keeps its context in plain JSON', () => {
      for (const { state } of adjacency) {
        expect(JSON.parse(JSON.stringify(state.context))).toEqual(state.context);
      }
    });
  });
}
