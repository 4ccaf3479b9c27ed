/**
 * All machines of the catalogue, explored: every state is reached, every transition that is written
 * down is taken somewhere, every invariant holds at every moment and over every step, what is
 * ignored is meant to be, and context stays plain JSON.
 */

import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type AnyMachineSnapshot, type AnyStateMachine, assign, setup } from 'xstate';
import { getShortestPaths } from 'xstate/graph';
import { stateName } from '../../actors/host.ts';
import { machines } from '../../machines/index.ts';
import {
  edgeInvariants,
  edgeInvariantsOf,
  entryInvariants,
  entryInvariantsOf,
  invariants,
  invariantsOf,
} from '../../machines/invariants.ts';
import {
  type Exploration,
  Explored,
  effectsOf,
  type Step,
  stateNodes,
  transitionNames,
} from '../support/explore.ts';
import { explorations } from './explorations.ts';
import { ignored } from './ignored.ts';

const secondsMax = 60;

/** What all explorations of a machine have found together. */
class Survey {
  readonly nodes = new Set<string>();
  readonly taken = new Set<string>();
  readonly effects = new Set<string>();
  /** State and type of event: seen, and of these those that did something. */
  readonly seen = new Set<string>();
  readonly handled = new Set<string>();
  /** By its message, the first step that broke an invariant. */
  readonly broken = new Map<string, string>();
  contexts: unknown[] = [];
  steps = 0;
  readonly #names: ReadonlyMap<object, string>;

  constructor(machine: AnyStateMachine, all: readonly Exploration[]) {
    this.#names = transitionNames(machine);
    const judge = this.#judgeOf(machine.id);
    for (const exploration of all) {
      const explored = new Explored(machine, exploration, (step) => {
        this.#note(step);
        judge(step);
      });
      this.steps += explored.stepCount;
      for (const name of explored.firstEffects) this.effects.add(name);
      for (const { snapshot, moment } of explored.found.values()) {
        this.contexts.push(moment.context);
        for (const { id } of snapshot._nodes) this.nodes.add(id);
      }
      for (const { message, holds } of [
        ...invariantsOf(machine.id),
        ...entryInvariantsOf(machine.id),
      ]) {
        if (!holds(explored.first.moment, null)) this.broken.set(message, 'the first moment');
      }
    }
  }

  #note({ from, event, transitions, effects }: Step): void {
    const pair = `${from.moment.state} | ${event.type}`;
    this.seen.add(pair);
    if (transitions.length > 0) this.handled.add(pair);
    for (const one of transitions) this.taken.add(this.#names.get(one)!);
    for (const name of effects) this.effects.add(name);
  }

  /** All that is asserted in production, and what is asserted only at an entry at any time. */
  #judgeOf(id: string): (step: Step) => void {
    const all = [...invariantsOf(id), ...entryInvariantsOf(id)];
    const ofEdges = edgeInvariantsOf(id);
    return ({ from, event, effects, to }) => {
      const text = () => JSON.stringify([from.moment, event, to]);
      const before = { ...from.moment };
      for (const { message, holds } of all) {
        if (!holds(to, before) && !this.broken.has(message)) this.broken.set(message, text());
      }
      if (ofEdges.length === 0) return;
      const asked = [...new Set(effects)];
      const edge = { from: from.moment.state, event: event.type, effects: asked, to: to.state };
      for (const { message, holds } of ofEdges) {
        if (!holds(edge)) this.broken.set(message, text());
      }
    };
  }

  get ignoredPairs(): string[] {
    return [...this.seen].filter((pair) => !this.handled.has(pair)).sort();
  }
}

for (const [name, machine] of Object.entries(machines) as [
  keyof typeof machines,
  AnyStateMachine,
][]) {
  describe(`${name} machine`, () => {
    const all = explorations[name];
    let made: Survey | null = null;
    const survey = () => {
      made ??= new Survey(machine, all);
      return made;
    };
    const ids = stateNodes(machine.root).map(({ id }) => id);

    test('breaks none of its invariants, at any moment and over any step', {
      timeout: secondsMax * 1000,
    }, () => {
      expect(Object.fromEntries(survey().broken)).toEqual({});
      expect(survey().steps).toBeGreaterThan(0);
    });

    test('reaches every one of its states', () => {
      expect([...survey().nodes].sort()).toEqual([...ids].sort());
    });

    test('takes every transition that is written down', () => {
      expect([...survey().taken].sort()).toEqual([...transitionNames(machine).values()].sort());
    });

    test('asks for every effect that it knows', () => {
      expect([...survey().effects].sort()).toEqual([...effectsOf(machine)].sort());
    });

    test('ignores what it is meant to ignore, and nothing else', () => {
      const pairs = ignored[name].flatMap(({ states, events }) =>
        states.flatMap((state) => events.map((event) => `${state} | ${event}`)),
      );

      expect(survey().ignoredPairs).toEqual([...pairs].sort());
      expect(new Set(pairs).size).toBe(pairs.length);
    });

    test('keeps its context in plain JSON', () => {
      const isPlain = (context: unknown) =>
        isDeepStrictEqual(JSON.parse(JSON.stringify(context)), context);

      expect(survey().contexts.filter((context) => !isPlain(context))).toEqual([]);
    });
  });
}

test('XState’s own graph of the leader has the same moments, by paths of the same length', () => {
  const exploration = explorations.leader.at(-1)!;
  const { input, events, stopWhen, mayCome } = exploration;
  const paths = getShortestPaths(
    machines.leader as never,
    {
      ...{ input, events, limit: 100_000 },
      stopWhen: ({ context }: AnyMachineSnapshot) => stopWhen!(context as never),
      filterEvents: ({ context }: AnyMachineSnapshot, event: never) =>
        mayCome!(context as never, event),
    } as never,
  ) as unknown as { state: AnyMachineSnapshot; steps: unknown[] }[];
  const theirs = paths.map(({ state: { value, context }, steps }) => {
    // The first step is the beginning itself.
    return [`${stateName(value)} ${JSON.stringify(context)}`, steps.length - 1] as const;
  });
  const { found } = new Explored(machines.leader, exploration, () => {});

  expect(new Map(theirs)).toEqual(new Map([...found].map(([key, { depth }]) => [key, depth])));
});

describe('the register of invariants', () => {
  test('knows machines of the catalogue only, and each of them', () => {
    const known = [invariants, entryInvariants, edgeInvariants].flatMap((all) => Object.keys(all));

    expect([...new Set(known)].sort()).toEqual(Object.keys(machines).sort());
    for (const [name, { id }] of Object.entries(machines)) expect(id).toBe(name);
  });

  test('says of which machine a sentence is', () => {
    const [first] = invariantsOf('leader');

    expect(first!.message).toMatch(/^machine leader: /);
    expect(invariantsOf('nobody')).toEqual([]);
  });
});

describe('an exploration can fail', () => {
  const careless = setup({
    types: { context: {} as { seq: number }, events: {} as { type: 'next' } | { type: 'none' } },
    actions: { skip: assign({ seq: ({ context }) => context.seq + 2 }) },
  }).createMachine({
    id: 'channel',
    context: { seq: 0 },
    initial: 'open',
    states: { open: { on: { next: { actions: 'skip' } } } },
  });
  const events = [{ type: 'next' }, { type: 'none' }];
  const exploration = { events, stopWhen: ({ seq }: { seq: number }) => seq > 4, statesMax: 9 };

  test('by an invariant that is broken', () => {
    const survey = new Survey(careless, [exploration]);

    expect([...survey.broken.keys()]).toEqual([
      'machine channel: frames are taken one at a time, none twice',
    ]);
  });

  test('by an event that nobody thought of', () => {
    expect(new Survey(careless, [exploration]).ignoredPairs).toEqual(['open | none']);
  });

  test('by finding more than it may', () => {
    expect(() => new Survey(careless, [{ ...exploration, statesMax: 2 }])).toThrow(/over 2/);
  });
});
