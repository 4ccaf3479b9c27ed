/**
 * What a replica says of a session or a watch that is only looked at: its state now, as an actor's
 * record. Of these a step is sent when it happens, and till then nothing.
 */

import type { ActorRecord, StateValue } from '../../../protocol/inspection.ts';
import { partsOf } from '../actor-list.ts';
import type { Ask } from './session-load.ts';

/** Of one path; of more watches than an answer lists, the rest is not found. */
const groupsMax = 100;

/** The state's name as its replica has it; null when the actor is not there, or cannot be asked. */
export async function stateNow(ask: Ask, actor: string): Promise<string | null> {
  const parts = partsOf(actor);
  if (parts === null) return null;
  const { sid, name } = parts;
  const [, session] = /^session\.(0x[0-9a-f]+)$/i.exec(name) ?? [];
  if (session !== undefined)
    return (await ask(sid, { what: 'session', id: session }))?.state ?? null;
  const [, path] = /^watch\.[a-z]+\.\d+\.(\/.*)$/s.exec(name) ?? [];
  if (path === undefined) return null;
  const paging = { offset: 0, limit: groupsMax };
  const { groups } = await ask(sid, { what: 'watches', by: 'path', text: path, ...paging });
  const group = groups.find(({ key }) => key === path);
  return group?.entries.find((entry) => entry.actor === actor)?.state ?? null;
}

/** `{standard.armed, persistent.off}` and `serving.flowing` as XState has them. */
export function stateValueOf(name: string): StateValue {
  const regions = /^\{(.*)\}$/s.exec(name)?.[1]?.split(', ') ?? [name];
  if (regions.length === 1 && !name.includes('.')) return name;
  return Object.fromEntries(
    regions.map((region) => {
      const [first = '', ...inner] = region.split('.');
      return [first, inner.length === 0 ? '' : stateValueOf(inner.join('.'))];
    }),
  );
}

/** The kinds of a watch that are armed: `standard`, `persistent, recursive`; or `off`. */
export function armedText(state: string): string {
  const armed = [...state.matchAll(/(\w+)\.armed/g)].map(([, kind]) => kind);
  return armed.length === 0 ? 'off' : armed.join(', ');
}

interface Told {
  readonly origin: number;
  readonly atMs: number;
}

/** The record of an actor of which only the state is known. */
export function actorRecordOf(actor: string, state: string, { origin, atMs }: Told): ActorRecord {
  const { sid, name, machine } = partsOf(actor)!;
  return {
    type: '@xstate.actor',
    sessionId: actor,
    rootId: `${sid}:peer`,
    parentId: `${sid}:peer`,
    name,
    machine,
    definition: '',
    snapshot: {
      status: 'active',
      value: stateValueOf(state),
      context: {},
      tags: [],
      children: {},
      historyValue: {},
    },
    createdAt: String(atMs),
    id: null,
    _version: '',
    sid,
    epoch: 0,
    zxid: '0x0',
    mono: 0,
    // Not among the records that the replica has numbered.
    seq: 0,
    origin,
  };
}
