/**
 * Runs the real machine objects, as actors/host.ts does, over numbered snapshots: a transition is
 * computed once by XState and looked up from then on. A `Seat` is one running machine of a replica:
 * events that come while its effects run wait their turn.
 */

import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';
import { makeScope, stateName } from '../../actors/host.ts';

export interface Effect {
  readonly type: string;
  readonly params: unknown;
}

export interface Taken {
  readonly next: number;
  readonly effects: readonly Effect[];
  /** The state has no transition for that event, whatever the guards say. */
  readonly isUnknown: boolean;
}

export type ModelEvent = { readonly type: string };
/** Of each machine: what the effects do; those without an entry do nothing here. */
export type Handlers = { readonly [effect: string]: (params: never) => void };
export type Json = { readonly [key: string]: unknown };
/** Names of replicas changed, in a context; and one form for contexts that mean the same. */
export interface Shape {
  rename(context: Json, sid: (sid: number) => number): Json;
  normalise?(context: Json, state: string): Json;
}

const noEffects: readonly Effect[] = [];

export class HostedMachine {
  readonly machine: AnyStateMachine;
  readonly #shape: Shape;
  readonly #collected: Effect[] = [];
  readonly #ids = new Map<string, number>();
  readonly #snapshots: AnyMachineSnapshot[] = [];
  readonly #taken = new Map<string, Taken>();
  readonly #begun = new Map<string, Taken>();
  #scope: object | null = null;

  constructor(machine: AnyStateMachine, shape: Shape) {
    this.machine = machine;
    this.#shape = shape;
  }

  get size(): number {
    return this.#snapshots.length;
  }

  begin(input: object): Taken {
    const key = JSON.stringify(input);
    const known = this.#begun.get(key);
    if (known !== undefined) return known;
    this.#scope ??= makeScope(this.machine, this.#collected as never, input);
    const snapshot = this.machine.getInitialSnapshot(this.#scope as never, input as never);
    const begun = { next: this.#id(snapshot), effects: this.#drain(), isUnknown: false };
    this.#begun.set(key, begun);
    return begun;
  }

  send(id: number, event: ModelEvent): Taken {
    const key = `${id} ${JSON.stringify(event)}`;
    const known = this.#taken.get(key);
    if (known !== undefined) return known;
    const taken = this.#compute(id, event);
    this.#taken.set(key, taken);
    return taken;
  }

  #compute(id: number, event: ModelEvent): Taken {
    const snapshot = this.#snapshots[id]!;
    // A machine that is done takes no events.
    if (snapshot.status !== 'active') return { next: id, effects: noEffects, isUnknown: false };
    const isUnknown = !snapshot._nodes.some((node) => node.transitions.has(event.type));
    const next = this.machine.transition(snapshot, event as never, this.#scope as never);
    return { next: this.#id(next), effects: this.#drain(), isUnknown };
  }

  #drain(): readonly Effect[] {
    return this.#collected.splice(0).map(({ type, params }) => ({ type, params }));
  }

  #id(snapshot: AnyMachineSnapshot): number {
    const { value, context, status } = snapshot;
    const plain = this.#shape.normalise?.(context, stateName(value)) ?? context;
    const key = JSON.stringify([value, plain]);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const kept = this.machine.resolveState({ value, context: plain, status } as never);
    this.#ids.set(key, this.#snapshots.length);
    this.#snapshots.push(kept as AnyMachineSnapshot);
    return this.#snapshots.length - 1;
  }

  state(id: number): string {
    return stateName(this.#snapshots[id]!.value);
  }

  context<Context = Json>(id: number): Context {
    return this.#snapshots[id]!.context as Context;
  }

  rename(id: number, sid: (sid: number) => number): number {
    return this.with(id, this.#shape.rename(this.context(id), sid));
  }

  /** In the same state with another context. */
  with(id: number, context: Json): number {
    return this.#id({ ...this.#snapshots[id]!, context } as unknown as AnyMachineSnapshot);
  }
}

/** Hears of events that a state knows nothing of. */
export type UnknownEvent = (machine: string, state: string, event: string) => void;

export class Seat {
  readonly hosted: HostedMachine;
  readonly #handlers: Handlers;
  readonly #unknown: UnknownEvent;
  readonly #waiting: ModelEvent[] = [];
  #isRunning = false;
  id = -1;

  constructor(hosted: HostedMachine, handlers: Handlers, unknown: UnknownEvent) {
    this.hosted = hosted;
    this.#handlers = handlers;
    this.#unknown = unknown;
  }

  begin(input: object): this {
    const { next, effects } = this.hosted.begin(input);
    this.id = next;
    this.#run(effects);
    return this;
  }

  resume(id: number): this {
    this.id = id;
    return this;
  }

  get state(): string {
    return this.hosted.state(this.id);
  }

  context<Context>(): Context {
    return this.hosted.context<Context>(this.id);
  }

  send(event: ModelEvent): void {
    this.#waiting.push(event);
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const { next: id, effects, isUnknown } = this.hosted.send(this.id, next);
      if (isUnknown) this.#unknown(this.hosted.machine.id, this.state, next.type);
      this.id = id;
      this.#run(effects);
    }
    this.#isRunning = false;
  }

  #run(effects: readonly Effect[]): void {
    for (const { type, params } of effects) this.#handlers[type]?.(params as never);
  }
}
