/** What the figures of replicas say together: how far one is behind, what it does per second. */

import type { ReplicaStatus } from '../../protocol/inspection.ts';
import type { StatusSample } from './status-history.ts';

export interface Lag {
  /** Txns that the leader has applied and this replica not yet. */
  readonly txns: number;
  /** Epochs that lie between; then txns cannot be counted. */
  readonly epochs: number;
}

/** null where one of the two zxids is not readable. */
export function lagOf(applied: string, leaderApplied: string): Lag | null {
  const own = zxidOf(applied);
  const leaders = zxidOf(leaderApplied);
  if (own === null || leaders === null) return null;
  const epochs = Number((leaders >> 32n) - (own >> 32n));
  // Statuses are of different moments: one that seems ahead is not behind.
  if (epochs !== 0) return { txns: 0, epochs: Math.max(0, epochs) };
  return { txns: Math.max(0, Number(leaders - own)), epochs: 0 };
}

/** Who leads, by what the replicas themselves say last; of the newest epoch, if they disagree. */
export function leaderOf(statuses: Iterable<ReplicaStatus>): ReplicaStatus | null {
  let leader: ReplicaStatus | null = null;
  for (const status of statuses) {
    if (status.mode === 'leader' && status.epoch >= (leader?.epoch ?? 0)) leader = status;
  }
  return leader;
}

export type Counter = 'received' | 'sent' | 'committed';

/** Per second between two samples; null when its process began anew between them. */
export function rateBetween(
  before: StatusSample,
  after: StatusSample,
  counter: Counter,
): number | null {
  const count = after.status[counter] - before.status[counter];
  const ms = after.atMs - before.atMs;
  if (count < 0 || ms <= 0 || after.status.uptimeMs < before.status.uptimeMs) return null;
  return (count * 1000) / ms;
}

/** Per second over about the last `overMs` before `atMs`; null while that is not known. */
export function rateAt(
  samples: readonly StatusSample[],
  counter: Counter,
  atMs = Number.POSITIVE_INFINITY,
  overMs = 2_000,
): number | null {
  const last = lastBefore(samples, atMs);
  const after = samples[last];
  if (after === undefined || last === 0) return null;
  let first = last - 1;
  while (first > 0 && after.atMs - samples[first]!.atMs < overMs) first--;
  return rateBetween(samples[first]!, after, counter);
}

/** Index of the last sample that is not after `atMs`; -1 when there is none. */
export function lastBefore(samples: readonly StatusSample[], atMs: number): number {
  let at = samples.length - 1;
  while (at >= 0 && samples[at]!.atMs > atMs) at--;
  return at;
}

/** Members by the lines of all replicas: those that nobody hears of are among them. */
export function memberSids(statuses: Iterable<ReplicaStatus>): number[] {
  const sids = new Set<number>();
  for (const { sid, members } of statuses) {
    sids.add(sid);
    for (const line of members) {
      const match = /^server\.(\d+)=/.exec(line);
      if (match !== null) sids.add(Number(match[1]));
    }
  }
  return [...sids].sort((one, other) => one - other);
}

function zxidOf(text: string): bigint | null {
  return /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : null;
}
