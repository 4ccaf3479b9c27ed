/** In which phase of Zab a replica is, by the states of its machines (Zab, section 4). */

import type { ReplicaStatus } from '../../protocol/inspection.ts';

export interface RoleStates {
  readonly peer: string;
  /** null while there is none. */
  readonly leader: string | null;
  readonly learner: string | null;
}

export function zabPhase({ peer, leader, learner }: RoleStates): ReplicaStatus['phase'] {
  if (peer === 'standalone' || peer === 'agreeing') return 'standalone';
  if (peer.startsWith('member.looking')) return 'election';
  if (!peer.startsWith('member.')) return 'down';
  if (peer.startsWith('member.leading')) return leaderPhase(leader ?? 'discovering');
  return learnerPhase(learner ?? 'joining.greeting');
}

function leaderPhase(state: string): ReplicaStatus['phase'] {
  if (state === 'discovering' || state === 'promising') return 'discovery';
  return state === 'ruling.broadcasting' ? 'broadcast' : 'synchronization';
}

function learnerPhase(state: string): ReplicaStatus['phase'] {
  if (state === 'joining.greeting' || state === 'joining.promising') return 'discovery';
  return state === 'following' ? 'broadcast' : 'synchronization';
}
