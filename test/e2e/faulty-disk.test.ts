/**
 * A disk that fails or hangs under one replica, injected where the log and the snapshots are handed
 * in: nothing is acknowledged from then on, nothing later is written, and the end is told once.
 */

import { afterEach, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../client/client.ts';
import type { LogStore } from '../../storage/log-store.ts';
import type { SnapshotStore } from '../../storage/snapshot-store.ts';
import { WriteFailure } from '../../storage/storage-error.ts';
import type { Stores } from '../../storage/stores.ts';
import { startReplica, type TestReplica } from '../support/replica.ts';
import { fourLetterWord, pause } from '../support/zoo-process.ts';

const words = { isWord: (word: string) => word === 'ruok', answer: () => 'imok' };
const broken = () => Promise.reject(new WriteFailure('log', new Error('I/O error')));
const hangs = () => new Promise<void>(() => {});

/** The log as it is, but for what `append` does once `isFaulty`. */
function faultyLog(log: LogStore, faults: { append: (() => Promise<void>) | null; count: number }) {
  return new Proxy(log, {
    get(target, name) {
      if (name === 'append' && faults.append !== null) {
        faults.count++;
        return faults.append;
      }
      const value = Reflect.get(target, name, target) as unknown;
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

describe('a replica whose log', () => {
  let running: TestReplica | null = null;
  let client: Client | null = null;
  const faults: { append: (() => Promise<void>) | null; count: number } = {
    append: null,
    count: 0,
  };
  const aborts: string[] = [];

  async function start(change: (stores: Stores) => Stores): Promise<void> {
    faults.append = null;
    faults.count = 0;
    aborts.length = 0;
    running = await startReplica({
      settings: { snapCount: 50 },
      stores: change,
      makeWords: () => words,
      aborted: (reason) => void aborts.push(reason),
    });
    client = await connect(`127.0.0.1:${running.port}`, { operationTimeoutMs: 400 });
  }

  const withFaultyLog = (stores: Stores) => ({ ...stores, log: faultyLog(stores.log, faults) });

  afterEach(async () => {
    // A replica that has failed does not stop: production ends its process.
    await client?.close();
    client = null;
    running?.replica.clients.connections.stop();
    running = null;
  });

  /** What came of some writes that were made at once. */
  async function outcomes(count: number): Promise<string[]> {
    const writes = Array.from({ length: count }, (_, at) => client!.create(`/late-${at}`));
    return (await Promise.allSettled(writes)).map(({ status }) => status);
  }

  test('refuses a batch acknowledges nothing from then on and tells its end once', async () => {
    await start(withFaultyLog);
    await client!.create('/early');
    faults.append = broken;
    const first = await outcomes(20);
    faults.append = null;
    const later = await outcomes(20);

    expect([...new Set([...first, ...later])]).toEqual(['rejected']);
    expect(aborts).toEqual(['cannot write log: I/O error']);
    expect(running!.replica.stateName).toBe('failed');
    expect(running!.replica.state.tree.findPath('/late-0')).toBe(-1);
  });

  test('refuses a batch is not given another one: no hole can come of it', async () => {
    await start(withFaultyLog);
    faults.append = broken;
    await outcomes(5);
    const { count } = faults;
    await outcomes(5);

    expect(count).toBe(1);
    expect(faults.count).toBe(1);
  });

  test('never answers acknowledges nothing, and the replica still talks', async () => {
    await start(withFaultyLog);
    await client!.create('/early');
    faults.append = hangs;
    const writes = outcomes(20);
    const seen = await connect(`127.0.0.1:${running!.port}`, { connectWithinMs: 300 }).then(
      () => 'granted',
      () => 'waits',
    );
    const answer = await fourLetterWord(running!.port, 'ruok');

    expect([...new Set(await writes)]).toEqual(['rejected']);
    // A session is a write as well.
    expect(seen).toBe('waits');
    expect(answer).toBe('imok');
    expect(aborts).toEqual([]);
  });

  test('is sound but whose snapshots fail ends too', async () => {
    const broke = (snapshots: SnapshotStore): SnapshotStore =>
      new Proxy(snapshots, {
        get(target, name) {
          if (name === 'writePage') return () => broken();
          const value = Reflect.get(target, name, target) as unknown;
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
    await start((stores) => ({ ...stores, snapshots: broke(stores.snapshots) }));
    for (let round = 0; round < 8 && aborts.length === 0; round++) await outcomes(20);
    await pause(50);
    const after = await Promise.allSettled([client!.create('/after')]);

    expect(aborts).toEqual(['cannot write log: I/O error']);
    expect(after[0]!.status).toBe('rejected');
  });
});

test('a stop in the middle of a start waits for it and leaves no open port', async () => {
  let release = (): void => {};
  let stop = (): Promise<void> => Promise.resolve();
  let started: TestReplica | null = null;
  let beginReading = (): void => {};
  const reading = new Promise<void>((begin) => {
    beginReading = begin;
  });
  const slow = (stores: Stores): Stores => ({
    ...stores,
    snapshots: new Proxy(stores.snapshots, {
      get(target, name) {
        if (name === 'endReading') {
          return () =>
            new Promise<void>((done) => {
              release = () => void target.endReading().then(done);
              beginReading();
            });
        }
        const value = Reflect.get(target, name, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
  });
  let address: unknown = 'none';
  void startReplica({
    stores: slow,
    made: (replica) => {
      stop = async () => {
        await replica.stop();
        address = replica.address;
      };
    },
  }).then((made) => {
    started = made;
  });
  await reading;
  const stopping = stop();
  await pause(50);
  release();
  await stopping;
  await pause(50);

  expect(address).toBeNull();
  expect(started).toBeNull();
});
