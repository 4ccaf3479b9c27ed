/** Which records a viewer wants, and what several of them want together. */

import type { InspectFilter, InspectRecord, Stamp } from '../../protocol/inspection.ts';

/** A record without its stamp. */
export type StampedAway = InspectRecord extends infer Each
  ? Each extends Stamp
    ? Omit<Each, keyof Stamp>
    : never
  : never;

const many: readonly string[] = ['session', 'watch', 'connection'];

export function concerns({ machines, sids, instance }: InspectFilter, record: InspectRecord) {
  if (sids !== null && !sids.includes(record.sid)) return false;
  switch (record.type) {
    case '@natskeeper.status':
    case '@natskeeper.dropped':
      return true;
    case '@natskeeper.message':
      return machines.includes('message');
    default: {
      if (!machines.includes(record.machine)) return false;
      return instance === null || !many.includes(record.machine) || record.sessionId === instance;
    }
  }
}

/** What at least one of them wants; null when there are none. */
export function unionOf(filters: readonly InspectFilter[]): InspectFilter | null {
  const [first, ...others] = filters;
  if (first === undefined) return null;
  return others.reduce<InspectFilter>((all, { machines, sids, instance }) => {
    const wantsMany = (of: readonly string[]) => of.some((machine) => many.includes(machine));
    const only = !wantsMany(machines)
      ? all.instance
      : !wantsMany(all.machines) || all.instance === instance
        ? instance
        : null;
    return {
      machines: [...new Set([...all.machines, ...machines])],
      sids: all.sids === null || sids === null ? null : [...new Set([...all.sids, ...sids])],
      instance: only,
    };
  }, first);
}
