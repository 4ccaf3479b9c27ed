/**
 * The log writer: what it reports as logged, in which order, what it never reports, and when it
 * counts as settled.
 */

import { crc32 } from 'node:zlib';
import { describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../actors/clock.ts';
import { LogWriter } from '../../actors/log-writer.ts';
import { beginBatch, endBatch, lastZxidOf } from '../../protocol/batch.ts';
import { JuteWriter } from '../../protocol/jute.ts';
import { LmdbLog } from '../../storage/lmdb-log.ts';
import { LogSegment } from '../../storage/log-segment.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryFolder } from '../support/temp.ts';

interface Held {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** A frame of `count` txns that says nothing more, in so many bytes. */
function frameAt(firstZxid: number, count = 1, bytes = 0): Buffer {
  const writer = new JuteWriter();
  beginBatch(writer);
  writer.bytes(Buffer.alloc(bytes));
  return Buffer.from(endBatch(writer, firstZxid, count, crc32));
}

function rig() {
  const held: Held[] = [];
  const hold = () => new Promise<void>((resolve, reject) => held.push({ resolve, reject }));
  const clock = new FakeClock();
  const seen: string[] = [];
  const writer = new LogWriter({ append: hold } as unknown as LogStore, clock, {
    logged: (zxid) => void seen.push(`logged ${zxid}`),
    failed: (reason) => void seen.push(`failed: ${reason.message}`),
    flushTook: (ms) => void seen.push(`flush ${ms}`),
  });
  const note = (what: string) => () => void seen.push(what);
  const append = (zxid: number, count = 1) => writer.append(frameAt(zxid, count));
  const write = (what: string) => writer.write(hold(), note(what));
  const settle = (what: string) => writer.settle(note(what));
  const logged = () => seen.filter((line) => !line.startsWith('flush'));
  return { clock, held, seen, logged, writer, append, write, settle };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a batch', () => {
  test('counts as logged after its flush, up to its last txn, and not before', async () => {
    const { held, logged, append } = rig();

    append(1, 3);
    await turn();
    expect(logged()).toEqual([]);

    held[0]!.resolve();
    await turn();
    expect(logged()).toEqual(['logged 3']);
  });

  test('has its flush timed', async () => {
    const { clock, held, seen, append } = rig();

    append(1);
    clock.advance(7);
    held[0]!.resolve();
    await turn();

    expect(seen).toEqual(['flush 7', 'logged 1']);
  });
});

describe('another write', () => {
  test('is done when it is durable', async () => {
    const { held, logged, write } = rig();

    write('promise');
    await turn();
    expect(logged()).toEqual([]);

    held[0]!.resolve();
    await turn();
    expect(logged()).toEqual(['promise']);
  });

  test('that fails ends the log as a batch does', async () => {
    const { held, logged, append, write } = rig();

    append(1);
    write('promise');
    held[1]!.reject(new Error('disk'));
    await turn();
    held[0]!.resolve();
    append(2);
    await turn();

    expect(logged()).toEqual(['failed: disk']);
    expect(held).toHaveLength(2);
  });
});

describe('settling', () => {
  test('comes behind the word to whoever wrote last', async () => {
    const { held, logged, write, settle } = rig();

    write('adopted');
    settle('settled');
    held[0]!.resolve();
    await turn();

    expect(logged()).toEqual(['adopted', 'settled']);
  });

  test('an idle log takes until the end of the turn, no less', () => {
    const { clock, logged, settle } = rig();

    settle('settled');
    expect(logged()).toEqual([]);

    clock.endTurn();
    expect(logged()).toEqual(['settled']);
  });

  test('waits for all batches and writes that the log was given', async () => {
    const { clock, held, logged, append, write, settle } = rig();

    append(1);
    append(2);
    write('promise');
    settle('settled');
    for (const one of held) {
      expect(logged()).not.toContain('settled');
      one.resolve();
      await turn();
      clock.endTurn();
    }

    expect(logged()).toEqual(['logged 1', 'logged 2', 'promise', 'settled']);
  });

  test('tells all who asked, in order, once', async () => {
    const { clock, held, logged, append, settle } = rig();

    append(1);
    settle('first');
    settle('second');
    held[0]!.resolve();
    await turn();
    clock.endTurn();
    append(2);
    held[1]!.resolve();
    await turn();
    clock.endTurn();

    expect(logged()).toEqual(['logged 1', 'first', 'second', 'logged 2']);
  });

  test('of the second waits for what the first has begun to write (busy log)', async () => {
    const { clock, held, logged, append, writer, write, settle } = rig();

    append(1);
    writer.settle(() => write('adopted'));
    settle('settled');
    held[0]!.resolve();
    await turn();
    clock.endTurn();
    expect(logged()).toEqual(['logged 1']);

    held[1]!.resolve();
    await turn();
    clock.endTurn();
    expect(logged()).toEqual(['logged 1', 'adopted', 'settled']);
  });

  test('of the second waits for what the first has begun to write (idle log)', async () => {
    const { clock, held, logged, writer, write, settle } = rig();

    writer.settle(() => write('adopted'));
    settle('settled');
    clock.endTurn();
    expect(logged()).toEqual([]);

    held[0]!.resolve();
    await turn();
    clock.endTurn();
    expect(logged()).toEqual(['adopted', 'settled']);
  });

  test('an idle log waits for what is appended in the same turn', async () => {
    const { clock, held, logged, append, settle } = rig();

    settle('settled');
    append(1);
    clock.endTurn();
    expect(logged()).toEqual([]);

    held[0]!.resolve();
    await turn();
    clock.endTurn();
    expect(logged()).toEqual(['logged 1', 'settled']);
  });
});

describe('after a failed flush', () => {
  test('nothing counts as logged, done or settled, and the failure is told once', async () => {
    const { held, clock, logged, append, write, settle } = rig();

    append(1);
    append(2);
    write('promise');
    settle('settled');
    held[0]!.reject(new Error('disk'));
    held[1]!.resolve();
    held[2]!.resolve();
    await turn();
    append(4);
    await turn();
    clock.endTurn();

    expect(logged()).toEqual(['failed: disk']);
    expect(held).toHaveLength(3);
  });

  test('of somebody else nothing counts either', async () => {
    const { held, logged, writer, append, write } = rig();

    append(1);
    write('promise');
    writer.halt();
    for (const one of held) one.resolve();
    await turn();

    expect(logged()).toEqual([]);
  });
});

test('a batch in a new segment is not logged before the last one of the old one', async () => {
  const log = await LmdbLog.open({ directory: temporaryFolder(), segmentBytesMax: 1000 });
  const { append } = LogSegment.prototype;
  let flush = () => {};
  const flushed = new Promise<void>((resolve) => {
    flush = resolve;
  });
  const spy = vi.spyOn(LogSegment.prototype, 'append').mockImplementation(function (
    this: LogSegment,
    frame,
    after,
    isAtOnce,
  ) {
    const written = append.call(this, frame, after, isAtOnce);
    return lastZxidOf(frame) === 2 ? written.then(() => flushed) : written;
  });
  const seen: string[] = [];
  const writer = new LogWriter(log, systemClock, {
    logged: (zxid) => void seen.push(`logged ${zxid}`),
    failed: (reason) => void seen.push(`failed: ${reason.message}`),
    flushTook: () => {},
  });
  for (const zxid of [1, 2, 3, 4]) writer.append(frameAt(zxid, 1, 600));
  // Time enough for the flushes that are not held back.
  while (seen.length < 1) await turn();
  for (let turns = 0; turns < 20_000 && seen.length < 3; turns++) await turn();
  expect(seen).toEqual(['logged 1']);

  flush();
  await new Promise<void>((resolve) => writer.settle(resolve));
  expect(seen).toEqual([1, 2, 3, 4].map((zxid) => `logged ${zxid}`));
  spy.mockRestore();
  await log.close();
});
