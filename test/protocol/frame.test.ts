/**
 * The frame splitter under every cut, every stop and every claimed length. That the real stream of
 * a ZooKeeper comes out whole is held in golden.test.ts.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameSplitter } from '../../protocol/frame.ts';
import { framed } from '../support/raw-client.ts';

const bytesMax = 64;

function collect(out: string[]): FrameSplitter {
  return new FrameSplitter(bytesMax, (chunk, start, end) => {
    out.push(chunk.toString('hex', start, end));
    return true;
  });
}

const length = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

describe('a stream of frames', () => {
  test('comes out whole (any frames, any cuts)', () => {
    const frame = fc.uint8Array({ maxLength: bytesMax });
    fc.assert(
      fc.property(fc.array(frame), fc.array(fc.nat(1000)), (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map(framed));
        const out: string[] = [];
        const splitter = collect(out);
        const places = cuts.filter((cut) => cut < stream.length).sort((one, two) => one - two);
        let from = 0;

        for (const to of [...places, stream.length]) {
          splitter.push(Buffer.from(stream.subarray(from, to)), 0, to - from);
          from = to;
        }

        expect(out).toEqual(payloads.map((bytes) => Buffer.from(bytes).toString('hex')));
      }),
    );
  });

  test('an empty frame is a frame', () => {
    const out: string[] = [];

    collect(out).push(length(0), 0, 4);

    expect(out).toEqual(['']);
  });

  test('a frame that lies whole in its chunk is handed on in place', () => {
    const chunk = framed(Buffer.from('abc'));
    let seen: Buffer | null = null;
    const splitter = new FrameSplitter(bytesMax, (buffer) => {
      seen = buffer;
      return true;
    });

    splitter.push(chunk, 0, chunk.length);

    expect(seen).toBe(chunk);
  });

  test('only the given part of a chunk is read', () => {
    const out: string[] = [];
    const chunk = Buffer.concat([Buffer.from('!!'), framed(Buffer.from('a')), Buffer.from('!!')]);

    expect(collect(out).push(chunk, 2, 7)).toBe(7);
    expect(out).toEqual(['61']);
  });
});

describe('a sink that says stop', () => {
  const one = framed(Buffer.from('one'));
  const two = framed(Buffer.from('two'));

  test('is obeyed at once, and the rest of the chunk can be pushed later', () => {
    const out: string[] = [];
    const splitter = new FrameSplitter(bytesMax, (chunk, start, end) => {
      out.push(chunk.toString('utf8', start, end));
      return out.length !== 1;
    });
    const stream = Buffer.concat([one, two]);

    const used = splitter.push(stream, 0, stream.length);
    expect([used, out]).toEqual([one.length, ['one']]);

    expect(splitter.push(stream, used, stream.length)).toBe(stream.length);
    expect(out).toEqual(['one', 'two']);
  });

  test('is obeyed for a frame that came in two chunks', () => {
    const out: string[] = [];
    const splitter = new FrameSplitter(bytesMax, (chunk, start, end) => {
      out.push(chunk.toString('utf8', start, end));
      return out.length !== 1;
    });
    const rest = Buffer.concat([one.subarray(5), two]);

    splitter.push(Buffer.from(one.subarray(0, 5)), 0, 5);
    const used = splitter.push(rest, 0, rest.length);
    expect([used, out]).toEqual([2, ['one']]);

    splitter.push(rest, used, rest.length);
    expect(out).toEqual(['one', 'two']);
  });
});

describe('a hostile length', () => {
  for (const claimed of [-1, -(2 ** 31), bytesMax + 1, 2 ** 31 - 1, 0x72756f6b]) {
    for (const cut of [0, 2]) {
      test(`${claimed} is refused (length cut at ${cut})`, () => {
        const out: string[] = [];
        const splitter = collect(out);
        const bytes = length(claimed);

        splitter.push(bytes, 0, cut);
        expect(splitter.push(bytes, cut, 4)).toBe(-1);

        expect(splitter.refusedLength).toBe(claimed);
        expect(out).toEqual([]);
      });
    }
  }

  test('the longest allowed frame passes', () => {
    const out: string[] = [];
    const chunk = framed(Buffer.alloc(bytesMax));

    expect(collect(out).push(chunk, 0, chunk.length)).toBe(chunk.length);
    expect(out).toHaveLength(1);
  });

  test('frames before it are still handed on', () => {
    const out: string[] = [];
    const chunk = Buffer.concat([framed(Buffer.from('a')), length(-5)]);

    expect(collect(out).push(chunk, 0, chunk.length)).toBe(-1);
    expect(out).toEqual(['61']);
  });
});
