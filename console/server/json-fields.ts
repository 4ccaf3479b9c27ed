/**
 * Fields of JSON that somebody sent, each with its type and its bounds. Whatever is missing, of
 * another type or too large is refused with a sentence that names the field.
 */

import { Refusal } from './refusal.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

const badRequest = 400;

function fault(name: string, wanted: string): Refusal {
  return new Refusal(badRequest, `"${name}" must be ${wanted}`);
}

/** An object and no array; `name` is what it is called in the sentence. */
export function objectOf(value: unknown, name: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new Refusal(badRequest, `${name} must be a JSON object`);
}

export function textField(from: JsonObject, name: string, lengthMax: number): string {
  const value = from[name];
  if (typeof value === 'string' && value.length <= lengthMax) return value;
  throw fault(name, `a text of at most ${lengthMax} characters`);
}

export function wordField<Word extends string>(
  from: JsonObject,
  name: string,
  words: readonly Word[],
): Word {
  const found = words.find((word) => word === from[name]);
  if (found === undefined) throw fault(name, `one of ${words.join(', ')}`);
  return found;
}

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

export function integerField(from: JsonObject, name: string, { min, max }: Bounds): number {
  const value = from[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) {
    return value;
  }
  throw fault(name, `a whole number from ${min} to ${max}`);
}

export function listField(from: JsonObject, name: string, lengthMax: number): readonly unknown[] {
  const value = from[name];
  if (Array.isArray(value) && value.length <= lengthMax) return value;
  throw fault(name, `a list of at most ${lengthMax} entries`);
}
