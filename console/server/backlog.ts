/**
 * What happened before a viewer came: the rings of all replicas as one list, oldest first. A
 * replica that does not answer in time is left out. Records of one process stay in their order,
 * also where its wall clock was set back.
 */

import type { Clock } from '../../actors/clock.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';

export const backlogMax = 10_000;
const patienceMs = 2_000;

/** Never rejects. */
export async function recentOf(
  inspection: Inspection,
  sids: readonly number[],
  clock: Pick<Clock, 'after'>,
): Promise<readonly InspectRecord[]> {
  return merged(await askAll(inspection, sids, { what: 'recent' }, clock));
}

/** Asks each of these replicas; a list for each, in their order, empty without an answer. */
export async function askAll(
  inspection: Inspection,
  sids: readonly number[],
  question: { readonly what: 'recent' } | { readonly what: 'actors' },
  clock: Pick<Clock, 'after'>,
): Promise<(readonly InspectRecord[])[]> {
  const none: readonly InspectRecord[] = [];
  const ask = (sid: number): Promise<readonly InspectRecord[]> => inspection.ask(sid, question);
  const asked = sids.map((sid) => ask(sid).catch(() => none));
  return Promise.all(asked.map((answer) => soon(answer, none, clock)));
}

function soon<T>(promise: Promise<T>, otherwise: T, clock: Pick<Clock, 'after'>): Promise<T> {
  return new Promise((resolve) => {
    const timer = clock.after(patienceMs, () => resolve(otherwise));
    void promise.then((value) => {
      timer.cancel();
      resolve(value);
    });
  });
}

/** The last records of lists that are in order themselves. */
export function merged(lists: readonly (readonly InspectRecord[])[]): readonly InspectRecord[] {
  const all: InspectRecord[] = [];
  const at = lists.map(() => 0);
  for (;;) {
    let first = -1;
    for (let list = 0; list < lists.length; list++) {
      const head = lists[list]![at[list]!];
      if (head === undefined) continue;
      if (first < 0 || isBefore(head, lists[first]![at[first]!]!)) first = list;
    }
    if (first < 0) return all.slice(-backlogMax);
    all.push(lists[first]![at[first]!]!);
    at[first]!++;
  }
}

/** Monotonic times are compared within one process only. */
function isBefore(a: InspectRecord, b: InspectRecord): boolean {
  const differenceMs = Number(a.createdAt) - Number(b.createdAt);
  if (differenceMs !== 0) return differenceMs < 0;
  return a.origin === b.origin && a.mono < b.mono;
}
