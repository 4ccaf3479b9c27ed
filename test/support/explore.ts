/**
 * Explores a machine: every moment that it can come to by the given events, and every step on the
 * way. Breadth first, so that each moment is found by a shortest path.
 */

import type { AnyMachineSnapshot, AnyStateMachine, AnyStateNode, EventObject } from 'xstate';
import { makeScope, stateName } from '../../actors/host.ts';
import type { Moment } from '../../machines/moment.ts';

export interface Exploration {
  readonly events: readonly EventObject[];
  readonly input?: object;
  /** What whoever sends the events promises, e.g. that time does not go back. */
  readonly mayCome?: (context: never, event: never) => boolean;
  /** Where a context that grows is not followed further. */
  readonly stopWhen?: (context: never) => boolean;
  /** Most moments that the exploration may find. */
  readonly statesMax: number;
}

export interface Found {
  readonly snapshot: AnyMachineSnapshot;
  readonly moment: Moment<unknown>;
  /** Events on the shortest path to it. */
  readonly depth: number;
}

/** What an event does to a moment; `transitions` are those that it takes, none if ignored. */
export interface Step {
  readonly from: Found;
  readonly event: EventObject;
  readonly effects: readonly string[];
  readonly transitions: readonly object[];
  readonly to: Moment<unknown>;
}

interface Action {
  readonly type: string;
}

const momentOf = ({ value, context }: AnyMachineSnapshot): Moment<unknown> => {
  return { state: stateName(value), context };
};

export class Explored {
  /** By state and context. */
  readonly found: ReadonlyMap<string, Found>;
  readonly first: Found;
  /** Effects of the machine's beginning. */
  readonly firstEffects: readonly string[];
  stepCount = 0;

  /** `onStep` hears of each step, those that come back to a known moment included. */
  constructor(
    machine: AnyStateMachine,
    { events, input, mayCome, stopWhen, statesMax }: Exploration,
    onStep: (step: Step) => void,
  ) {
    const actions: Action[] = [];
    const scope = makeScope(machine, actions as never, input) as never;
    const initial = machine.getInitialSnapshot(scope, input as never) as AnyMachineSnapshot;
    const found = new Map<string, Found>();
    const open: Found[] = [];
    const note = (snapshot: AnyMachineSnapshot, moment: Moment<unknown>, depth: number): void => {
      const key = `${moment.state} ${JSON.stringify(moment.context)}`;
      if (found.has(key)) return;
      const one = { snapshot, moment, depth };
      found.set(key, one);
      if (found.size > statesMax) throw new Error(`${machine.id}: over ${statesMax} moments`);
      if (snapshot.status !== 'active' || stopWhen?.(snapshot.context as never)) return;
      open.push(one);
    };
    this.firstEffects = actions.splice(0).map(({ type }) => type);
    note(initial, momentOf(initial), 0);
    this.first = open[0]!;
    for (let from = open.shift(); from !== undefined; from = open.shift()) {
      for (const event of events) {
        const { snapshot } = from;
        if (mayCome?.(snapshot.context as never, event as never) === false) continue;
        const transitions = machine.getTransitionData(snapshot as never, event as never);
        const next = machine.transition(snapshot, event, scope) as AnyMachineSnapshot;
        const effects = actions.splice(0).map(({ type }) => type);
        const to = momentOf(next);
        this.stepCount++;
        onStep({ from, event, effects, transitions: [...(transitions ?? [])], to });
        note(next, to, from.depth + 1);
      }
    }
    this.found = found;
  }
}

export function stateNodes(node: AnyStateNode): AnyStateNode[] {
  const below = Object.values(node.states) as AnyStateNode[];
  return [node, ...below.flatMap(stateNodes)];
}

/** Every transition of the machine, named by its state, its event and its place. */
export function transitionNames(machine: AnyStateMachine): Map<object, string> {
  const names = new Map<object, string>();
  for (const node of stateNodes(machine.root)) {
    for (const [event, list] of node.transitions) {
      list.forEach((one, index) => void names.set(one, `${node.id} ${event} ${index}`));
    }
  }
  return names;
}

/** Every effect that it can ask for, those of transitions without an event included. */
export function effectsOf(machine: AnyStateMachine): Set<string> {
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
