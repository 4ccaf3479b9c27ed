/**
 * A value as it may be shown: plain JSON of bounded size. Bytes are told by their length, so that
 * no data of a znode leaves the replica this way; what is too long or too deep is cut, and says so.
 */

const depthMax = 6;
const itemsMax = 50;
const lettersMax = 200;

export function shownValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return shownText(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return `<${value.byteLength} bytes>`;
  if (depth === depthMax) return '…';
  if (Array.isArray(value)) return shownList(value, depth);
  if (value instanceof Map) return shownFields([...value], depth);
  if (value instanceof Set) return shownList([...value], depth);
  return shownFields(Object.entries(value), depth);
}

function shownText(text: string): string {
  return text.length <= lettersMax ? text : `${text.slice(0, lettersMax)}… (${text.length})`;
}

function shownList(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, itemsMax).map((item) => shownValue(item, depth + 1));
  return items.length <= itemsMax ? shown : [...shown, `… ${items.length - itemsMax} more`];
}

function shownFields(fields: readonly (readonly [unknown, unknown])[], depth: number): object {
  const shown = fields
    .slice(0, itemsMax)
    .map(([key, value]) => [String(key), shownValue(value, depth + 1)] as const);
  const rest = fields.length - itemsMax;
  return Object.fromEntries(rest > 0 ? [...shown, ['…', `${rest} more`] as const] : shown);
}
