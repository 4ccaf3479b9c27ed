/**
 * Terms of a leader for tests of its machine: events by short names, and what became of the term.
 * The leader is replica 1 of three; it chooses epoch 6, whose txns are `txn(1)` and so on.
 */

import { expect } from 'vitest';
import { type LeaderEvent, type LeaderInput, leaderMachine } from '../../machines/leader.ts';
import { majorityOf, type QuorumSystem } from '../../machines/quorum.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import { Walker } from './walk.ts';

export const three: QuorumSystem = [majorityOf([1, 2, 3])];
export const five: QuorumSystem = [majorityOf([1, 2, 3, 4, 5])];
/** End of our log. */
export const ours = makeZxid(4, 9);
export const input: LeaderInput = {
  ...{ sid: 1, quorum: three, acceptedEpoch: 5, currentEpoch: 4, lastZxid: ours },
  ...{ tick: 100, greetTicks: 20, initTicks: 20, leaseTicks: 10, stallTicks: 4 },
};
/** The epoch that follows, and txns in it. */
export const epoch = 6;
export const txn = (counter: number) => makeZxid(epoch, counter);

export const greeted = (sid: number, acceptedEpoch = 5, votes = true): LeaderEvent => {
  return { type: 'learner.greeted', sid, acceptedEpoch, votes, isBlank: false, pulse: 1 };
};
/** A voter that holds nothing, and may have lost what it held. */
export const greetedBlank = (sid: number): LeaderEvent => {
  return { type: 'learner.greeted', sid, acceptedEpoch: 0, votes: true, isBlank: true, pulse: 1 };
};
export const promised = (sid: number, lastZxid = ours, currentEpoch = 4): LeaderEvent => {
  return { type: 'epoch.promised', sid, currentEpoch, lastZxid };
};
export const synced = (sid: number): LeaderEvent => ({ type: 'leadership.acked', sid });
export const heard = (sid: number, pulse = 1): LeaderEvent => {
  return { type: 'learner.heard', sid, pulse };
};
export const left = (sid: number): LeaderEvent => ({ type: 'learner.left', sid });
export const logged = (counter: number): LeaderEvent => ({
  type: 'batch.logged',
  zxid: txn(counter),
});
export const acked = (sid: number, counter: number): LeaderEvent => {
  return { type: 'ack.received', sid, zxid: txn(counter) };
};
export const tick = (at: number): LeaderEvent => ({ type: 'tick', tick: at });
export const promiseStored: LeaderEvent = { type: 'promise.stored' };
export const historyStored: LeaderEvent = { type: 'history.stored' };
export const changed = (quorum: QuorumSystem): LeaderEvent => ({ type: 'quorum.changed', quorum });

export class Term extends Walker<typeof leaderMachine> {
  get committed(): number[] {
    return this.effects('commit').map((effect) => (effect as { zxid: number }).zxid);
  }

  get isEstablished(): boolean {
    return this.effects('establish').length > 0;
  }

  get end(): string | null {
    const [abdicate] = this.effects('abdicate') as { reason: string }[];
    expect(this.state === 'ended').toBe(abdicate !== undefined);
    return abdicate?.reason ?? null;
  }
}

export function term(...events: LeaderEvent[]): Term {
  return termWith({}, ...events);
}

export function termWith(change: Partial<LeaderInput>, ...events: LeaderEvent[]): Term {
  const walker = new Term(leaderMachine, { ...input, ...change });
  walker.send(...events);
  return walker;
}

/** A term whose epoch is announced; and one that is established, with 1 and 2 in its quorum. */
export const ruling = [greeted(2), promiseStored] as const;
export const established = [...ruling, promised(2), historyStored, synced(2)] as const;
export const join = (sid: number, votes = true) => [
  greeted(sid, 5, votes),
  promised(sid),
  synced(sid),
];
