/** Records as replicas send them, for tests of the console: what is not said is filled in. */

import type {
  ActorRecord,
  DroppedRecord,
  MessageRecord,
  ReplicaStatus,
  Stamp,
  StateValue,
  StatusRecord,
  StepRecord,
} from '../../protocol/inspection.ts';

let lastSeq = 0;

export interface When {
  readonly sid?: number;
  readonly atMs?: number;
  readonly origin?: number;
  readonly seq?: number;
}

function stamp({ sid = 1, atMs = 1_000, origin = sid, seq = ++lastSeq }: When): Stamp {
  const createdAt = String(atMs);
  return { createdAt, id: null, _version: '1', sid, epoch: 1, zxid: '0x1', mono: 0, seq, origin };
}

function snapshotOf(value: StateValue, context: unknown, status: 'active' | 'done' = 'active') {
  return { status, value, context, tags: [], children: {}, historyValue: {} };
}

export function actorRecord(name: string, value: StateValue, when: When = {}): ActorRecord {
  const { sid = 1 } = when;
  const machine = name.split('.')[0]!;
  return {
    ...stamp(when),
    type: '@xstate.actor',
    sessionId: `${sid}:${name}`,
    rootId: `${sid}:peer`,
    name,
    machine,
    definition: '',
    snapshot: snapshotOf(value, {}),
  };
}

export interface StepOf extends When {
  readonly context?: unknown;
  readonly isDone?: boolean;
}

export function stepRecord(name: string, value: StateValue, how: StepOf = {}): StepRecord {
  const { sid = 1, context = {}, isDone = false } = how;
  return {
    ...stamp(how),
    type: '@xstate.snapshot',
    sessionId: `${sid}:${name}`,
    rootId: `${sid}:peer`,
    machine: name.split('.')[0]!,
    event: { type: 'tick' },
    snapshot: snapshotOf(value, context, isDone ? 'done' : 'active'),
    from: '',
    to: '',
    fired: [],
  };
}

export function frameRecord(
  name: string,
  from: number,
  to: number,
  when: When = {},
): MessageRecord {
  const type = '@natskeeper.message';
  return { ...stamp({ sid: to, ...when }), type, from, to, name, ...frameFields };
}
const frameFields = { frameEpoch: 1, frameSeq: 1, bytes: 64 };

export function droppedRecord(of: string, count: number, when: When = {}): DroppedRecord {
  return { ...stamp(when), type: '@natskeeper.dropped', of, count };
}

export function statusRecord(
  sid: number,
  atMs: number,
  figures: Partial<ReplicaStatus> = {},
): StatusRecord {
  return {
    ...stamp({ sid, atMs }),
    type: '@natskeeper.status',
    status: statusOf(sid, { uptimeMs: atMs, ...figures }),
  };
}

export function statusOf(sid: number, figures: Partial<ReplicaStatus> = {}): ReplicaStatus {
  return {
    sid,
    clientAddress: null,
    mode: 'follower',
    peerState: 'member.following.serving',
    phase: 'broadcast',
    leader: 1,
    epoch: 1,
    loggedZxid: '0x100000000',
    appliedZxid: '0x100000000',
    isVoter: true,
    members: [],
    connections: 0,
    sessions: 0,
    watches: 0,
    znodes: 0,
    dataBytes: 0,
    ephemerals: 0,
    outstanding: 0,
    received: 0,
    sent: 0,
    committed: 0,
    latencyMs: null,
    syncMs: null,
    loopDelayMs: null,
    heapBytes: 0,
    residentBytes: 0,
    uptimeMs: 0,
    wallMs: 0,
    version: '0',
    ...figures,
  };
}
