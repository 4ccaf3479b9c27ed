/**
 * The bodies of frames between replicas: what is written is read; what is cut, too long or cannot
 * mean what its field stands for is refused with JuteError, never with anything else.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JuteError, JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { sessionIdFromHalves } from '../../protocol/session-id.ts';
import {
  type Beat,
  type Greeting,
  type Leadership,
  type ReplicaState,
  readBeat,
  readGreeting,
  readLeadership,
  readStatus,
  readTouch,
  readZxid,
  type Status,
  writeBeat,
  writeGreeting,
  writeLeadership,
  writeStatus,
} from '../../protocol/zab.ts';

const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const natural = fc.maxSafeNat();
const epoch = fc.nat({ max: 2 ** 21 - 2 });
const nobody = { leader: 0, zxid: -1, epoch: -1 };

const statuses: fc.Arbitrary<Status> = fc.record({
  state: fc.constantFrom<ReplicaState>(0, 1, 2, 3),
  isEstablished: fc.boolean(),
  round: fc.nat({ max: 2 ** 31 - 1 }),
  vote: fc.oneof(
    fc.constant(nobody),
    fc.record({ leader: fc.integer({ min: 1, max: 255 }), zxid: natural, epoch }),
  ),
  configVersion: natural,
  configSum: int,
  config: fc.string(),
  startedMs: fc.nat({ max: 8.64e15 }),
  twin: int,
  pulse: natural,
  broadcastSeq: natural,
  learners: fc.array(
    fc.record({
      sid: fc.integer({ min: 1, max: 255 }),
      link: int,
      taken: natural,
      sent: natural,
    }),
    { maxLength: 9 },
  ),
});
const beats: fc.Arbitrary<Beat> = fc.record({
  logged: natural,
  pulse: natural,
  digestZxid: natural,
  digest: natural,
});
const touches = fc.array(
  fc.record({ high: int, low: int, timeoutMs: fc.nat({ max: 2 ** 31 - 1 }) }).map((touch) => ({
    ...touch,
    id: sessionIdFromHalves(touch.high, touch.low),
  })),
  { maxLength: 9 },
);
const greetings: fc.Arbitrary<Greeting> = fc.record({
  votes: fc.boolean(),
  acceptedEpoch: epoch,
  currentEpoch: epoch,
  lastZxid: natural,
  wantsSnapshot: fc.boolean(),
});
const leaderships: fc.Arbitrary<Leadership> = fc.record({
  lastZxid: natural,
  broadcastSeq: natural,
});

const written = (write: (writer: JuteWriter) => void): Buffer => {
  const writer = new JuteWriter(1);
  write(writer);
  return writer.copy();
};

function readBeatAndTouches(reader: JuteReader) {
  const beat = readBeat(reader);
  const list = [];
  while (reader.remaining > 0) list.push(readTouch(reader));
  return { beat, touches: list };
}

interface Body<T> {
  readonly name: string;
  readonly values: fc.Arbitrary<T>;
  readonly write: (writer: JuteWriter, value: T) => void;
  readonly read: (reader: JuteReader) => T;
  /** Lengths at which it may end: of a list that goes on to the end of the frame. */
  readonly isWhole?: (length: number) => boolean;
}

function body<T>(made: Body<T>): Body<unknown> {
  return made as Body<unknown>;
}

const bodies: readonly Body<unknown>[] = [
  body({ name: 'status', values: statuses, write: writeStatus, read: readStatus }),
  body({
    name: 'beat',
    values: fc.record({ beat: beats, touches }),
    write: (writer, value) => writeBeat(writer, value.beat, value.touches),
    read: readBeatAndTouches,
    isWhole: (length) => length >= 32 && (length - 32) % 12 === 0,
  }),
  body({ name: 'greeting', values: greetings, write: writeGreeting, read: readGreeting }),
  body({ name: 'leadership', values: leaderships, write: writeLeadership, read: readLeadership }),
];

for (const { name, values, write, read, isWhole = () => false } of bodies) {
  const bytesOf = (value: unknown) => written((writer) => write(writer, value));

  describe(`the body of a ${name}`, () => {
    test('is read as it was written, to its last byte', () => {
      fc.assert(
        fc.property(values, (value) => {
          const reader = new JuteReader(bytesOf(value));

          expect(read(reader)).toEqual(value);
          expect(reader.remaining).toBe(0);
        }),
      );
    });

    test('cut anywhere is refused', () => {
      fc.assert(
        fc.property(values, (value) => {
          const bytes = bytesOf(value);
          for (let end = 0; end < bytes.length; end++) {
            if (isWhole(end)) continue;
            expect(() => read(new JuteReader(bytes.subarray(0, end)))).toThrow(JuteError);
          }
        }),
        { numRuns: 30 },
      );
    });

    test('with a few bytes more is refused', () => {
      fc.assert(
        fc.property(values, fc.uint8Array({ minLength: 1, maxLength: 11 }), (value, more) => {
          const bytes = Buffer.concat([bytesOf(value), more]);

          expect(() => read(new JuteReader(bytes))).toThrow(JuteError);
        }),
      );
    });

    test('with any bytes changed is refused, or is read and can be written again', () => {
      const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 5 });
      fc.assert(
        fc.property(values, changes, (value, list) => {
          const bytes = bytesOf(value);
          for (const [at, byte] of list) bytes[at % bytes.length] = byte;
          let found: unknown;
          try {
            found = read(new JuteReader(bytes));
          } catch (failure) {
            expect(failure).toBeInstanceOf(JuteError);
            return;
          }
          expect(read(new JuteReader(bytesOf(found)))).toEqual(found);
        }),
        { numRuns: 500 },
      );
    });
  });
}

describe('what no replica says is refused', () => {
  const status: Status = {
    ...{ state: 2, isEstablished: true, round: 3, vote: nobody, configVersion: 0, configSum: 1 },
    ...{ config: '', startedMs: 1, twin: 0, pulse: 3, broadcastSeq: 2, learners: [] },
  };
  const learner = { sid: 1, link: 1, taken: 1, sent: 1 };
  const greeting: Greeting = {
    ...{ votes: true, acceptedEpoch: 1, currentEpoch: 1, lastZxid: 1 },
    wantsSnapshot: false,
  };

  const wrongStatuses: [what: string, change: Partial<Record<keyof Status, unknown>>][] = [
    ['a fifth state', { state: 4 }],
    ['a negative state', { state: -1 }],
    ['a negative round', { round: -1 }],
    ['a vote for a negative sid', { vote: { ...nobody, leader: -1 } }],
    ['a vote for sid 256', { vote: { ...nobody, leader: 256 } }],
    ['a vote with zxid -2', { vote: { ...nobody, zxid: -2 } }],
    ['a vote of an epoch after which there is none', { vote: { ...nobody, epoch: 2 ** 21 - 1 } }],
    ['a negative config version', { configVersion: -1 }],
    ['a start before 1970', { startedMs: -1 }],
    ['a start that is no date', { startedMs: 8.64e15 + 1 }],
    ['a negative broadcast', { broadcastSeq: -1 }],
    ['learner 0', { learners: [{ ...learner, sid: 0 }] }],
    ['learner 256', { learners: [{ ...learner, sid: 256 }] }],
    ['a learner with less than nothing taken', { learners: [{ ...learner, taken: -1 }] }],
    ['a learner with less than nothing sent', { learners: [{ ...learner, sent: -1 }] }],
    ['more learners than sids', { learners: new Array(256).fill(learner) }],
  ];
  for (const [what, change] of wrongStatuses) {
    test(`a status with ${what}`, () => {
      const bytes = written((writer) => writeStatus(writer, { ...status, ...change } as Status));

      expect(() => readStatus(new JuteReader(bytes))).toThrow(JuteError);
    });
  }

  test('a status with a count of learners that it does not hold, also a negative one', () => {
    const bytes = written((writer) => writeStatus(writer, status));
    for (const count of [1, -1, -2, 255, 256, 2 ** 31 - 1, -(2 ** 31)]) {
      // Behind it stands an empty text.
      bytes.writeInt32BE(count, bytes.length - 8);

      expect(() => readStatus(new JuteReader(bytes))).toThrow(JuteError);
    }
  });

  test('a number of 64 bits that is not exact, in any place', () => {
    const bytes = written((writer) => writeLeadership(writer, { lastZxid: 1, broadcastSeq: 1 }));
    for (const at of [0, 8]) {
      for (const value of [2n ** 53n, 2n ** 63n - 1n, -1n, -(2n ** 63n)]) {
        const wrong = Buffer.from(bytes);
        wrong.writeBigInt64BE(value, at);

        expect(() => readLeadership(new JuteReader(wrong))).toThrow(JuteError);
        expect(() => readZxid(new JuteReader(wrong.subarray(at)))).toThrow(JuteError);
      }
    }
  });

  test('a greeting after whose epoch there is none, or with a negative number', () => {
    for (const change of [
      { acceptedEpoch: 2 ** 21 - 1 },
      { currentEpoch: 2 ** 21 - 1 },
      { acceptedEpoch: -1 },
      { currentEpoch: -1 },
      { lastZxid: -1 },
    ]) {
      const bytes = written((writer) => writeGreeting(writer, { ...greeting, ...change }));

      expect(() => readGreeting(new JuteReader(bytes))).toThrow(JuteError);
    }
  });

  test('a touch with a negative timeout', () => {
    const bytes = written((writer) => writer.halves(1, 2).int(-1));

    expect(() => readTouch(new JuteReader(bytes))).toThrow(JuteError);
  });
});
