/**
 * Settings as they were written, in layers, and typed access to them. Every number, switch and name
 * of the configuration passes through here, so that a wrong one always ends in a ConfigError that
 * says where it stands. Remembers which keys were asked for: the others have no meaning to us.
 */

import type { Assignment } from './config-error.ts';
import { settingFault } from './config-error.ts';

export const int32Max = 0x7fffffff;

export interface IntegerRange {
  readonly fallback: number;
  readonly min: number;
  readonly max?: number;
  readonly unit?: string;
  /** Java reads some properties in this way too: 0xfffff. */
  readonly isHexAllowed?: boolean;
}

/** `-Dzookeeper.x`, `zookeeper.x` and `x` are one key. */
export function canonicalKey(key: string): string {
  return key
    .trim()
    .replace(/^-D/, '')
    .replace(/^zookeeper\./, '');
}

/** Keys that describe the members: a layer that has any of them replaces all of those below. */
const memberKey = /^(server|group|weight)\.\d+$/;

export class SettingValues {
  readonly #assignments = new Map<string, Assignment>();
  readonly #asked = new Set<string>();

  /** Later layers win, and within a layer later assignments. */
  constructor(layers: readonly (readonly Assignment[])[]) {
    for (const layer of layers) {
      if (layer.some(({ key }) => memberKey.test(canonicalKey(key)))) this.#dropMembers();
      for (const assignment of layer) {
        const key = canonicalKey(assignment.key);
        this.#assignments.delete(key);
        this.#assignments.set(key, assignment);
      }
    }
  }

  #dropMembers(): void {
    for (const key of [...this.#assignments.keys()]) {
      if (memberKey.test(key)) this.#assignments.delete(key);
    }
  }

  /** The assignment of a key; one without a value counts as none. */
  find(key: string): Assignment | null {
    this.#asked.add(key);
    const assignment = this.#assignments.get(key);
    return assignment === undefined || assignment.value === '' ? null : assignment;
  }

  text(key: string): string | null {
    return this.find(key)?.value ?? null;
  }

  integer(key: string, range: IntegerRange): number {
    const found = this.find(key);
    return found === null ? range.fallback : parseInteger(found, range);
  }

  /** A TCP port; null when it is not given, or 0 as ZooKeeper has it. */
  port(key: string): number | null {
    const port = this.integer(key, { fallback: 0, min: 0, max: 65535 });
    return port === 0 ? null : port;
  }

  boolean(key: string, fallback: boolean): boolean {
    return this.choice(key, { true: true, false: false, yes: true, no: false }, fallback);
  }

  /** One of a few words, whose case does not count. */
  choice<T>(key: string, choices: Readonly<Record<string, T>>, fallback: T): T {
    const found = this.find(key);
    if (found === null) return fallback;
    const word = found.value.toLowerCase();
    if (Object.hasOwn(choices, word)) return choices[word]!;
    throw settingFault(found, 'not one of its words', Object.keys(choices).join(', '));
  }

  /** The non-empty parts between commas; null when the key is not given. */
  list(key: string): string[] | null {
    const found = this.text(key);
    if (found === null) return null;
    return found
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '');
  }

  /** All assignments of a numbered family such as `server.N`, with N. */
  numbered(family: string): { readonly number: number; readonly assignment: Assignment }[] {
    const found: { number: number; assignment: Assignment }[] = [];
    for (const [key, assignment] of this.#assignments) {
      if (!key.startsWith(`${family}.`)) continue;
      const digits = key.slice(family.length + 1);
      if (!/^\d{1,10}$/.test(digits)) continue;
      this.#asked.add(key);
      found.push({ number: Number(digits), assignment });
    }
    return found;
  }

  /** All assignments whose key starts so. */
  startingWith(prefix: string): Assignment[] {
    const found: Assignment[] = [];
    for (const [key, assignment] of this.#assignments) {
      if (!key.startsWith(prefix)) continue;
      this.#asked.add(key);
      found.push(assignment);
    }
    return found;
  }

  /** What nobody asked for, in the order of the layers. */
  unasked(): Assignment[] {
    return [...this.#assignments]
      .filter(([key]) => !this.#asked.has(key))
      .map(([, assignment]) => assignment);
  }

  /** Is this a key that has been asked for, if one overlooks its case? Gives its right spelling. */
  spellingOf(key: string): string | null {
    const wanted = canonicalKey(key).toLowerCase();
    return [...this.#asked].find((asked) => asked.toLowerCase() === wanted) ?? null;
  }
}

export function parseInteger(assignment: Assignment, range: IntegerRange): number {
  const { min, max = int32Max, unit } = range;
  const valid = `a whole number from ${min} to ${max}${unit === undefined ? '' : ` (${unit})`}`;
  const { value } = assignment;
  const isHex = range.isHexAllowed === true && /^0x[0-9a-f]{1,13}$/i.test(value);
  if (!isHex && !/^[+-]?\d{1,18}$/.test(value)) {
    throw settingFault(assignment, 'not a number', valid);
  }
  const number = Number(value);
  if (number < min || number > max) throw settingFault(assignment, 'out of range', valid);
  return number;
}
