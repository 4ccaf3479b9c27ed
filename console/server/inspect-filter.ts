/**
 * What a viewer says over its WebSocket: which records it wants. Checked for its shape, as it goes
 * on to every replica.
 */

import { machines as catalogue } from '../../machines/index.ts';
import { filterFault } from '../../protocol/inspect-request.ts';
import type { InspectFilter } from '../../protocol/inspection.ts';
import { objectOf } from './json-fields.ts';
import { Refusal } from './refusal.ts';

const badRequest = 400;

export const onlyStatus: InspectFilter = { machines: [], sids: null, instance: null };

/**
 * Names that nobody has are refused: what all viewers want goes on to the replicas together, and is
 * bounded there.
 */
export const machineNames: readonly string[] = [
  ...Object.values(catalogue).map(({ id }) => id),
  'message',
];

/** The filter of a message `{"filter": …}`; what it leaves out is null. @throws Refusal */
export function filterOf(text: string): InspectFilter {
  const said = objectOf(objectOf(parse(text), 'the message').filter, '"filter"');
  const given = { sids: null, instance: null, ...said };
  const fault = filterFault(given);
  if (fault !== null) throw new Refusal(badRequest, fault);
  const filter = given as unknown as InspectFilter;
  const strange = filter.machines.find((name) => !machineNames.includes(name));
  if (strange !== undefined) {
    const known = machineNames.join(', ');
    throw new Refusal(badRequest, `filter.machines: '${strange}' is none of ${known}`);
  }
  const { sids, instance } = filter;
  return { machines: [...new Set(filter.machines)], sids, instance };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(badRequest, 'the message is no JSON');
  }
}
