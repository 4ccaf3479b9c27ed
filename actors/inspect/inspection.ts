/**
 * What looks at an ensemble stand on: the records of all replicas as they come, and questions to
 * any of them. A replica that serves the console has one that knows its own replica; one that only
 * listens to the bus has none (sid 0).
 */

import type {
  AnswerTo,
  InspectFilter,
  InspectRecord,
  Question,
} from '../../protocol/inspection.ts';
import type { Subscription } from '../bus.ts';

export type TakeRecords = (records: readonly InspectRecord[]) => void;

export interface Inspection {
  readonly ensemble: string;
  /** Of the replica in this process; 0 when there is none. */
  readonly sid: number;
  /** Replicas that said something within the last seconds, our own among them; sorted. */
  sids(): readonly number[];
  /** From now on, in batches, until it is cancelled. */
  watch(filter: InspectFilter, take: TakeRecords): Subscription;
  /** Rejects when the replica says no, or nothing within seconds (an Error that says so). */
  ask<Asked extends Question>(sid: number, question: Asked): Promise<AnswerTo<Asked>>;
}
