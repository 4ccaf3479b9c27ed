/** What viewers send, checked: it comes from outside, and goes on to every replica. */

const machinesMax = 64;
const sidsMax = 256;
const sidMax = 255;
const instanceLengthMax = 128;

/** What is wrong with what should be an InspectFilter; null when nothing is. */
export function filterFault(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'filter: an object is needed';
  const { machines, sids, instance } = value as { [field: string]: unknown };
  if (!isListOf(machines, machinesMax, (name) => typeof name === 'string')) {
    return `filter.machines: a list of at most ${machinesMax} names is needed`;
  }
  if (sids !== null && !isListOf(sids, sidsMax, isSid)) {
    return `filter.sids: null or a list of numbers from 0 to ${sidMax} is needed`;
  }
  if (instance === null) return null;
  if (typeof instance !== 'string' || instance.length > instanceLengthMax) {
    return `filter.instance: null or a sessionId of at most ${instanceLengthMax} letters is needed`;
  }
  return null;
}

function isListOf(value: unknown, max: number, isOne: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.length <= max && value.every(isOne);
}

const isSid = (item: unknown): boolean =>
  Number.isInteger(item) && (item as number) >= 0 && (item as number) <= sidMax;
