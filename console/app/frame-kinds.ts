/** Of what kind the frames between replicas are, by their names: for colours and filters. */

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
