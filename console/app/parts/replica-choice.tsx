/** Which replica a page asks: one of those that were heard of, or all. */

import { useLive } from '../live.ts';

export type Chosen = number | 'all';

interface ReplicaChoiceProps {
  readonly chosen: Chosen;
  readonly withAll?: boolean;
  readonly onChoose: (chosen: Chosen) => void;
}

export function ReplicaChoice({ chosen, withAll = false, onChoose }: ReplicaChoiceProps) {
  const statuses = useLive((live) => live.statuses);
  return (
    <label class="row">
      <span class="muted">Replica</span>
      <select
        value={String(chosen)}
        onChange={({ currentTarget: { value } }) =>
          onChoose(value === 'all' ? 'all' : Number(value))
        }
      >
        {withAll && <option value="all">all</option>}
        {[...statuses].map(([sid, { status, isStale }]) => (
          <option key={sid} value={String(sid)}>
            {`${sid} · ${status.mode}${isStale ? ' · not heard' : ''}`}
          </option>
        ))}
        {typeof chosen === 'number' && !statuses.has(chosen) && (
          <option value={String(chosen)}>{`${chosen} · not heard`}</option>
        )}
      </select>
    </label>
  );
}

/** The replicas that are asked; a replica that is silent is asked only by name. */
export function useSids(chosen: Chosen): readonly number[] {
  const text = useLive(({ statuses }) =>
    [...statuses].flatMap(([sid, { isStale }]) => (isStale ? [] : [sid])).join(' '),
  );
  if (chosen !== 'all') return [chosen];
  return text === '' ? [] : text.split(' ').map(Number);
}

/** Says which replicas are not asked as nobody hears them; empty when all answer. */
export function useSilence(chosen: Chosen): string {
  const text = useLive(({ statuses }) =>
    [...statuses].flatMap(([sid, { isStale }]) => (isStale ? [sid] : [])).join(', '),
  );
  return chosen !== 'all' || text === '' ? '' : `not heard: replica ${text}`;
}

/** The replica to ask when nobody chose one: that of this page, else the first that speaks. */
export function useAnySid(): number | null {
  return useLive(({ about, statuses }) => {
    const own = about?.sid ?? 0;
    if (own !== 0 && statuses.get(own)?.isStale === false) return own;
    for (const [sid, { isStale }] of statuses) if (!isStale) return sid;
    return own === 0 ? ([...statuses.keys()][0] ?? null) : own;
  });
}
