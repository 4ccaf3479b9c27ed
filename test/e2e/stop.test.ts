/**
 * SIGTERM: under load, in the middle of a start, twice in a row; and what a data directory allows
 * and refuses at a start: one process at a time, at once again after a kill, no port of another.
 */

import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, ConnectionLossError, connect } from '../../client/client.ts';
import { pause } from '../support/zoo-process.ts';
import { examine } from './evidence.ts';
import { Keeper, whyNoKeeper } from './keeper.ts';

const stopped = { code: 0, signal: null };

describe.skipIf(whyNoKeeper !== null)('a process', () => {
  let keeper: Keeper;

  beforeEach(async () => {
    keeper = await Keeper.make();
  });
  afterEach(() => keeper.remove());

  /** Creates without end, many at a time; notes which were answered, by number. */
  async function createUntilLost(client: Client, name: string): Promise<Set<number>> {
    const acked = new Set<number>();
    const pending = new Set<Promise<void>>();
    for (let number = 0; client.state === 'connected'; number++) {
      const write = client.create(`/${name}-${number}`).then(
        () => void acked.add(number),
        (failure: unknown) => {
          if (!(failure instanceof ConnectionLossError)) throw failure;
        },
      );
      pending.add(write);
      void write.finally(() => pending.delete(write));
      if (pending.size >= 64) await Promise.race(pending);
    }
    await Promise.all(pending);
    return acked;
  }

  test('stopped under load has answered what it did, exits with 0 and goes on later', async () => {
    await keeper.start();
    const names = ['a', 'b', 'c'];
    const clients = await Promise.all(names.map(() => connect(keeper.address)));
    const writing = clients.map((client, at) => createUntilLost(client, names[at]!));
    await pause(400);

    const ending = await keeper.stop();
    const acked = await Promise.all(writing);
    const evidence = await examine(keeper.dataDir);
    await keeper.start();
    const { children } = await clients[0]!.getChildren('/');

    expect(ending).toEqual(stopped);
    const wanted = acked.flatMap((numbers, at) => [...numbers].map((n) => `${names[at]}-${n}`));
    expect(wanted.length).toBeGreaterThan(500);
    // Nothing more than what was answered is there either: a drained stop leaves no doubt.
    expect(children.filter((child) => child !== 'zookeeper').sort()).toEqual(wanted.sort());
    expect(clients[0]!.lastZxid).toBe(evidence.zxid);
    for (const client of clients) await client.close();
  });

  test('answers requests that it had read before it stops', async () => {
    await keeper.start();
    const client = await connect(keeper.address);
    const creates = Array.from({ length: 500 }, (_, at) => client.create(`/n${at}`));
    await creates[0];
    const ending = keeper.stop();
    const results = await Promise.allSettled(creates);
    const answered = results.filter(({ status }) => status === 'fulfilled').length;

    expect(await ending).toEqual(stopped);
    expect(answered).toBe(500);
    await client.close();
  });

  test('stopped at any moment of its start ends, and the next start finds all', async () => {
    await keeper.start();
    const client = await connect(keeper.address);
    for (let at = 0; at < 50; at++) await client.create(`/n${at}`, Buffer.alloc(5000));
    await client.close();
    await keeper.stop();

    const endings: unknown[] = [];
    for (let wait = 60; wait < 420; wait += 20) {
      keeper.spawn();
      await pause(wait);
      endings.push(await keeper.stop());
    }
    await keeper.start();
    const reader = await connect(keeper.address);
    const { children } = await reader.getChildren('/');
    await reader.close();

    // Before it listens for signals the process dies of one, as any does.
    const early = { code: null, signal: 'SIGTERM' };
    for (const ending of endings) expect([stopped, early]).toContainEqual(ending);
    expect(children).toHaveLength(51);
  });

  test('asked twice to stop stops once', async () => {
    await keeper.start();
    process.kill(keeper.pid!, 'SIGTERM');

    expect(await keeper.stop()).toEqual(stopped);
  });

  test('beside another on the same directory refuses and names the other', async () => {
    await keeper.start();
    const { dataDir, pid } = keeper;
    const second = await Keeper.make({ dataDir });
    const ending = await second.refusal();
    const { stderr } = second;
    await second.remove();

    expect(ending).toEqual({ code: 2, signal: null });
    expect(stderr).toMatch(new RegExp(`^natskeeper: .*is in use by process ${pid}: stop it`));
    expect(await keeper.word('ruok')).toBe('imok');
  });

  test('of two started at the same moment on one directory one serves', async () => {
    const second = await Keeper.make({ dataDir: keeper.dataDir });
    const both = [keeper, second];
    for (const one of both) one.spawn();
    const first = await Promise.race(
      both.map((one) => one.ended.then((ending) => ({ one, ending }))),
    );
    const winner = first.one === keeper ? second : keeper;
    const answer = await winner.word('ruok');
    await winner.kill();

    expect(first.ending).toEqual({ code: 2, signal: null });
    expect(first.one.stderr).toMatch(/is in use by process|taken by another process/);
    expect(answer).toBe('imok');
    await second.remove();
  });

  test('killed is started again at once', async () => {
    await keeper.start();
    const client = await connect(keeper.address, { sessionTimeoutMs: 20_000 });
    for (let round = 0; round < 4; round++) {
      await client.create(`/round-${round}`);
      await keeper.kill();
      await keeper.start();
    }
    await client.connected();
    const { children } = await client.getChildren('/');
    await client.close();

    expect(children).toHaveLength(5);
  });

  test('on a port of another ends with a reason and leaves the directory free', async () => {
    const other = await new Promise<Server>((done) => {
      const server = createServer();
      server.listen(keeper.port, () => done(server));
    });
    const ending = await keeper.refusal();
    const { stderr } = keeper;
    await new Promise((done) => other.close(done));
    await keeper.start();

    expect(ending).toEqual({ code: 2, signal: null });
    expect(stderr).toContain(`${keeper.port}`);
    expect(stderr).toMatch(/^natskeeper: clientPort=.* in use/);
  });
});
