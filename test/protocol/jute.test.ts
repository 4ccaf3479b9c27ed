/**
 * The encoding of single values: what is written is read back, null and empty stay apart, and no
 * length that a hostile peer claims makes the reader go past the record or allocate for it.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  copyBytes,
  getInt,
  getLong,
  JuteError,
  JuteReader,
  JuteWriter,
  liesAt,
  putInt,
  putLong,
} from '../../protocol/jute.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reader = (text: string): JuteReader => new JuteReader(hex(text));
const written = (write: (writer: JuteWriter) => unknown): string => {
  const writer = new JuteWriter(1);
  write(writer);
  return writer.copy().toString('hex');
};

describe('ints, longs and booleans', () => {
  test('are big-endian two’s complement', () => {
    expect(written((writer) => writer.int(-2))).toBe('fffffffe');
    expect(written((writer) => writer.int(0x01020304))).toBe('01020304');
    expect(written((writer) => writer.long(-1))).toBe('ffffffffffffffff');
    expect(written((writer) => writer.long(0x1_0000_0002))).toBe('0000000100000002');
    expect(written((writer) => writer.boolean(true).boolean(false))).toBe('0100');
  });

  test('come back as they were (any safe integer)', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer(), (long, int) => {
        const bytes = hex(written((writer) => writer.long(long).int(int)));
        const back = new JuteReader(bytes);

        expect([back.long(), back.int(), back.remaining]).toEqual([long, int, 0]);
        expect([getLong(bytes, 0), getInt(bytes, 8)]).toEqual([long, int]);
      }),
    );
  });

  test('putInt and putLong write what the writer writes', () => {
    const bytes = Buffer.alloc(12);

    expect(putInt(bytes, putLong(bytes, 0, -5_000_000_000), -7)).toBe(12);
    expect(bytes.toString('hex')).toBe(written((writer) => writer.long(-5_000_000_000).int(-7)));
  });

  test('a long leaves its halves, all 64 bits of them', () => {
    const back = reader('8000000000000001');
    back.long();

    expect([back.high, back.low]).toEqual([-(2 ** 31), 1]);
    expect(written((writer) => writer.halves(back.high, back.low))).toBe('8000000000000001');
  });

  test('a long that is no safe integer is an assertion, not a wrong number', () => {
    expect(() => new JuteWriter().long(2 ** 53)).toThrow(/safe integer/);
  });

  test('any byte but zero is true', () => {
    expect(reader('02').boolean()).toBe(true);
  });
});

describe('strings and buffers', () => {
  test('null, empty and text are three things', () => {
    expect(written((writer) => writer.string(null).string('').string('é'))).toBe(
      'ffffffff0000000000000002c3a9',
    );
    const back = reader('ffffffff 00000000 00000002c3a9');
    expect([back.string(), back.string(), back.string()]).toEqual([null, '', 'é']);
    const bytes = reader('ffffffff 00000000 00000001 07');
    expect([bytes.bytes(), bytes.bytes(), bytes.bytes()]).toEqual([null, hex(''), hex('07')]);
  });

  test('come back as they were (any text, any bytes)', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.uint8Array(), (text, bytes) => {
        const encoded = hex(written((writer) => writer.string(text).bytes(bytes)));
        const back = new JuteReader(encoded);

        expect(back.string()).toBe(text);
        expect([...back.bytes()!]).toEqual([...bytes]);
      }),
    );
  });

  test('bytes are read in place, not copied', () => {
    const source = hex('00000002 0102');

    const view = new JuteReader(source).bytes()!;
    source[4] = 9;

    expect(view[0]).toBe(9);
  });

  test('slice and raw write a part of another buffer (short and long)', () => {
    for (const size of [3, 200]) {
      const source = Buffer.alloc(size + 2, 7);
      const text = '07'.repeat(size);

      expect(written((writer) => writer.raw(source, 1, size + 1))).toBe(text);
      expect(written((writer) => writer.slice(source, 1, size + 1))).toBe(
        size.toString(16).padStart(8, '0') + text,
      );
      const target = Buffer.alloc(size);
      copyBytes(source, 1, size + 1, target, 0);
      expect(target.toString('hex')).toBe(text);
    }
  });

  test('liesAt compares every byte, and none beyond the end', () => {
    const buffer = Buffer.from('/zookeeper/quota');

    expect(liesAt(Buffer.from('/zoo'), buffer, 0)).toBe(true);
    expect(liesAt(Buffer.from('quota'), buffer, 11)).toBe(true);
    expect(liesAt(Buffer.from('quote'), buffer, 11)).toBe(false);
    expect(liesAt(Buffer.from('quota/'), buffer, 11)).toBe(false);
    expect(liesAt(Buffer.alloc(0), buffer, 16)).toBe(true);
  });
});

describe('hostile lengths', () => {
  const hostile: [name: string, text: string, read: (reader: JuteReader) => unknown][] = [
    ['an int cut short', '000000', (back) => back.int()],
    ['a long cut short', '00000000000000', (back) => back.long()],
    ['a boolean cut short', '', (back) => back.boolean()],
    ['a string longer than its record', '00000005 41', (back) => back.string()],
    ['a string of 2 GB', '7fffffff 41', (back) => back.string()],
    ['a string of length -2', 'fffffffe', (back) => back.string()],
    ['a buffer of length -2^31', '80000000', (back) => back.bytes()],
    ['a vector longer than its record', '00000003 00000000', (back) => back.strings()],
    ['a vector of 2^31 - 1', '7fffffff', (back) => back.strings()],
    ['a string cut short in a vector', '00000001 00000009 41', (back) => back.strings()],
  ];
  for (const [name, text, read] of hostile) {
    test(`${name} is refused`, () => {
      expect(() => read(reader(text))).toThrow(JuteError);
    });
  }

  test('the end of the record counts, not the end of the buffer', () => {
    const back = new JuteReader().reset(hex('00000004 01020304'), 0, 6);

    expect(() => back.bytes()).toThrow(JuteError);
  });

  test('no bytes make the reader throw anything but JuteError (any bytes)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        for (const read of ['int', 'long', 'boolean', 'string', 'bytes', 'strings'] as const) {
          const back = new JuteReader(Buffer.from(bytes));
          try {
            for (;;) back[read]();
          } catch (error) {
            expect(error).toBeInstanceOf(JuteError);
          }
          expect(back.position).toBeLessThanOrEqual(back.end);
        }
      }),
    );
  });
});
