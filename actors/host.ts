/**
 * Runs machines: the only caller of XState's runtime in the replica. A machine's actions are
 * effects as data; the host carries them out, in order, after the whole transition, by handlers
 * that it was given by name. An event sent while effects run waits its turn.
 */

import {
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  createActor,
  type EventFrom,
  type InputFrom,
} from 'xstate';
import { assert } from '../protocol/assert.ts';

/** What to do for each effect of a machine; `params` are those of the action. */
export type Effects = { readonly [name: string]: (params: never) => void };

/** Hears of every transition: for traces and inspection. */
export type TransitionObserver = (machine: string, event: string, from: string, to: string) => void;

interface RunnableAction {
  readonly type: string;
  readonly params: unknown;
}

/** The part of an actor scope that a pure transition needs. */
export function makeScope(
  machine: AnyStateMachine,
  collected: RunnableAction[],
  input?: unknown,
): object {
  const self = createActor(machine, { input });
  return {
    self,
    id: '',
    sessionId: '',
    logger: () => {},
    defer: () => {},
    stopChild: () => {},
    emit: () => {},
    system: self.system,
    actionExecutor: (action: RunnableAction) => {
      collected.push(action);
    },
  };
}

/** All action names that a machine can ask for, from its configuration. */
export function effectNames(machine: AnyStateMachine): Set<string> {
  const names = new Set<string>();
  const visit = (node: AnyStateMachine['root']) => {
    const transitions = [...[...node.transitions.values()].flat(), ...(node.always ?? [])];
    const lists = transitions.map((transition) => transition.actions);
    for (const action of [...lists, node.entry, node.exit].flat()) {
      if (typeof action === 'string') names.add(action);
      else if (action && typeof action === 'object' && 'type' in action) names.add(action.type);
    }
    for (const child of Object.values(node.states)) visit(child as AnyStateMachine['root']);
  };
  visit(machine.root);
  return names;
}

/** assign and its like are carried out by the machine itself. */
function isBuiltIn(action: unknown): boolean {
  if (typeof action !== 'function' || !('type' in action)) return false;
  return typeof action.type === 'string' && action.type.startsWith('xstate.');
}

export class MachineHost<Machine extends AnyStateMachine> {
  readonly #machine: Machine;
  readonly #effects: Effects;
  readonly #observer: TransitionObserver | null;
  readonly #collected: RunnableAction[] = [];
  readonly #scope: object;
  #snapshot: AnyMachineSnapshot;
  /** Events that came while effects ran; filled by them, drained by `send`. */
  readonly #waiting: EventFrom<Machine>[] = [];
  #running = false;

  constructor(
    machine: Machine,
    effects: Effects,
    options: { input?: InputFrom<Machine>; observer?: TransitionObserver } = {},
  ) {
    this.#machine = machine;
    this.#effects = effects;
    this.#observer = options.observer ?? null;
    for (const name of effectNames(machine)) {
      if (isBuiltIn(machine.implementations.actions[name])) continue;
      assert(name in effects, `machine ${machine.id}: effect ${name} has a handler`);
    }
    this.#scope = makeScope(machine, this.#collected, options.input);
    this.#snapshot = machine.getInitialSnapshot(this.#scope as never, options.input);
    this.#run();
  }

  /** The active state, e.g. `writing` or `serving.flowing`. */
  get state(): string {
    return stateName(this.#snapshot.value);
  }

  /** What the machine remembers; plain JSON, to be read only. */
  get context(): ContextFrom<Machine> {
    return this.#snapshot.context as ContextFrom<Machine>;
  }

  send(event: EventFrom<Machine>): void {
    this.#waiting.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        // A machine that is done takes no events; left to itself it would go on.
        if (this.#snapshot.status !== 'active') continue;
        const from = this.#observer === null ? '' : this.state;
        this.#snapshot = this.#machine.transition(this.#snapshot, next, this.#scope as never);
        this.#observer?.(this.#machine.id, (next as { type: string }).type, from, this.state);
        this.#run();
      }
    } finally {
      this.#running = false;
    }
  }

  #run(): void {
    const actions = this.#collected.splice(0);
    for (const { type, params } of actions) {
      this.#effects[type]!(params as never);
    }
  }
}

/** A state value as text: nested states with dots, parallel ones in braces. */
export function stateName(value: unknown): string {
  if (typeof value === 'string') return value;
  const parts = Object.entries(value as Record<string, unknown>).map(([key, inner]) => {
    const name = stateName(inner);
    return name === '' ? key : `${key}.${name}`;
  });
  return parts.length === 1 ? parts[0]! : `{${parts.join(', ')}}`;
}
