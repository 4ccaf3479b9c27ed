/**
 * The short way through an event that leaves a machine in its state: most only note something, or
 * ask for an effect. XState works out sets of states to leave and to enter even then, at ten times
 * the price of all that the event is about.
 *
 * Only what is plain is done here: transitions without a target, their guards, `assign` and named
 * effects, in states that are not parallel. For all else the answer is null, nothing has been done,
 * and the host goes the long way. Guards and assigns are pure: they may run twice.
 */

import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';

/** An effect that a machine asks for. */
export interface RunnableAction {
  readonly type: string;
  readonly params: unknown;
}

/** What guards, assigns and params are told. */
interface Args {
  readonly context: object;
  readonly event: object;
}

type StateNode = AnyStateMachine['root'];
type Guard = (args: Args, params: unknown) => boolean;
type Params = (args: Args) => unknown;
type Assigner = (args: Args, params: unknown) => unknown;

interface Action {
  readonly type: string;
  readonly params: unknown;
  /** The whole change, or its keys each; null for an effect. */
  readonly assignment: Assigner | null;
}

interface Step {
  readonly guard: Guard | null;
  readonly guardParams: unknown;
  /** null: it leaves its state. */
  readonly actions: readonly Action[] | null;
}

interface Plan {
  /** Of the innermost state first; the first whose guard holds is taken. */
  readonly steps: readonly Step[];
  /** Transitions that need no event, in the same order. */
  readonly always: readonly Step[];
}

/** By machine, innermost state and type of event; null: nothing plain. */
const allPlans = new WeakMap<StateNode, Map<string, Plan | null>>();

/** The context after the event; effects are added to `effects`. null: XState has to be asked. */
export function quickStep(
  { _nodes: nodes }: AnyMachineSnapshot,
  now: object,
  event: { readonly type: string },
  effects: RunnableAction[],
): object | null {
  const plan = planFor(nodes as readonly StateNode[], event.type);
  if (plan === null) return null;
  let context = now;
  const first = chosen(plan.steps, context, event);
  if (first !== null) {
    if (first.actions === null) return null;
    context = carryOut(first.actions, context, event, effects);
  }
  for (;;) {
    const next = chosen(plan.always, context, event);
    if (next === null) return context;
    if (next.actions === null) {
      // Nothing of it was done: effects are still in hand.
      effects.length = 0;
      return null;
    }
    const before = context;
    context = carryOut(next.actions, context, event, effects);
    // As XState: one that has changed nothing is not taken again.
    if (context === before) return context;
  }
}

function chosen(steps: readonly Step[], context: object, event: object): Step | null {
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index]!;
    if (step.guard === null) return step;
    const args = { context, event };
    if (step.guard(args, paramsOf(step.guardParams, args))) return step;
  }
  return null;
}

function carryOut(
  actions: readonly Action[],
  now: object,
  event: object,
  effects: RunnableAction[],
): object {
  let context = now;
  for (let index = 0; index < actions.length; index++) {
    const { type, params: asked, assignment } = actions[index]!;
    const args = { context, event };
    const params = paramsOf(asked, args);
    if (assignment === null) effects.push({ type, params });
    else context = Object.assign({}, context, assignment(args, params));
  }
  return context;
}

function paramsOf(params: unknown, args: Args): unknown {
  return typeof params === 'function' ? (params as Params)(args) : params;
}

function planFor(nodes: readonly StateNode[], type: string): Plan | null {
  let leaf: StateNode | null = null;
  for (let index = 0; index < nodes.length; index++) {
    const node = nodes[index]!;
    if (node.type === 'compound') continue;
    if (leaf !== null || node.type !== 'atomic') return null;
    leaf = node;
  }
  if (leaf === null) return null;
  let plans = allPlans.get(leaf);
  if (plans === undefined) {
    plans = new Map();
    allPlans.set(leaf, plans);
  }
  let plan = plans.get(type);
  if (plan === undefined) {
    plan = makePlan(leaf, type);
    plans.set(type, plan);
  }
  return plan;
}

function makePlan(leaf: StateNode, type: string): Plan | null {
  const steps: (Step | null)[] = [];
  const always: (Step | null)[] = [];
  for (let node: StateNode | undefined = leaf; node !== undefined; node = node.parent) {
    const { transitions, machine } = node;
    if ([...transitions.keys()].some((key) => key.endsWith('*'))) return null;
    steps.push(...(transitions.get(type) ?? []).map((each) => makeStep(machine, each)));
    always.push(...(node.always ?? []).map((each) => makeStep(machine, each)));
  }
  const isPlain = [...steps, ...always].every((step) => step !== null);
  return isPlain && !type.startsWith('xstate.') ? ({ steps, always } as Plan) : null;
}

interface Transition {
  readonly target?: unknown;
  readonly reenter: boolean;
  readonly guard?: unknown;
  readonly actions: readonly unknown[];
}

function makeStep(machine: AnyStateMachine, transition: Transition): Step | null {
  const { guards } = machine.implementations;
  const named = nameAndParams(transition.guard);
  const guard: unknown = named === null ? null : guards[named.type];
  const isPlain = typeof guard === 'function' && !('check' in guard);
  if (!isPlain && transition.guard !== undefined) return null;
  const { target, reenter } = transition;
  const leaves = target !== undefined || reenter;
  const actions = leaves ? null : transition.actions.map((action) => makeAction(machine, action));
  if (actions?.some((action) => action === null)) return null;
  return {
    guard: guard as Guard | null,
    guardParams: named?.params,
    actions: actions as Action[] | null,
  };
}

function makeAction({ implementations }: AnyStateMachine, action: unknown): Action | null {
  const named = nameAndParams(action);
  if (named === null) return null;
  const known: unknown = implementations.actions[named.type];
  if (typeof known !== 'function' || !('resolve' in known)) return { ...named, assignment: null };
  if (!('type' in known) || known.type !== 'xstate.assign' || !('assignment' in known)) return null;
  return { ...named, assignment: assignerOf(known.assignment as Assigner | Assigners) };
}

type Assigners = { readonly [key: string]: unknown };

function assignerOf(assignment: Assigner | Assigners): Assigner {
  if (typeof assignment === 'function') return assignment as Assigner;
  const keys = Object.entries(assignment);
  return (args, params) => {
    const change: Record<string, unknown> = {};
    for (const [key, value] of keys) {
      change[key] = typeof value === 'function' ? (value as Assigner)(args, params) : value;
    }
    return change;
  };
}

/** null: none, or one that has no name. */
function nameAndParams(item: unknown): { type: string; params: unknown } | null {
  if (typeof item === 'string') return { type: item, params: undefined };
  if (typeof item !== 'object' || item === null || !('type' in item)) return null;
  return { type: item.type as string, params: 'params' in item ? item.params : undefined };
}
