/**
 * A machine as a graph, plain JSON: its states as a tree, its transitions as a list. Read from the
 * machine itself (machine.root), never from its source text, so that what is drawn is what runs.
 *
 * Ids are XState's own: `leader.ruling.broadcasting` for a state. A transition is
 * `source|event|index|target`: index is its place among those of the same source and event, target
 * is empty for one that stays where it is. The console finds by them what to light.
 */

import type { AnyStateMachine } from 'xstate';
import { transitionIds } from '../../actors/inspect/fired-transitions.ts';

export type StateKind = 'atomic' | 'compound' | 'parallel' | 'final' | 'history';

export interface ChartState {
  readonly id: string;
  readonly name: string;
  readonly kind: StateKind;
  /** The child that is entered first; null where none or all of them are. */
  readonly initial: string | null;
  readonly entry: readonly string[];
  readonly exit: readonly string[];
  readonly invokes: readonly string[];
  readonly states: readonly ChartState[];
}

export interface ChartTransition {
  readonly id: string;
  readonly source: string;
  /** `always` for a transition that waits for no event. */
  readonly event: string;
  readonly guard: string | null;
  readonly actions: readonly string[];
  /** Null for a transition that stays where it is. */
  readonly target: string | null;
  /** It leaves and enters its source even where it could stay. */
  readonly isReentering: boolean;
}

export interface Chart {
  readonly root: ChartState;
  readonly transitions: readonly ChartTransition[];
}

type Node = AnyStateMachine['root'];
type Definition = Node['always'] extends readonly (infer Item)[] | undefined ? Item : never;

export function chartOf(machine: AnyStateMachine): Chart {
  const transitions: ChartTransition[] = [];
  const visit = (node: Node): ChartState => {
    for (const [event, definitions] of node.transitions) {
      transitions.push(...transitionsOf(node, event, definitions));
    }
    transitions.push(...transitionsOf(node, 'always', node.always ?? []));
    return {
      id: node.id,
      name: node.key,
      kind: node.type,
      initial: node.type === 'compound' ? (node.initial.target[0]?.id ?? null) : null,
      entry: node.entry.map(nameOf),
      exit: node.exit.map(nameOf),
      invokes: node.invoke.map(({ src, id }) => (typeof src === 'string' ? src : id)),
      states: childrenOf(node).map(visit),
    };
  };
  return { root: visit(machine.root), transitions };
}

/** All states, parents before their children. */
export function allStates(state: ChartState): ChartState[] {
  return [state, ...state.states.flatMap(allStates)];
}

/** Files are named in kebab-case: that of learnerHandler is `learner-handler`. */
export function fileNameOf(machine: string): string {
  const words = machine.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return words.replace(/[^a-z0-9]+/g, '-');
}

function childrenOf(node: Node): Node[] {
  return Object.values<Node>(node.states).sort((one, other) => one.order - other.order);
}

function transitionsOf(
  node: Node,
  event: string,
  definitions: readonly Definition[],
): ChartTransition[] {
  return definitions.flatMap((definition, index) => {
    // One that enters several regions at once is an arrow to each.
    return transitionIds(node, event, index, definition).map((id, at) => {
      const target = definition.target?.[at]?.id ?? null;
      return {
        id,
        source: node.id,
        event,
        guard: definition.guard === undefined ? null : nameOf(definition.guard),
        actions: definition.actions.map(nameOf),
        target,
        isReentering: definition.reenter && target !== null,
      };
    });
  });
}

/** Guards and actions are named in the machine; a function that is not has only its own name. */
function nameOf(item: unknown): string {
  if (typeof item === 'string') return item;
  if (typeof item === 'object' && item !== null && 'type' in item) return String(item.type);
  if (typeof item === 'function') return item.name || 'unnamed';
  return String(item);
}
