/**
 * A machine without context as a table: state x event -> next state and effects. This is how
 * machines of which there are many run (connections, sessions, watches): an instance is one small
 * integer. That the table equals the machine is proved by a test, for all states and events; what
 * must be true of each entry is asserted when the table is compiled.
 */

import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { edgeInvariantsOf } from '../machines/invariants.ts';
import { assert } from '../protocol/assert.ts';
import { makeScope, stateName } from './host.ts';

export class TransitionTable<Event extends string, Effect extends string> {
  readonly machine: AnyStateMachine;
  /** Names of the states; an instance holds an index into it. State 0 is the initial one. */
  readonly states: readonly string[];
  readonly events: readonly Event[];
  /** By number of the state: for those who look at an instance. */
  readonly snapshots: readonly AnyMachineSnapshot[];
  readonly #next: Uint8Array;
  readonly #effects: readonly (readonly Effect[])[];

  private constructor(
    machine: AnyStateMachine,
    { states, snapshots }: { states: readonly string[]; snapshots: readonly AnyMachineSnapshot[] },
    events: readonly Event[],
    next: Uint8Array,
    effects: readonly (readonly Effect[])[],
  ) {
    this.machine = machine;
    this.states = states;
    this.snapshots = snapshots;
    this.events = events;
    this.#next = next;
    this.#effects = effects;
  }

  /** Explores the machine from its initial state over all `events`. */
  static compile<Event extends string, Effect extends string>(
    machine: AnyStateMachine,
    events: readonly Event[],
  ): TransitionTable<Event, Effect> {
    const collected: { type: string; params: unknown }[] = [];
    const scope = makeScope(machine, collected);
    const initial = machine.getInitialSnapshot(scope as never, undefined);
    assert(collected.length === 0, `table of ${machine.id}: no effects before the first event`);
    const invariants = edgeInvariantsOf(machine.id);
    const snapshots = [initial];
    const states = [stateName(initial.value)];
    const next: number[] = [];
    const effects: Effect[][] = [];
    for (let state = 0; state < snapshots.length; state++) {
      for (const event of events) {
        const before = snapshots[state]!;
        // A machine that is done takes no events.
        const after =
          before.status === 'done'
            ? before
            : machine.transition(before, { type: event }, scope as never);
        const name = stateName(after.value);
        if (!states.includes(name)) {
          states.push(name);
          snapshots.push(after);
        }
        next.push(states.indexOf(name));
        // Regions of a parallel machine may ask for the same effect: it is done once.
        const asked = [...new Set(collected.splice(0).map((action) => action.type as Effect))];
        effects.push(asked);
        const edge = { from: states[state]!, event, effects: asked, to: name };
        for (const { holds, message } of invariants) assert(holds(edge), message);
      }
    }
    assert(states.length <= 256, `table of ${machine.id}: at most 256 states`);
    return new TransitionTable(
      machine,
      { states, snapshots },
      events,
      Uint8Array.from(next),
      effects,
    );
  }

  /** Number of an event, for `next` and `effects`. */
  eventIndex(event: Event): number {
    const index = this.events.indexOf(event);
    assert(index >= 0, `table of ${this.machine.id}: event ${event} is known`);
    return index;
  }

  stateIndex(state: string): number {
    const index = this.states.indexOf(state);
    assert(index >= 0, `table of ${this.machine.id}: state ${state} is reachable`);
    return index;
  }

  next(state: number, event: number): number {
    return this.#next[state * this.events.length + event]!;
  }

  effects(state: number, event: number): readonly Effect[] {
    return this.#effects[state * this.events.length + event]!;
  }
}
