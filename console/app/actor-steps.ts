/** The steps of one actor among the records, newest first. */

import type { StepRecord } from '../../protocol/inspection.ts';
import type { RecordRing } from './record-ring.ts';

export interface StepAt {
  readonly index: number;
  readonly step: StepRecord;
}

/** Around a record: from it backwards at most `stepsMax`, and a third of that after it. */
export function stepsAround(
  ring: RecordRing,
  sessionId: string,
  index: number,
  stepsMax = 60,
): StepAt[] {
  const later = steps(ring, sessionId, index + 1, 1, Math.floor(stepsMax / 3));
  return [...later.reverse(), ...steps(ring, sessionId, index, -1, stepsMax)];
}

function steps(
  ring: RecordRing,
  sessionId: string,
  start: number,
  way: 1 | -1,
  stepsMax: number,
): StepAt[] {
  const found: StepAt[] = [];
  for (let index = start; found.length < stepsMax; index += way) {
    const record = ring.at(index);
    if (record === undefined) break;
    if (record.type === '@xstate.snapshot' && record.sessionId === sessionId) {
      found.push({ index, step: record });
    }
  }
  return found;
}
