/** The header of every frame between replicas: what is written is read, what is not is named. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import {
  beginPacket,
  PacketHeader,
  PacketKind,
  packetHeaderBytes,
  packetVersion,
  putHeader,
  readHeader,
  signedMark,
} from '../../protocol/packet.ts';

const kinds = Object.values(PacketKind);
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const headers = fc.record({
  kind: fc.constantFrom(...kinds),
  sender: fc.integer({ min: 0, max: 255 }),
  incarnation: int,
  link: int,
  epoch: int,
  seq: fc.maxSafeNat(),
});

const sound = { kind: PacketKind.ack, sender: 3, incarnation: 5, link: -7, epoch: 2, seq: 2 ** 40 };

function frameOf(header: Readonly<PacketHeader>, body = 'body'): Buffer {
  const writer = beginPacket(new JuteWriter(4)).string(body);
  const frame = writer.copy();
  putHeader(frame, header);
  return frame;
}

describe('a header', () => {
  test('is read as it was written, and the body behind it', () => {
    fc.assert(
      fc.property(headers, fc.string(), (header, body) => {
        const frame = frameOf(header, body);
        const found = new PacketHeader();

        expect(readHeader(frame, found)).toBeNull();
        expect({ ...found }).toEqual(header);
        const reader = new JuteReader().reset(frame, packetHeaderBytes, frame.length);
        expect(reader.string()).toBe(Buffer.from(body).toString());
        expect(reader.remaining).toBe(0);
      }),
    );
  });

  test('has its fields at fixed places, so that releases understand each other', () => {
    expect(frameOf(sound, '').toString('hex')).toBe(
      '0e010300 00000005 fffffff9 00000002 0000010000000000 00000000'.replaceAll(' ', ''),
    );
  });

  test('that is cut anywhere is truncated, and changes nothing', () => {
    const frame = frameOf(sound);
    for (let end = 0; end < packetHeaderBytes; end++) {
      const found = new PacketHeader();

      expect(readHeader(frame.subarray(0, end), found)).toBe('truncated');
      expect({ ...found }).toEqual({ ...new PacketHeader() });
    }
    expect(readHeader(frame.subarray(0, packetHeaderBytes), new PacketHeader())).toBeNull();
  });

  test('of another version is of a newer format, whatever its kind', () => {
    for (let version = 0; version < 256; version++) {
      const frame = frameOf({ ...sound, kind: 100 });
      frame[1] = version;
      const fault = version === packetVersion ? 'unknown kind' : 'newer format';

      expect(readHeader(frame, new PacketHeader())).toBe(fault);
    }
  });

  test('has one of the known kinds; a signed frame is told apart from an unknown one', () => {
    const known = new Set<number>(kinds);
    for (let kind = 0; kind < 256; kind++) {
      const fault = known.has(kind) ? null : kind === signedMark ? 'signed' : 'unknown kind';

      expect(readHeader(frameOf({ ...sound, kind }), new PacketHeader())).toBe(fault);
    }
    expect(readHeader(Buffer.of(signedMark), new PacketHeader())).toBe('signed');
  });

  test('is made of any bytes, or refused: nothing is thrown', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const fault = readHeader(Buffer.from(bytes), new PacketHeader());

        if (bytes.length < packetHeaderBytes && bytes[0] !== signedMark) {
          expect(fault).toBe('truncated');
        }
      }),
    );
  });
});

test('the kinds are dense from 1, below the marks of signed frames and of parts', () => {
  expect([...kinds].sort((a, b) => a - b)).toEqual(kinds.map((_, at) => at + 1));
  expect(Math.max(...kinds)).toBeLessThan(128);
});
