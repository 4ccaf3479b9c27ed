/**
 * Walks a machine event by event, by XState's pure `transition`: what it decides, without a host.
 */

import type { AnyMachineSnapshot, AnyStateMachine, ContextFrom, EventFrom } from 'xstate';
import { initialTransition, transition } from 'xstate';
import { stateName } from '../../actors/host.ts';

export interface Step {
  readonly state: string;
  /** Effects in order: a name, or name and parameters. */
  readonly effects: unknown[];
}

const effectsOf = (actions: readonly { type: string; params?: unknown }[]) =>
  actions.map(({ type, params }) =>
    params === undefined ? type : { type, ...(params as object) },
  );

/** A machine that is somewhere on its way. */
export class Walker<Machine extends AnyStateMachine> {
  readonly #machine: Machine;
  #snapshot: AnyMachineSnapshot;
  /** What it asked for when it was made. */
  readonly first: unknown[];
  /** The last steps, oldest first. */
  readonly steps: Step[] = [];

  constructor(machine: Machine, input?: object) {
    const [snapshot, actions] = initialTransition(machine, input as never);
    this.#machine = machine;
    this.#snapshot = snapshot as AnyMachineSnapshot;
    this.first = effectsOf(actions);
  }

  get state(): string {
    return stateName(this.#snapshot.value);
  }

  get context(): ContextFrom<Machine> {
    return this.#snapshot.context as ContextFrom<Machine>;
  }

  /** Takes events one by one; gives the effects of the last one. A final state takes none. */
  send(...events: readonly EventFrom<Machine>[]): unknown[] {
    for (const event of events) {
      if (this.#snapshot.status !== 'active') {
        this.steps.push({ state: this.state, effects: [] });
        continue;
      }
      const [next, actions] = transition(this.#machine, this.#snapshot as never, event);
      this.#snapshot = next as AnyMachineSnapshot;
      this.steps.push({ state: this.state, effects: effectsOf(actions) });
    }
    return this.steps.at(-1)?.effects ?? [];
  }

  /** All effects of that name since the beginning. */
  effects(type: string): unknown[] {
    const all = [this.first, ...this.steps.map(({ effects }) => effects)].flat();
    return all.filter((effect) => effect === type || (effect as { type?: string }).type === type);
  }
}

/** State and effects after each event. */
export function walk<Machine extends AnyStateMachine>(
  machine: Machine,
  events: readonly EventFrom<Machine>[],
  input?: object,
): Step[] {
  const walker = new Walker(machine, input);
  walker.send(...events);
  return walker.steps;
}
