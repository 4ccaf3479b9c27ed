/**
 * An Inspection that a test plays itself: it says which replicas there are, what they answer, and
 * when records come. Keeps what was asked and which filters are watched.
 */

import type { Subscription } from '../../actors/bus.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import type {
  AnswerTo,
  InspectFilter,
  InspectRecord,
  MessageRecord,
  Question,
  ReplicaStatus,
  StepRecord,
} from '../../protocol/inspection.ts';
import { statusOf as plainStatusOf } from './inspect-records.ts';

type Take = (records: readonly InspectRecord[]) => void;
type Answer = (sid: number, question: Question) => unknown;

export class FakeInspection implements Inspection {
  readonly ensemble = 'blue';
  readonly sid = 1;
  readonly asked: { readonly sid: number; readonly question: Question }[] = [];
  readonly watchers = new Map<Take, InspectFilter>();
  members: readonly number[] = [1, 2, 3];
  /** Lists are empty unless a test says otherwise. */
  answer: Answer = () => [];

  sids(): readonly number[] {
    return this.members;
  }

  watch(filter: InspectFilter, take: Take): Subscription {
    this.watchers.set(take, filter);
    return { cancel: () => void this.watchers.delete(take) };
  }

  async ask<Asked extends Question>(sid: number, question: Asked): Promise<AnswerTo<Asked>> {
    this.asked.push({ sid, question });
    return (await this.answer(sid, question)) as AnswerTo<Asked>;
  }

  /** To all watchers, as a batch. */
  emit(...records: InspectRecord[]): void {
    for (const take of this.watchers.keys()) take(records);
  }

  get filters(): InspectFilter[] {
    return [...this.watchers.values()];
  }
}

/** What every record has beside its own fields. */
function stamp(sid: number, seq: number, createdAt: number) {
  return {
    createdAt: String(createdAt),
    id: null,
    _version: '1',
    sid,
    epoch: 3,
    zxid: '0x300000001',
    mono: createdAt,
    seq,
    origin: 1000 + sid,
  } as const;
}

export function messageRecord(sid: number, seq: number, createdAt = seq): MessageRecord {
  return {
    ...stamp(sid, seq, createdAt),
    type: '@natskeeper.message',
    from: 2,
    to: sid,
    name: 'VOTE',
    frameEpoch: 3,
    frameSeq: seq,
    bytes: 40,
  };
}

export function stepRecord(sid: number, seq: number, createdAt = seq): StepRecord {
  return {
    ...stamp(sid, seq, createdAt),
    type: '@xstate.snapshot',
    sessionId: `${sid}:peer`,
    rootId: `${sid}:peer`,
    machine: 'peer',
    event: { type: 'election.decided' },
    snapshot: {
      status: 'active',
      value: { following: 'serving' },
      context: {},
      tags: [],
      children: {},
      historyValue: {},
    },
    from: 'looking',
    to: 'following.serving',
    fired: ['peer.looking|election.decided|0|peer.following'],
  };
}

/** A follower's, in the third epoch. */
export function statusOf(sid: number, values: Partial<ReplicaStatus> = {}): ReplicaStatus {
  const zxids = { loggedZxid: '0x300000001', appliedZxid: '0x300000001' };
  return plainStatusOf(sid, { leader: 3, epoch: 3, znodes: 5, ...zxids, ...values });
}
