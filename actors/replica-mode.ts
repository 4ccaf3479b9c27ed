/**
 * What the state of the peer's machine means to others: the part that the replica plays, as
 * ZooKeeper's words name it, and whom it lets in.
 */

import type { Door } from './connection-ports.ts';

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

export function isServingIn(state: string): boolean {
  return state === 'standalone' || state.endsWith('.serving');
}

/** Without the ensemble's secret no session can be told from a forged one. */
export function doorOf(state: string, hasSecret: boolean): Door {
  if (isServingIn(state)) return 'open';
  if (modeOf(state) === 'read-only') return hasSecret ? 'readOnly' : 'shut';
  const isHopeful = state.startsWith('member.') && state !== 'member.looking.lonely';
  return isHopeful ? 'waiting' : 'shut';
}
