/** What differs between two values of JSON; nothing of the browser. */

/** Are they the same, all the way down? */
export function isSame(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (!isBranch(one) || !isBranch(other)) return false;
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => key in other && isSame(one[key], other[key]));
}

/** Has it parts that can be unfolded? */
export function isBranch(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null;
}

/** The part of that name; undefined where there is none. */
export function partOf(value: unknown, key: string): unknown {
  return isBranch(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

/** A value on one line, cut where it gets long. */
export function shortText(value: unknown, charsMax = 60): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
