/**
 * What `mntr` tells of a member of an ensemble: its state in Zab's words, and what a leader knows
 * of its learners.
 */

export interface EnsembleView {
  /** State of the peer's machine. */
  readonly peerState: string;
  readonly voters: number;
  /** Trees that differed from the leader's at the same zxid. */
  readonly digestMismatches: number;
  /** Null unless we lead. */
  readonly leading: LeadingView | null;
}

export interface LeadingView {
  readonly learners: readonly { readonly votes: boolean; readonly synced: boolean }[];
  readonly uptimeMs: number;
  /** Bytes of batches, as published; -1 before the first. */
  readonly proposals: { readonly last: number; readonly min: number; readonly max: number };
}

type Metric = readonly [key: string, value: string | number];

const roles: readonly [start: string, role: string][] = [
  ['member.leading', 'leading'],
  ['member.following', 'following'],
  ['member.observing', 'observing'],
];

/** `following - broadcast` and its like. */
function peerStateOf(state: string): string {
  const role = roles.find(([start]) => state.startsWith(start))?.[1];
  if (role === undefined) return 'looking - election';
  return `${role} - ${state.endsWith('.serving') ? 'broadcast' : 'synchronization'}`;
}

export function ensembleMetrics(view: EnsembleView | null): Metric[] {
  if (view === null) return [];
  const { leading } = view;
  return [
    ['peer_state', peerStateOf(view.peerState)],
    ['quorum_size', view.voters],
    ['digest_mismatches_count', view.digestMismatches],
    ...(leading === null ? [] : leaderMetrics(leading)),
  ];
}

function leaderMetrics({ learners, uptimeMs, proposals }: LeadingView): Metric[] {
  const synced = learners.filter((learner) => learner.synced);
  return [
    ['learners', learners.length],
    ['synced_followers', synced.filter(({ votes }) => votes).length],
    // Whoever does not vote is an observer here.
    ['synced_non_voting_followers', 0],
    ['synced_observers', synced.filter(({ votes }) => !votes).length],
    // A sync is a txn: none is pending beside the requests that are outstanding anyway.
    ['pending_syncs', 0],
    ['leader_uptime', Math.floor(uptimeMs)],
    ['last_proposal_size', proposals.last],
    ['max_proposal_size', proposals.max],
    ['min_proposal_size', proposals.min],
  ];
}
