/**
 * Records in the form of Stately's inspector, one message each, so that its tools can look at a
 * replica. A step is three things there: the event that came, the state it led to, and (ours, which
 * its tools skip) the transitions that were taken. What it has no word for goes out as it is.
 */

import type { ActorRecord, InspectRecord, Stamp, StepRecord } from '../../protocol/inspection.ts';

/** The messages of a record, in order. */
export function statelyMessages(record: InspectRecord): readonly object[] {
  if (record.type === '@xstate.actor') return [actorMessage(record)];
  if (record.type === '@xstate.snapshot') return stepMessages(record);
  return [record];
}

/** It tells a missing definition by a missing field. */
function actorMessage(record: ActorRecord): object {
  const { definition, ...rest } = record;
  return definition === '' ? rest : record;
}

function stepMessages(record: StepRecord): readonly object[] {
  const { sessionId, rootId, machine, event, snapshot, from, to, fired } = record;
  const actor = { ...stampOf(record), sessionId, rootId, machine };
  return [
    { ...actor, type: '@xstate.event', event },
    { ...actor, type: '@xstate.snapshot', event, snapshot },
    { ...actor, type: '@natskeeper.transition', from, to, fired },
  ];
}

function stampOf(record: StepRecord): Stamp {
  const { createdAt, id, _version, sid, epoch, zxid, mono, seq, origin } = record;
  return { createdAt, id, _version, sid, epoch, zxid, mono, seq, origin };
}
