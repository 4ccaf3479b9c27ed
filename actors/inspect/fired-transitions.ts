/**
 * Which transitions of a machine an event took, by the ids that they have in its drawings: worked
 * out anew from the snapshot before it, since guards are pure.
 */

import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate';

type StateNode = AnyStateMachine['root'];
type Definition = NonNullable<StateNode['always']>[number];

/** `source|event|index|target`, as the drawings have it; one id for each target. */
export function transitionIds(
  { id: source }: StateNode,
  event: string,
  index: number,
  { target }: { readonly target?: readonly { readonly id: string }[] | undefined },
): string[] {
  const targets = target === undefined || target.length === 0 ? [''] : target.map(({ id }) => id);
  return targets.map((each) => `${source}|${event}|${index}|${each}`);
}

/** Those that the event takes, then those that need no event and lead on to `after`. */
export function firedTransitions(
  machine: AnyStateMachine,
  before: AnyMachineSnapshot,
  event: { readonly type: string },
  after: AnyMachineSnapshot,
): string[] {
  const taken = machine.getTransitionData(before, event);
  const ids = taken.flatMap((definition) => {
    const { source, eventType } = definition;
    const all = source.transitions.get(eventType) ?? [];
    return transitionIds(source, eventType, all.indexOf(definition), definition);
  });
  // One without a target stays where it was, and may meet a condition there.
  const stayed = (before._nodes as StateNode[]).filter(({ type }) => type === 'atomic');
  const landed = taken.flatMap(({ target }) => target ?? stayed);
  return [...ids, ...followUps(landed, after)];
}

/** From where the event led, along `always`, to where the machine is now. */
function followUps(landed: readonly StateNode[], after: AnyMachineSnapshot): string[] {
  const active = new Set((after._nodes as StateNode[]).map(({ id }) => id));
  const seen = new Set<Definition>();
  const ids: string[] = [];
  for (let from = landed.find(({ id }) => !active.has(id)); from !== undefined; ) {
    const next = leadingOn(from, active, seen);
    if (next === null) break;
    seen.add(next.definition);
    ids.push(...transitionIds(next.node, 'always', next.index, next.definition));
    from = next.definition.target?.find(({ id }) => !active.has(id));
  }
  return ids;
}

function leadingOn(
  from: StateNode,
  active: ReadonlySet<string>,
  seen: ReadonlySet<Definition>,
): { node: StateNode; index: number; definition: Definition } | null {
  for (const node of withInitial(from)) {
    for (const [index, definition] of (node.always ?? []).entries()) {
      const leads = definition.target?.some(({ id }) => active.has(id)) ?? false;
      if (leads && !seen.has(definition)) return { node, index, definition };
    }
  }
  return null;
}

/** A state, what is entered with it, and what it lies in. */
function withInitial(state: StateNode): StateNode[] {
  const inner: StateNode[] = [];
  for (let node = state; node.type === 'compound'; ) {
    const first: StateNode | undefined = node.initial.target[0];
    if (first === undefined) break;
    inner.unshift(first);
    node = first;
  }
  const outer: StateNode[] = [];
  for (let node: StateNode | undefined = state; node !== undefined; node = node.parent) {
    outer.push(node);
  }
  return [...inner, ...outer];
}
