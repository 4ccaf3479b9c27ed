/**
 * Broken frames by the million: takes sound payloads and damages them the way lines, bad clients
 * and attackers do. Everything comes from one seed, so that a failure is repeated by its number.
 */

import type { SeededRandom } from './seeded-random.ts';

/** Numbers that sit on the edges of what lengths, counts, versions and flags may be. */
const edges = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 13, 14, 16, 22, 100, 102, 255, 1000, 0xffff, 0xffffe, 0xfffff],
  ...[0x100000, 0x7fffff, 0xffffff, 0x1000000, 0x3fffffff, 0x40000000, 0x7ffffffe, 0x7fffffff],
  ...[-1, -2, -4, -8, -10, -11, -100, -0x7fffffff, -0x80000000],
];

const intBytes = 4;

/** What a mutation may draw on: all sound payloads of the run. */
export class Mutator {
  readonly #random: SeededRandom;
  readonly #corpus: readonly Buffer[];

  constructor(random: SeededRandom, corpus: readonly Buffer[]) {
    this.#random = random;
    this.#corpus = corpus;
  }

  /** A damaged copy of `payload`; the first `spared` bytes stay as they are. */
  mutate(payload: Buffer, spared = 0): Buffer {
    let bytes: Buffer = Buffer.from(payload);
    for (let left = 1 + this.#random.below(3); left > 0; left--) bytes = this.#once(bytes, spared);
    return bytes;
  }

  #once(bytes: Buffer, spared: number): Buffer {
    const random = this.#random;
    const open = bytes.length - spared;
    if (open <= 0) return Buffer.concat([bytes, random.bytes(1 + random.below(8))]);
    const at = spared + random.below(open);
    switch (random.below(8)) {
      case 0:
        bytes[at]! ^= 1 << random.below(8);
        return bytes;
      case 1:
        bytes[at] = random.below(256);
        return bytes;
      case 2:
        return bytes.subarray(0, at);
      case 3:
        return this.#setInt(bytes, spared, open);
      case 4:
        return Buffer.concat([bytes.subarray(0, at), random.bytes(random.below(12))]);
      case 5:
        return this.#splice(bytes, at);
      case 6:
        return this.#cut(bytes, at);
      default:
        return this.#repeat(bytes, at);
    }
  }

  /** Puts an edge, or a number near what is there, into four bytes: often a length or a count. */
  #setInt(bytes: Buffer, spared: number, open: number): Buffer {
    if (open < intBytes) return bytes;
    const random = this.#random;
    const at = spared + random.below(open - intBytes + 1);
    const near = bytes.readInt32BE(at) + random.below(5) - 2;
    bytes.writeInt32BE(random.chance(0.7) ? random.pick(edges) : near | 0, at);
    return bytes;
  }

  /** The head of one payload and the tail of another. */
  #splice(bytes: Buffer, at: number): Buffer {
    const other = this.#random.pick(this.#corpus);
    return Buffer.concat([
      bytes.subarray(0, at),
      other.subarray(this.#random.below(other.length + 1)),
    ]);
  }

  /** A piece in the middle is lost. */
  #cut(bytes: Buffer, at: number): Buffer {
    const end = Math.min(bytes.length, at + 1 + this.#random.below(8));
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
  }

  /** A piece comes twice. */
  #repeat(bytes: Buffer, at: number): Buffer {
    const end = Math.min(bytes.length, at + 1 + this.#random.below(40));
    return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at)]);
  }
}

/** The seed of this run: FUZZ_SEED, or the fixed one. */
export const fuzzSeed = Number(process.env['FUZZ_SEED'] ?? 20_260_801);
const framesDefault = 1_300_000;
const scale = Number(process.env['FUZZ_FRAMES'] ?? framesDefault) / framesDefault;

/** How many frames a part of the fuzzing throws, in proportion to FUZZ_FRAMES. */
export function frameShare(frames: number): number {
  return Math.max(1, Math.round(frames * scale));
}

/** Says how to repeat what failed. */
export function replayHint(where: string): string {
  return `${where}; repeat with FUZZ_SEED=${fuzzSeed} npx vitest run test/hostile`;
}
