/**
 * The part that a replica plays, as ZooKeeper's words name it.
 */

export type ReplicaMode = 'standalone' | 'leader' | 'follower' | 'observer' | 'read-only';

const modes: readonly [state: string, mode: ReplicaMode][] = [
  ['member.leading', 'leader'],
  ['member.following', 'follower'],
  ['member.observing', 'observer'],
  ['member.looking.readOnly', 'read-only'],
];

/** What a state of the peer's machine is called. */
export function modeOf(state: string): ReplicaMode {
  return modes.find(([start]) => state.startsWith(start))?.[1] ?? 'standalone';
}
