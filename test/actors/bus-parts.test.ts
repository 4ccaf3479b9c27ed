/**
 * Frames in parts: what was cut is joined; what was lost, doubled, mixed up or made up costs whole
 * frames, never a wrong one, and never more memory than allowed.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  FrameCutter,
  frameBytesMax,
  needsParts,
  PartJoiner,
  partHeadBytes,
  partMark,
} from '../../actors/bus-parts.ts';
import { systemRandom } from '../../actors/random.ts';

const partBytesMax = partHeadBytes + 10;
const cutterOf = () => new FrameCutter(systemRandom);
const cut = (cutter: FrameCutter, frame: Uint8Array, bytesMax = partBytesMax) =>
  [...cutter.cut(frame, bytesMax)].map((part) => Buffer.from(part));

/** Joins parts as they come; returns the frames. */
function joined(joiner: PartJoiner, parts: readonly Uint8Array[], listener = 1): string[] {
  const frames = parts.map((part) => joiner.join(listener, part, 0));
  return frames.filter((frame) => frame !== null).map((frame) => text(frame));
}

const text = (frame: Uint8Array) => Buffer.from(frame).toString('latin1');

/** Frames told apart by their first byte, of lengths around those of whole parts. */
const frames = fc
  .array(fc.integer({ min: 1, max: 45 }), { maxLength: 12 })
  .map((lengths) => lengths.map((length, at) => Buffer.alloc(length, Buffer.of(at + 1, 7, 9))));

test('large frames need parts, and those that look like a part', () => {
  const frame = (length: number, first: number) => Buffer.alloc(length, first);

  expect(needsParts(frame(0, 0), 100)).toBe(false);
  expect(needsParts(frame(100, 127), 100)).toBe(false);
  expect(needsParts(frame(101, 1), 100)).toBe(true);
  expect(needsParts(frame(1, partMark), 100)).toBe(true);
});

test('parts are as long as allowed, and no longer', () => {
  const lengths = cut(cutterOf(), Buffer.alloc(25, 1)).map((part) => part.length - partHeadBytes);

  expect(lengths).toEqual([10, 10, 5]);
});

test('what nobody could join is not cut', () => {
  expect(() => cut(cutterOf(), Buffer.alloc(0))).toThrow();
  expect(() => cut(cutterOf(), Buffer.alloc(frameBytesMax + 1, 1))).toThrow();
  expect(() => cut(cutterOf(), Buffer.alloc(1, 1), partHeadBytes)).toThrow();
});

test('frames of several senders, their parts mixed, all arrive in order', () => {
  fc.assert(
    fc.property(fc.tuple(frames, frames, frames), fc.infiniteStream(fc.nat(2)), (sent, picks) => {
      const senders = sent.map((each) => {
        const cutter = cutterOf();
        return each.flatMap((frame) => cut(cutter, frame));
      });
      const heard = senders.map((): string[] => []);
      const joiner = new PartJoiner();
      while (senders.some((parts) => parts.length > 0)) {
        const at = picks.next().value as number;
        const part = senders[at]!.shift();
        if (part !== undefined) heard[at]!.push(...joined(joiner, [part]));
      }

      expect(heard).toEqual(sent.map((each) => each.map(text)));
      expect([joiner.bytes, joiner.assemblies]).toEqual([0, 0]);
    }),
  );
});

test('lost, doubled and reordered parts cost frames, and change none', () => {
  const fates = fc.infiniteStream(
    fc.constantFrom<'keep' | 'lose' | 'double' | 'delay'>(
      'keep',
      'keep',
      'lose',
      'double',
      'delay',
    ),
  );
  fc.assert(
    fc.property(frames, fates, (sent, fate) => {
      const cutter = cutterOf();
      const arriving: Buffer[] = [];
      const late: Buffer[] = [];
      for (const part of sent.flatMap((frame) => cut(cutter, frame))) {
        const what = fate.next().value as string;
        if (what === 'delay') late.push(part);
        else if (what !== 'lose') arriving.push(part, ...late.splice(0));
        if (what === 'double') arriving.push(part);
      }
      const joiner = new PartJoiner(100);
      const heard = joined(joiner, arriving);

      const known = new Set(sent.map(text));
      expect(heard.every((frame) => known.has(frame))).toBe(true);
      expect(joiner.bytes).toBeLessThanOrEqual(100);
    }),
  );
});

test('after a loss the next whole frame arrives', () => {
  fc.assert(
    fc.property(fc.integer({ min: 11, max: 45 }), fc.nat(), (length, pick) => {
      const cutter = cutterOf();
      const joiner = new PartJoiner();
      const broken = cut(cutter, Buffer.alloc(length, 'broken'));
      broken.splice(pick % broken.length, 1);
      const whole = cut(cutter, Buffer.alloc(45, 'whole'));

      expect(joined(joiner, [...broken, ...whole])).toEqual([text(Buffer.alloc(45, 'whole'))]);
    }),
  );
});

test('halves of two frames do not make one (equal lengths)', () => {
  const cutter = cutterOf();
  const [first, second] = ['a', 'b'].map((fill) => cut(cutter, Buffer.alloc(20, fill)));

  expect(joined(new PartJoiner(), [first![0]!, second![1]!])).toEqual([]);
});

test('a part that speaks of another length ends the frame', () => {
  const parts = cut(cutterOf(), Buffer.alloc(30, 'a'));
  parts[1]!.writeUInt32BE(20, 17);
  const joiner = new PartJoiner();

  expect(joined(joiner, parts)).toEqual([]);
  expect(joiner.bytes).toBe(0);
});

test('whatever bytes arrive, the joiner stays within its bounds', () => {
  const part = fc
    .record({
      nonce: fc.nat(1),
      number: fc.nat(1),
      offset: fc.constantFrom(0, 10, 20),
      total: fc.constantFrom(0, 15, 25, 30, 101, 0xffff_ffff),
      length: fc.constantFrom(0, 1, 10, 20),
    })
    .map(({ nonce, number, offset, total, length }) => {
      const head = Buffer.alloc(partHeadBytes, partMark);
      head[8] = nonce;
      head.writeUInt32BE(number, 9);
      head.writeUInt32BE(offset, 13);
      head.writeUInt32BE(total, 17);
      return Buffer.concat([head, Buffer.alloc(length, number)]);
    });
  const anything = fc.oneof(part, fc.uint8Array({ maxLength: 30 }));
  fc.assert(
    fc.property(fc.array(anything, { maxLength: 60 }), (parts) => {
      const joiner = new PartJoiner(100);
      for (const each of parts) {
        const frame = joiner.join(1, each, 0);
        if (frame !== null) expect([15, 25, 30, 101]).toContain(frame.length);
        if (frame !== null) expect(new Set(frame).size).toBe(1);
        expect(joiner.bytes).toBeLessThanOrEqual(100);
        expect(joiner.bytes === 0).toBe(joiner.assemblies === 0);
      }
    }),
  );
});

test('two listeners may hear the same parts', () => {
  const joiner = new PartJoiner();
  const frame = Buffer.alloc(25, 'x');
  const heard = cut(cutterOf(), frame).map((part) => [
    ...joined(joiner, [part], 1),
    ...joined(joiner, [part], 2),
  ]);

  expect(heard).toEqual([[], [], [text(frame), text(frame)]]);
});

test('the oldest assembly makes room for a new one', () => {
  const joiner = new PartJoiner(60);
  const [first, second, third] = [1, 2, 3].map((at) => cut(cutterOf(), Buffer.alloc(25, at)));

  joined(joiner, [first![0]!, second![0]!, third![0]!]);
  expect([joiner.bytes, joiner.assemblies]).toEqual([50, 2]);
  const rest = [first!, second!, third!].flatMap((parts) => joined(joiner, parts.slice(1)));

  expect(rest).toEqual([2, 3].map((at) => text(Buffer.alloc(25, at))));
});

test('senders beyond a number make the oldest give way (1024)', () => {
  const joiner = new PartJoiner();
  for (let at = 0; at < 1100; at++)
    joined(joiner, cut(cutterOf(), Buffer.alloc(25, 1)).slice(0, 1));

  expect(joiner.assemblies).toBe(1024);
});

test('a frame that nobody goes on with is dropped after ten seconds', () => {
  const joiner = new PartJoiner();
  const parts = cut(cutterOf(), Buffer.alloc(25, 1));
  joiner.join(1, parts[0]!, 0);
  joiner.join(1, parts[1]!, 5000);

  joiner.dropStale(15_000);
  expect(joiner.bytes).toBe(25);
  joiner.dropStale(15_001);

  expect([joiner.bytes, joiner.assemblies]).toEqual([0, 0]);
  expect(joiner.join(1, parts[2]!, 15_002)).toBe(null);
});

test('a cleared joiner starts anew', () => {
  const joiner = new PartJoiner();
  const parts = cut(cutterOf(), Buffer.alloc(25, 1));
  joined(joiner, parts.slice(0, 2));

  joiner.clear();

  expect(joined(joiner, parts.slice(2))).toEqual([]);
  expect(joiner.bytes).toBe(0);
  expect(joined(joiner, parts)).toHaveLength(1);
});
