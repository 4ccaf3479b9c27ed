/** What viewers send, checked: it comes from outside. */

/** What is wrong with what should be an InspectFilter; null when nothing is. */
export function filterFault(value: unknown): string | null {
  if (typeof value !== 'object' || value === null) return 'filter: an object is needed';
  const { machines, sids, instance } = value as { [field: string]: unknown };
  if (!isListOf(machines, 'string', 64)) return 'filter.machines: at most 64 names are needed';
  if (sids !== null && !isListOf(sids, 'number', 256)) {
    return 'filter.sids: null or at most 256 numbers are needed';
  }
  if (instance !== null && typeof instance !== 'string') {
    return 'filter.instance: null or a sessionId is needed';
  }
  return null;
}

function isListOf(value: unknown, type: string, max: number): boolean {
  return Array.isArray(value) && value.length <= max && value.every((item) => typeof item === type);
}
