/**
 * The seal of stored values that are no batch frames: a CRC-32 over key and value in front of the
 * value, since LMDB has none and would hand out a flipped bit as it is. Over the key too, so that a
 * value that got under another one's key is noticed.
 */

import { crc32 } from 'node:zlib';
import { assert } from '../protocol/assert.ts';

export const sealBytes = 4;

/** Seals what lies behind the room for it. */
export function seal(key: Buffer, stored: Buffer): void {
  assert(stored.length >= sealBytes, 'sealed: there is room for the seal');
  stored.writeUInt32BE(sealOf(key, stored), 0);
}

/** What is behind the seal, in place; null when it is damaged. */
export function unsealedBytes(key: Buffer, stored: Buffer): Buffer | null {
  if (stored.length < sealBytes || stored.readUInt32BE(0) !== sealOf(key, stored)) return null;
  return stored.subarray(sealBytes);
}

/** A small value, as JSON. */
export function sealed(key: Buffer, value: unknown): Buffer {
  const stored = Buffer.concat([Buffer.alloc(sealBytes), Buffer.from(JSON.stringify(value))]);
  seal(key, stored);
  return stored;
}

/** Undefined when it is damaged. */
export function unsealed(key: Buffer, stored: Buffer): unknown {
  const text = unsealedBytes(key, stored);
  return text === null ? undefined : JSON.parse(text.toString());
}

const sealOf = (key: Buffer, stored: Buffer): number =>
  crc32(stored.subarray(sealBytes), crc32(key));
