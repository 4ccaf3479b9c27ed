/** Who has just sent what to whom, of the last moment only. */

import { type FrameKind, frameKindOf, shownName } from './frame-kinds.ts';
import { madeAt, type RecordRing } from './record-ring.ts';

export interface Flow {
  readonly from: number;
  readonly to: number;
  readonly kind: FrameKind;
  readonly name: string;
}

const freshMs = 900;
/** Looked at from the newest on: enough for a picture, whatever the rate is. */
const recordsMax = 600;

/** One for each direction between two replicas: what was last, and no heartbeat if else was. */
export function freshFlows(
  ring: RecordRing,
  last: number,
  nowMs: number,
  isLooking: (sid: number) => boolean = () => false,
): Flow[] {
  const flows = new Map<string, Flow>();
  for (let at = last; at >= 0 && at > last - recordsMax; at--) {
    const record = ring.at(at)!;
    if (nowMs - madeAt(record) > freshMs) break;
    if (record.type !== '@natskeeper.message' || record.from === record.to) continue;
    const { from, to } = record;
    const name = shownName(record.name, isLooking(from));
    const kind = frameKindOf(name);
    const key = `${from} ${to}`;
    const known = flows.get(key);
    const isBetter = known === undefined || (known.kind === 'heartbeat' && kind !== 'heartbeat');
    if (isBetter) flows.set(key, { from, to, kind, name });
  }
  return [...flows.values()];
}
