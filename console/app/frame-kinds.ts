/** Of what kind the frames between replicas are, by their names: for colours and filters. */

import type { InspectRecord } from '../../protocol/inspection.ts';
import { stateText } from './lit-states.ts';

export type FrameKind =
  | 'election'
  | 'discovery'
  | 'synchronization'
  | 'broadcast'
  | 'request'
  | 'heartbeat';

export const frameKinds: readonly { readonly kind: FrameKind; readonly title: string }[] = [
  { kind: 'election', title: 'Election' },
  { kind: 'discovery', title: 'Discovery' },
  { kind: 'synchronization', title: 'Synchronization' },
  { kind: 'broadcast', title: 'Broadcast' },
  { kind: 'request', title: 'Requests' },
  { kind: 'heartbeat', title: 'Heartbeats' },
];

const byName: readonly (readonly [RegExp, FrameKind])[] = [
  [/^(VOTE|NOTIFICATION|REFUSE)/, 'election'],
  [/^(CEPOCH|NEWEPOCH|ACKEPOCH|FOLLOWERINFO|OBSERVERINFO|LEADERINFO)/, 'discovery'],
  [/^(PROPOSAL|COMMIT|ACK|INFORM)$/, 'broadcast'],
  [/^(PING|BEAT|STATUS|HEARTBEAT|LEADING)/, 'heartbeat'],
  [/^(REQUEST|REVALIDATE|FORWARD)/, 'request'],
];

/** What brings a learner up to date has many names; it is what remains. */
export function frameKindOf(name: string): FrameKind {
  return byName.find(([pattern]) => pattern.test(name))?.[1] ?? 'synchronization';
}

/** A status is the vote of who looks for a leader, and the heartbeat of who leads. */
export function shownName(name: string, isSenderLooking: boolean): string {
  return name === 'STATUS' && isSenderLooking ? 'VOTE' : name;
}

/** Who looks for a leader now, by what this record says of its replica; null where it does not. */
export function isLookingBy(record: InspectRecord): boolean | null {
  if (record.type === '@natskeeper.status') return record.status.mode === 'looking';
  if (record.type !== '@xstate.snapshot' || record.machine !== 'peer') return null;
  return stateText(record.snapshot.value).includes('looking');
}

/** The frames of which so many were left out: `message` is any; `PING of 2` those of replica 2. */
export function leftOutKind(of: string): FrameKind | 'any' | null {
  if (of === 'message') return 'any';
  const match = /^(.+) of \d+$/.exec(of);
  return match === null ? null : frameKindOf(match[1]!);
}
