/** JSON as frames of the bus. What cannot be read is null: it came from outside. */

import type { Clock } from '../clock.ts';

/** So many entries of a list are written in one turn. */
const sliceEntries = 200;

export function packJson(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

export function readJson(frame: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString());
  } catch {
    return null;
  }
}

/** As JSON.stringify, but a long list does not hold up the turn. */
export async function jsonInSlices(value: unknown, clock: Clock): Promise<string> {
  if (!Array.isArray(value)) return JSON.stringify(value) ?? 'null';
  const slices: string[] = [];
  for (let from = 0; from < value.length; from += sliceEntries) {
    if (from > 0) await new Promise<void>((resolve) => clock.defer(resolve));
    slices.push(JSON.stringify(value.slice(from, from + sliceEntries)).slice(1, -1));
  }
  return `[${slices.join(',')}]`;
}
