/** The actors of an ensemble in the order in which one looks for them: by replica, then machine. */

import type { ActorState } from './replay.ts';

export type { ActorState };

const order = [
  'peer',
  'election',
  'leader',
  'learnerHandler',
  'learner',
  'channel',
  'snapshotter',
  'sessionTracker',
];
/** Machines of which there are many: they are sent one at a time, when they are asked for. */
export const manyMachines: readonly string[] = ['session', 'watch', 'connection'];

export interface ReplicaActors {
  readonly sid: number;
  readonly actors: readonly ActorState[];
}

/** Those that are gone come last in their replica, and only the newest few of them. */
export function byReplica(actors: Iterable<ActorState>, goneMax = 4): ReplicaActors[] {
  const bySid = new Map<number, ActorState[]>();
  for (const actor of actors) {
    const list = bySid.get(actor.sid);
    if (list === undefined) bySid.set(actor.sid, [actor]);
    else list.push(actor);
  }
  return [...bySid]
    .sort(([one], [other]) => one - other)
    .map(([sid, list]) => {
      const here = list.filter(({ isGone }) => !isGone).sort(compare);
      const gone = list.filter(({ isGone }) => isGone).sort((a, b) => b.atMs - a.atMs);
      return { sid, actors: [...here, ...gone.slice(0, goneMax)] };
    });
}

/** `2:session.0x12` is replica 2, `session.0x12`, machine `session`; null when it is no id. */
export function partsOf(sessionId: string): {
  readonly sid: number;
  readonly name: string;
  readonly machine: string;
} | null {
  const match = /^(\d+):(([A-Za-z]+)(?:\..*)?)$/s.exec(sessionId);
  if (match === null) return null;
  return { sid: Number(match[1]), name: match[2]!, machine: match[3]! };
}

function compare(one: ActorState, other: ActorState): number {
  const byMachine = rank(one.machine) - rank(other.machine);
  return byMachine !== 0 ? byMachine : one.name.localeCompare(other.name, 'en', { numeric: true });
}

function rank(machine: string): number {
  const at = order.indexOf(machine);
  return at < 0 ? order.length : at;
}
