/**
 * Frames larger than the bus carries: cut into parts by the sender, joined by the receiver. A part
 * says whose it is, of which frame, and where in it its bytes belong. The parts of a frame travel
 * in order on one connection; one that is lost, doubled or out of order costs the whole frame, and
 * the layer above sees a gap. Memory is bounded whatever arrives.
 */

import { assert } from '../protocol/assert.ts';
import type { Random } from './random.ts';

/** First byte of a part; the kinds of packets are 1 to 127. */
export const partMark = 0xf0;

/** The largest frame that is carried, and the most that one joiner holds. */
export const frameBytesMax = 64 * 1024 * 1024;

// Mark, sender's nonce, number of the frame, offset of the part in it, length of the frame.
const nonceAt = 1;
const numberAt = 9;
const offsetAt = 13;
const totalAt = 17;
export const partHeadBytes = 21;

const assembliesMax = 1024;
const staleMs = 10_000;

/** Must the frame go in parts, on a bus that carries payloads of this length? */
export function needsParts(frame: Uint8Array, payloadBytesMax: number): boolean {
  return frame.length > payloadBytesMax || frame[0] === partMark;
}

export class FrameCutter {
  readonly #nonce: Buffer;
  #number = 0;

  constructor(random: Random) {
    this.#nonce = random.bytes(numberAt - nonceAt);
  }

  /** The parts of a frame, to be sent in this order, each at most `partBytesMax` long. */
  *cut(frame: Uint8Array, partBytesMax: number): Generator<Buffer, void> {
    const bodyBytesMax = partBytesMax - partHeadBytes;
    assert(bodyBytesMax > 0, 'a part has room for a byte');
    assert(frame.length > 0 && frame.length <= frameBytesMax, 'the frame can be joined');
    this.#number = (this.#number + 1) >>> 0;
    for (let offset = 0; offset < frame.length; offset += bodyBytesMax) {
      const body = frame.subarray(offset, offset + bodyBytesMax);
      const part = Buffer.allocUnsafe(partHeadBytes + body.length);
      part[0] = partMark;
      part.set(this.#nonce, nonceAt);
      part.writeUInt32BE(this.#number, numberAt);
      part.writeUInt32BE(offset, offsetAt);
      part.writeUInt32BE(frame.length, totalAt);
      part.set(body, partHeadBytes);
      yield part;
    }
  }
}

interface Assembly {
  readonly number: number;
  readonly frame: Buffer;
  /** So many bytes of the frame are there. */
  filled: number;
  touchedMs: number;
}

export class PartJoiner {
  /**
   * By listener and sender, oldest first: a frame in assembly. Filled by join; drained by join when
   * a frame is whole or broken, by dropStale and clear, and from its old end when it is full.
   */
  readonly #assemblies = new Map<string, Assembly>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax = frameBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes held. Invariant: the sum over the assemblies, and at most the bound. */
  get bytes(): number {
    return this.#bytes;
  }

  get assemblies(): number {
    return this.#assemblies.size;
  }

  /**
   * Takes a part; returns the frame when this was its last one, else null. `listener` tells apart
   * subscriptions that may each hear the same part.
   */
  join(listener: number, bytes: Uint8Array, nowMs: number): Uint8Array | null {
    const part = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (part.length <= partHeadBytes || part[0] !== partMark) return null;
    const number = part.readUInt32BE(numberAt);
    const offset = part.readUInt32BE(offsetAt);
    const total = part.readUInt32BE(totalAt);
    const body = part.subarray(partHeadBytes);
    const key = `${listener} ${part.toString('latin1', nonceAt, numberAt)}`;
    if (offset === 0) {
      this.#drop(key);
      if (body.length === total) return body;
      this.#begin(key, number, total, nowMs);
    }
    const assembly = this.#assemblies.get(key);
    if (assembly === undefined) return null;
    const { frame } = assembly;
    const isNext =
      assembly.number === number && assembly.filled === offset && frame.length === total;
    if (!isNext || body.length > total - offset) {
      this.#drop(key);
      return null;
    }
    frame.set(body, offset);
    assembly.filled += body.length;
    assembly.touchedMs = nowMs;
    if (assembly.filled < total) return null;
    this.#drop(key);
    return frame;
  }

  /** Drops what has waited too long for its next part. */
  dropStale(nowMs: number): void {
    for (const [key, { touchedMs }] of this.#assemblies) {
      if (nowMs - touchedMs > staleMs) this.#drop(key);
    }
  }

  clear(): void {
    this.#assemblies.clear();
    this.#bytes = 0;
  }

  #begin(key: string, number: number, total: number, nowMs: number): void {
    if (total > this.#bytesMax) return;
    for (const oldest of this.#assemblies.keys()) {
      const hasRoom = this.#bytes + total <= this.#bytesMax;
      if (hasRoom && this.#assemblies.size < assembliesMax) break;
      this.#drop(oldest);
    }
    const frame = Buffer.allocUnsafeSlow(total);
    this.#assemblies.set(key, { number, frame, filled: 0, touchedMs: nowMs });
    this.#bytes += total;
    assert(this.#bytes <= this.#bytesMax, 'assemblies are bounded');
  }

  #drop(key: string): void {
    const assembly = this.#assemblies.get(key);
    if (assembly === undefined) return;
    this.#assemblies.delete(key);
    this.#bytes -= assembly.frame.length;
  }
}
