/**
 * A batch: the txns that are agreed upon, logged, acknowledged and committed together. Its bytes
 * are made once; the log, the bus and every replica use the same ones.
 *
 * Layout: int frame length (this field included), int CRC-32 of all that follows, byte version,
 * three zero bytes, long zxid of the first txn, int number of txns, the txns. zxids in a batch are
 * dense.
 */

import { assert } from './assert.ts';
import { getInt, getLong, type JuteWriter, putInt, putLong } from './jute.ts';

export const batchVersion = 2;
export const batchHeaderBytes = 24;
const crcFrom = 8;

/** A checksum over bytes; injected, since this folder is free of node's modules. */
export type Crc = (bytes: Buffer) => number;

/**
 * What is wrong with a batch frame: bytes are missing, bytes are wrong, it is of another version.
 */
export type BatchFault = 'torn' | 'corrupt' | 'version';

/** Leaves room for the header, behind `headroom` bytes for somebody else. */
export function beginBatch(writer: JuteWriter, headroom = 0): void {
  writer.reset().reserve(headroom + batchHeaderBytes);
  writer.length = headroom + batchHeaderBytes;
}

/** Fills in the header. The writer holds the finished frame afterwards, behind its headroom. */
export function endBatch(
  writer: JuteWriter,
  firstZxid: number,
  count: number,
  crc: Crc,
  headroom = 0,
): Buffer {
  assert(count > 0, 'batch: holds at least one txn');
  const frame = writer.view().subarray(headroom);
  putInt(frame, 0, frame.length);
  frame.fill(0, crcFrom, crcFrom + 4);
  frame[crcFrom] = batchVersion;
  putLong(frame, 12, firstZxid);
  putInt(frame, 20, count);
  putInt(frame, 4, crc(frame.subarray(crcFrom)));
  return frame;
}

/** Checks length, checksum and version of a stored frame; null when all are right. */
export function batchFault(frame: Buffer, crc: Crc): BatchFault | null {
  if (frame.length < batchHeaderBytes) return 'torn';
  const isIntact = getInt(frame, 4) === (crc(frame.subarray(crcFrom)) | 0);
  // With all of it there, only the length itself can be wrong.
  if (!isIntact && getInt(frame, 0) > frame.length) return 'torn';
  if (!isIntact || getInt(frame, 0) !== frame.length) return 'corrupt';
  return frame[crcFrom] === batchVersion ? null : 'version';
}

export function firstZxidOf(frame: Buffer): number {
  return getLong(frame, 12);
}

export function txnCountOf(frame: Buffer): number {
  return getInt(frame, 20);
}

export function lastZxidOf(frame: Buffer): number {
  return firstZxidOf(frame) + txnCountOf(frame) - 1;
}
