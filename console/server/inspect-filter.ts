/**
 * What a viewer says over its WebSocket: which records it wants. Checked for its shape, as it goes
 * on to every replica.
 */

import { machines as catalogue } from '../../machines/index.ts';
import type { InspectFilter } from '../../protocol/inspection.ts';
import { integerField, listField, objectOf, textField, wordField } from './json-fields.ts';
import { Refusal } from './refusal.ts';

const badRequest = 400;
const machinesMax = 64;
const instanceLengthMax = 128;
const sidsMax = 256;
const sidMax = 255;

export const onlyStatus: InspectFilter = { machines: [], sids: null, instance: null };

/**
 * Names that nobody has are refused: what all viewers want goes on to the replicas together, and is
 * bounded there.
 */
export const machineNames: readonly string[] = [
  ...Object.values(catalogue).map(({ id }) => id),
  'message',
];

/** The filter of a message `{"filter": …}`. @throws Refusal */
export function filterOf(text: string): InspectFilter {
  const filter = objectOf(objectOf(parse(text), 'the message').filter, '"filter"');
  const machines = listField(filter, 'machines', machinesMax).map((name) =>
    wordField({ 'each of machines': name }, 'each of machines', machineNames),
  );
  const { sids = null, instance = null } = filter;
  return {
    machines: [...new Set(machines)],
    sids: sids === null ? null : sidsOf(listField(filter, 'sids', sidsMax)),
    instance: instance === null ? null : textField(filter, 'instance', instanceLengthMax),
  };
}

function sidsOf(list: readonly unknown[]): number[] {
  const bounds = { min: 0, max: sidMax };
  return list.map((sid) => integerField({ 'each of sids': sid }, 'each of sids', bounds));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(badRequest, 'the message is no JSON');
  }
}
