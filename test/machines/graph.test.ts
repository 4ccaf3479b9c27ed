/**
 * All machines of the catalogue, explored: every state is reached, every transition that is written
 * down is taken somewhere, and context stays plain JSON.
 */

import { describe, expect, test } from 'vitest';
import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { initialTransition, transition } from 'xstate';
import { getAdjacencyMap, getShortestPaths } from 'xstate/graph';
import { connectionEvents } from '../../machines/connection.ts';
import { machines } from '../../machines/index.ts';
import { majorityOf } from '../../machines/quorum.ts';
import { sessionEvents } from '../../machines/session.ts';
import { watchEvents } from '../../machines/watch.ts';
import { makeZxid } from '../../protocol/zxid.ts';

interface Exploration {
  readonly events: readonly EventObject[];
  readonly input?: object;
  /** Where a context that grows is not followed further. */
  readonly stopWhen?: (snapshot: AnyMachineSnapshot) => boolean;
  /** Most states that the exploration may find. */
  readonly statesMax: number;
}

const plain = (names: readonly string[]): EventObject[] => names.map((type) => ({ type }));

const frame = (values: object) => {
  return { type: 'frame.received', incarnation: 7, link: 1, epoch: 2, seq: 1, ...values };
};

const explorations: { readonly [name in keyof typeof machines]: Exploration } = {
  connection: { events: plain(connectionEvents), statesMax: 10 },
  session: { events: plain(sessionEvents), statesMax: 10 },
  watch: { events: plain(watchEvents), statesMax: 8 },
  peer: {
    events: [
      ...plain(['secret.agreed', 'stop.requested', 'requests.drained', 'drain.timedOut']),
      ...plain(['log.settled', 'role.established', 'role.ended', 'snapshot.received']),
      ...[false, true].map((isDistributed) => ({ type: 'state.recovered', isDistributed })),
      ...[false, true].map((mayReadOnly) => ({ type: 'patience.exhausted', mayReadOnly })),
      ...['leading', 'following', 'observing'].map((role) => {
        return { type: 'leader.elected', role, leader: 1 };
      }),
      { type: 'storage.failed', reason: 'disk' },
    ] as EventObject[],
    statesMax: 20,
  },
  channel: {
    input: { incarnation: 7, link: 1, epoch: 2, seq: 0 },
    events: [
      ...[1, 2, 3, 5].map((seq) => frame({ seq })),
      frame({ link: 2 }),
      ...[0, 2].map((seq) => ({ type: 'peer.sent', seq })),
      { type: 'channel.closed' },
    ] as EventObject[],
    statesMax: 20,
  },
  election: {
    input: { sid: 2, finalizeTicks: 2 },
    events: [
      { type: 'election.begun', quorum: [majorityOf([1, 2, 3])], zxid: 5, epoch: 1, lost: [] },
      ...[
        [1, 0, 1],
        [1, 1, 2],
        [1, 1, 3],
        [3, 1, 3],
        [3, 2, 3],
      ].map(([from, round, leader]) => {
        return { type: 'vote.received', from, round, vote: { leader, zxid: 5, epoch: 1 } };
      }),
      { type: 'leader.heard', leader: 3 },
      ...[1, 3].map((from) => ({ type: 'peer.lost', from })),
      ...[1, 4].map((tick) => ({ type: 'tick', tick })),
    ] as EventObject[],
    // A candidate may be lost, and come back, again and again.
    stopWhen: ({ context }) => context['round'] > 2 || context['lost'].length > 2,
    statesMax: 500,
  },
  leader: {
    input: {
      ...{ sid: 1, quorum: [majorityOf([1, 2, 3])], acceptedEpoch: 1, currentEpoch: 1 },
      ...{
        lastZxid: makeZxid(1, 5),
        tick: 0,
        greetTicks: 2,
        initTicks: 2,
        leaseTicks: 1,
        stallTicks: 4,
      },
    },
    events: [
      ...[1, 9].map((acceptedEpoch) => {
        return { type: 'learner.greeted', sid: 2, acceptedEpoch, votes: true, isBlank: false };
      }),
      ...plain(['promise.stored', 'history.stored']),
      ...[5, 6].map((counter) => {
        const lastZxid = makeZxid(1, counter);
        return { type: 'epoch.promised', sid: 2, currentEpoch: 1, lastZxid };
      }),
      ...['leadership.acked', 'learner.heard', 'learner.left'].map((type) => ({ type, sid: 2 })),
      { type: 'batch.logged', zxid: makeZxid(2, 1) },
      { type: 'ack.received', sid: 2, zxid: makeZxid(2, 1) },
      { type: 'quorum.changed', quorum: [majorityOf([1, 2])] },
      { type: 'leadership.resigned', reason: 'we left the ensemble' },
      ...[1, 99].map((epoch) => ({ type: 'rival.heard', epoch, leader: 3 })),
      ...[1, 3, 9].map((tick) => ({ type: 'tick', tick })),
    ] as EventObject[],
    // Each stall puts the deadline off.
    // The deadline moves while the term begins, and is gone once it is established.
    stopWhen: ({ context: { deadlineTick, tick, committed } }) =>
      deadlineTick === Number.MAX_SAFE_INTEGER ? tick > 1 || committed > 0 : deadlineTick > 4,
    statesMax: 8000,
  },
  learner: {
    input: {
      ...{ leader: 3, votes: true, acceptedEpoch: 5, tick: 0, deadlineTick: 2 },
      ...{ silentTicks: 1, greetTicks: 1, stallTicks: 3 },
    },
    events: [
      ...[4, 5, 6].map((epoch) => ({ type: 'epoch.announced', epoch })),
      ...plain(['promise.stored', 'history.received', 'history.adopted', 'admitted']),
      ...plain(['leader.heard', 'leader.absent']),
      { type: 'patience.changed', silentTicks: 2 },
      { type: 'link.broken', reason: 'a frame is missing' },
      ...[1, 2, 3, 9].map((tick) => ({ type: 'tick', tick })),
    ] as EventObject[],
    // Each stall puts the deadline off; the bus may repeat itself.
    stopWhen: ({ context }) => context['deadlineTick'] > 2 || context['absences'] > 2,
    statesMax: 8000,
  },
  learnerHandler: {
    input: { sid: 3, credits: 2 },
    events: [
      ...['position.known'].flatMap((type) =>
        [
          { isHeld: true, isReachable: true, wantsSnapshot: false },
          { isHeld: false, isReachable: true, wantsSnapshot: false },
          { isHeld: false, isReachable: false, wantsSnapshot: false },
        ].map((facts) => ({ type, position: { zxid: 5, commonZxid: 4, ...facts } })),
      ),
      ...plain(['snapshot.opened', 'chunk.sent', 'credit.received', 'snapshot.drained']),
      ...plain(['history.sent', 'leadership.acked', 'admission.granted', 'link.closed']),
    ] as EventObject[],
    stopWhen: ({ context }) => context['credits'] > 2,
    statesMax: 50,
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
      ...plain(['reading.begun', 'reading.ended']),
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

/** Every effect that it can ask for, those of transitions without an event included. */
function effectsOf(machine: AnyStateMachine): Set<string> {
  const named = stateNodes(machine.root).flatMap((node) => {
    const transitions = [...node.transitions.values(), node.always ?? []].flat();
    return [node.entry, node.exit, transitions.map(({ actions }) => actions)].flat(2);
  });
  const names = named.map((action) =>
    typeof action === 'string' ? action : (action as { type: string }).type,
  );
  const { actions } = machine.implementations as { actions: { [name: string]: object } };
  return new Set(names.filter((name) => !('assignment' in actions[name]!)));
}

for (const [name, machine] of Object.entries(machines) as [
  keyof typeof machines,
  AnyStateMachine,
][]) {
  const { events, input, stopWhen, statesMax } = explorations[name];
  const options = {
    events,
    limit: 100_000,
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

    test('asks for every effect that it knows', () => {
      const asked = new Set<string>();
      for (const { state, transitions } of adjacency) {
        if (state.status !== 'active') continue;
        for (const { event } of Object.values(transitions)) {
          const [, actions] = transition(machine, state as never, event as never);
          for (const { type } of actions) asked.add(type);
        }
      }

      const [, first] = initialTransition(machine, input as never);
      for (const { type } of first) asked.add(type);
      expect([...asked].sort()).toEqual([...effectsOf(machine)].sort());
    });

    test('keeps its context in plain JSON', () => {
      for (const { state } of adjacency) {
        expect(JSON.parse(JSON.stringify(state.context))).toEqual(state.context);
      }
    });
  });
}
