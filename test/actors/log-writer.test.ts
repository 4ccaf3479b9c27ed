/**
 * The log writer: what it reports as logged, in which order, and what it never reports.
 */

import { describe, expect, test } from 'vitest';
import { LogWriter } from '../../actors/log-writer.ts';
import type { Batch } from '../../actors/proposer.ts';
import type { LogStore } from '../../storage/log-store.ts';
import { FakeClock } from '../support/fake-clock.ts';

interface Held {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

function rig() {
  const held: Held[] = [];
  const append = () => new Promise<void>((resolve, reject) => held.push({ resolve, reject }));
  const clock = new FakeClock();
  const seen: string[] = [];
  const writer = new LogWriter({ append } as unknown as LogStore, clock, {
    logged: (batch) => void seen.push(`logged ${batch.firstZxid}`),
    failed: (reason) => void seen.push(`failed: ${reason.message}`),
    flushTook: () => {},
  });
  const batch = (firstZxid: number, frame: Buffer | null): Batch => ({
    frame,
    firstZxid,
    txnCount: frame === null ? 0 : 1,
    requests: [],
    release: () => {},
  });
  const write = (zxid: number) => writer.append(batch(zxid, Buffer.alloc(1)));
  const sync = (zxid: number) => writer.append(batch(zxid, null));
  return { clock, held, seen, writer, write, sync };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('a batch', () => {
  test('counts as logged after its flush, not before', async () => {
    const { held, seen, write } = rig();

    write(1);
    await settled();
    expect(seen).toEqual([]);

    held[0]!.resolve();
    await settled();
    expect(seen).toEqual(['logged 1']);
  });

  test('of syncs alone waits for what is being logged ahead of it', async () => {
    const { held, seen, write, sync } = rig();

    write(1);
    sync(2);
    await settled();
    expect(seen).toEqual([]);

    held[0]!.resolve();
    await settled();
    expect(seen).toEqual(['logged 1', 'logged 2']);
  });

  test('of syncs alone goes at the end of the turn when the log is idle', () => {
    const { clock, seen, sync } = rig();

    sync(1);
    expect(seen).toEqual([]);

    clock.endTurn();
    expect(seen).toEqual(['logged 1']);
  });
});

describe('after a failed flush', () => {
  test('nothing counts as logged, and the failure is told once', async () => {
    const { held, seen, write, sync } = rig();

    write(1);
    write(2);
    sync(3);
    held[0]!.reject(new Error('disk'));
    held[1]!.resolve();
    await settled();
    write(4);
    sync(5);
    await settled();

    expect(seen).toEqual(['failed: disk']);
    expect(held).toHaveLength(2);
  });

  test('of somebody else nothing counts either', async () => {
    const { held, seen, writer, write } = rig();

    write(1);
    writer.halt();
    held[0]!.resolve();
    await settled();

    expect(seen).toEqual([]);
  });
});
