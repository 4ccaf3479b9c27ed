/**
 * Sessions and watches of several replicas as one list. Every replica knows every session, but only
 * the one that its client is connected to knows the address, the queue and the watches; what it
 * says of a session goes before what others say.
 */

import type { SessionRow, WatchEntry, WatchGroup } from '../../../protocol/inspection.ts';

export interface PlacedSession extends SessionRow {
  /** The replica that the row is from. */
  readonly sid: number;
}

/** One row per session. */
export function mergeSessions(
  pages: readonly { readonly sid: number; readonly rows: readonly SessionRow[] }[],
): PlacedSession[] {
  const byId = new Map<string, PlacedSession>();
  for (const { sid, rows } of pages) {
    for (const row of rows) {
      const known = byId.get(row.id);
      if (known === undefined) byId.set(row.id, { ...row, sid });
      else byId.set(row.id, joined(known, { ...row, sid }));
    }
  }
  return [...byId.values()];
}

function joined(a: PlacedSession, b: PlacedSession): PlacedSession {
  const isNear = b.from !== null && (a.from === null || b.idleMs < a.idleMs);
  const [near, far] = isNear ? [b, a] : [a, b];
  return {
    ...near,
    idleMs: Math.min(near.idleMs, far.idleMs),
    // The same everywhere, but a replica that lags may count fewer.
    ephemerals: Math.max(near.ephemerals, far.ephemerals),
    watches: near.watches + far.watches,
  };
}

/** Groups of the same key together, by count and then by key. */
export function mergeWatches(pages: readonly (readonly WatchGroup[])[]): WatchGroup[] {
  const byKey = new Map<string, { count: number; entries: WatchEntry[] }>();
  for (const group of pages.flat()) {
    const known = byKey.get(group.key);
    if (known === undefined) {
      byKey.set(group.key, { count: group.count, entries: [...group.entries] });
    } else {
      known.count += group.count;
      known.entries.push(...group.entries);
    }
  }
  return [...byKey]
    .map(([key, group]) => ({ key, ...group }))
    .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1));
}

export type SessionColumn = 'id' | 'state' | 'from' | 'timeoutMs' | 'idleMs' | SessionCount;
type SessionCount = 'ephemerals' | 'watches' | 'queued';

/** Sorted copies; what is equal stands by id, so that rows do not dance. */
export function sortedSessions(
  rows: readonly PlacedSession[],
  column: SessionColumn,
  isDown: boolean,
): PlacedSession[] {
  const sign = isDown ? -1 : 1;
  const order = (a: PlacedSession, b: PlacedSession): number => {
    const [x, y] = [a[column] ?? '', b[column] ?? ''];
    return x === y ? 0 : x < y ? -sign : sign;
  };
  return [...rows].sort((a, b) => order(a, b) || (a.id < b.id ? -1 : 1));
}
