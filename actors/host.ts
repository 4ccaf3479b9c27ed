/**
 * Runs machines: the only caller of XState's runtime in the replica. A machine's actions are
 * effects as data; the host carries them out, in order, after the whole transition, by handlers
 * that it was given by name. An event sent while effects run waits its turn.
 *
 * The machine's invariants are asserted after every transition, before its effects: what a broken
 * one asks for is never done.
 */

import {
  type AnyActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  type ContextFrom,
  createActor,
  type EventFrom,
  type InputFrom,
} from 'xstate';
import { entryInvariantsOf, invariantsOf, type MomentInvariant } from '../machines/invariants.ts';
import type { Moment } from '../machines/moment.ts';
import { assert } from '../protocol/assert.ts';
import { quickStep, type RunnableAction } from './quick-step.ts';
import { noTap, type Tap, type TappedActor } from './tap.ts';

/** What to do for each effect of a machine; `params` are those of the action. */
export type Effects = { readonly [name: string]: (params: never) => void };

/** Actors that are never started: transitions want one as `self`, and none of ours asks for it. */
const selves = new WeakMap<AnyStateMachine, AnyActor>();

/** The part of an actor scope that a pure transition needs. */
export function makeScope(
  machine: AnyStateMachine,
  collected: RunnableAction[],
  input?: unknown,
): object {
  let self = selves.get(machine);
  if (self === undefined) {
    self = createActor(machine, { input });
    selves.set(machine, self);
  }
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

const namesByMachine = new WeakMap<AnyStateMachine, ReadonlySet<string>>();

/** All action names that a machine can ask for, from its configuration. */
export function effectNames(machine: AnyStateMachine): ReadonlySet<string> {
  const known = namesByMachine.get(machine);
  if (known !== undefined) return known;
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
  namesByMachine.set(machine, names);
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
  readonly #tap: Tap;
  readonly #actor: TappedActor;
  readonly #collected: RunnableAction[] = [];
  readonly #scope: object;
  readonly #invariants: readonly MomentInvariant[];
  readonly #entryInvariants: readonly MomentInvariant[];
  /** As the last long step left it: since then only the context may have changed. */
  #snapshot: AnyMachineSnapshot;
  /** The snapshot as invariants see it. */
  #now: Moment<unknown>;
  /** Events that came while effects ran; filled by them, drained by `send`. */
  readonly #waiting: EventFrom<Machine>[] = [];
  #running = false;

  constructor(
    machine: Machine,
    effects: Effects,
    options: {
      input?: InputFrom<Machine>;
      tap?: Tap;
      /** Which of its machine's actors it is, as it is shown; left out where there is one. */
      name?: string;
    } = {},
  ) {
    this.#machine = machine;
    this.#effects = effects;
    this.#tap = options.tap ?? noTap;
    this.#actor = {
      machine,
      name: options.name === undefined ? machine.id : `${machine.id}.${options.name}`,
      snapshot: () => this.#whole(this.#now.context as object),
    };
    for (const name of effectNames(machine)) {
      if (isBuiltIn(machine.implementations.actions[name])) continue;
      assert(name in effects, `machine ${machine.id}: effect ${name} has a handler`);
    }
    this.#scope = makeScope(machine, this.#collected, options.input);
    this.#invariants = invariantsOf(machine.id);
    this.#entryInvariants = entryInvariantsOf(machine.id);
    this.#snapshot = machine.getInitialSnapshot(this.#scope as never, options.input);
    this.#now = momentOf(this.#snapshot);
    this.#check(null);
    this.#tap.sink?.began(this.#actor);
    this.#run();
  }

  /** The active state, e.g. `writing` or `serving.flowing`. */
  get state(): string {
    return this.#now.state;
  }

  /** What the machine remembers; plain JSON, to be read only. */
  get context(): ContextFrom<Machine> {
    return this.#now.context as ContextFrom<Machine>;
  }

  send(event: EventFrom<Machine>): void {
    this.#waiting.push(event);
    if (this.#running) return;
    this.#running = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        // A machine that is done takes no events; left to itself it would go on.
        if (this.#snapshot.status !== 'active') continue;
        const before = this.#now;
        const last = this.#snapshot;
        this.#step(next);
        this.#check(before);
        if (this.#tap.hosts || before.state !== this.#now.state) this.#tell(next, before, last);
        this.#run();
      }
    } finally {
      this.#running = false;
    }
  }

  #tell(event: { type: string }, before: Moment<unknown>, last: AnyMachineSnapshot): void {
    this.#tap.sink?.stepped(this.#actor, {
      event,
      before: { ...last, context: before.context } as AnyMachineSnapshot,
      from: before.state,
      to: this.#now.state,
    });
  }

  /** The short way where there is one: both lead to the same. */
  #step(event: EventFrom<Machine>): void {
    const before = this.#now.context as object;
    const context = quickStep(this.#snapshot, before, event, this.#collected);
    if (context === null) {
      this.#snapshot = this.#machine.transition(this.#whole(before), event, this.#scope as never);
      this.#now = momentOf(this.#snapshot);
      return;
    }
    this.#now = { state: this.#now.state, context };
  }

  #whole(context: object): AnyMachineSnapshot {
    return { ...this.#snapshot, context } as AnyMachineSnapshot;
  }

  #check(before: Moment<unknown> | null): void {
    this.#assertAll(this.#invariants, before);
    if (before?.state !== this.#now.state) this.#assertAll(this.#entryInvariants, before);
  }

  #assertAll(all: readonly MomentInvariant[], before: Moment<unknown> | null): void {
    for (let index = 0; index < all.length; index++) {
      assert(all[index]!.holds(this.#now, before), all[index]!.message);
    }
  }

  #run(): void {
    if (this.#collected.length === 0) return;
    const actions = this.#collected.splice(0);
    for (const { type, params } of actions) {
      this.#effects[type]!(params as never);
    }
  }
}

function momentOf({ value, context }: AnyMachineSnapshot): Moment<unknown> {
  return { state: stateName(value), context };
}

/** Names of nested states by the outer and the inner one: each is put together once. */
const nested = new Map<string, Map<string, string>>();

function nestedName(outer: string, inner: string): string {
  const known = nested.get(outer)?.get(inner);
  if (known !== undefined) return known;
  const name = inner === '' ? outer : `${outer}.${inner}`;
  nested.set(outer, (nested.get(outer) ?? new Map<string, string>()).set(inner, name));
  return name;
}

/** A state value as text: nested states with dots, parallel ones in braces. */
export function stateName(value: unknown): string {
  if (typeof value === 'string') return value;
  let only: string | null = null;
  let regions = 0;
  for (const key in value as object) {
    only = key;
    regions++;
  }
  if (only !== null && regions === 1) {
    return nestedName(only, stateName((value as Record<string, unknown>)[only]));
  }
  const parts = Object.entries(value as Record<string, unknown>).map(([key, inner]) =>
    nestedName(key, stateName(inner)),
  );
  return regions === 0 ? '' : `{${parts.join(', ')}}`;
}
