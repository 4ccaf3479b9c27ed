/** The last steps of one actor among the records, newest first. */

import type { StepRecord } from '../../protocol/inspection.ts';
import type { RecordRing } from './record-ring.ts';

export interface StepAt {
  readonly index: number;
  readonly step: StepRecord;
}

/** From `last` backwards, at most `stepsMax`. */
export function lastSteps(
  ring: RecordRing,
  sessionId: string,
  last: number,
  stepsMax = 60,
): StepAt[] {
  const steps: StepAt[] = [];
  for (let index = last; index >= 0 && steps.length < stepsMax; index--) {
    const record = ring.at(index);
    if (record?.type === '@xstate.snapshot' && record.sessionId === sessionId) {
      steps.push({ index, step: record });
    }
  }
  return steps;
}
