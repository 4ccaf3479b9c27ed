/**
 * Sessions across restarts of the process: one whose client comes back goes on, with its password
 * and its ephemerals; one whose client does not gets its full timeout from the start on, and then
 * its ephemerals go.
 */

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Client, CreateMode, connect, SessionExpiredError } from '../../client/client.ts';
import { pause } from '../support/zoo-process.ts';
import { Keeper, whyNoKeeper } from './keeper.ts';

const ephemeral = { mode: CreateMode.ephemeral };
const timeoutMs = 2000;
/** Short ticks: sessions may be as short as the tests need them. */
const config = ['tickTime=200', 'minSessionTimeout=1000', 'maxSessionTimeout=20000'];

describe.skipIf(whyNoKeeper !== null)('a session', () => {
  let keeper: Keeper;
  const clients: Client[] = [];

  beforeEach(async () => {
    keeper = await Keeper.make({ config });
    await keeper.start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.close();
    await keeper.remove();
  });

  async function client(options: Parameters<typeof connect>[1] = {}): Promise<Client> {
    const made = await connect(keeper.address, { closeTimeoutMs: 300, ...options });
    clients.push(made);
    return made;
  }

  /** Kills the process, or stops it, with the client's socket still open; starts it again. */
  const ways = [
    ['kill -9', () => keeper.kill()],
    ['SIGTERM', () => keeper.stop()],
  ] as const;

  for (const [name, end] of ways) {
    test(`goes on over ${name} and keeps its ephemerals`, async () => {
      const owner = await client({ sessionTimeoutMs: 10_000 });
      await owner.create('/mine', 'here', ephemeral);
      const { sessionId } = owner;
      await end();
      await keeper.start();
      await owner.connected();
      const stat = await owner.exists('/mine');
      await owner.create('/mine-too', null, ephemeral);

      expect(owner.sessionId).toBe(sessionId);
      expect(stat?.ephemeralOwner).toBe(sessionId);
      expect((await owner.getEphemerals()).sort()).toEqual(['/mine', '/mine-too']);
    });

    test(`ends by its timeout when its client does not come back after ${name}`, async () => {
      const owner = await client({ sessionTimeoutMs: timeoutMs });
      await owner.create('/mine', null, ephemeral);
      await end();
      // Closed while there is no server: the server never hears of it.
      await owner.close();
      await keeper.start();
      const startedMs = Date.now();
      const reader = await client();
      const atFirst = await reader.exists('/mine');
      while ((await reader.exists('/mine')) !== null && Date.now() - startedMs < 10_000) {
        await pause(50);
      }
      const tookMs = Date.now() - startedMs;

      expect(atFirst).not.toBeNull();
      expect(tookMs).toBeGreaterThan(timeoutMs - 500);
      expect(tookMs).toBeLessThan(timeoutMs + 1500);
    });
  }

  test('is carried on by another client with its password, and by none without', async () => {
    const owner = await client({ sessionTimeoutMs: 10_000 });
    await owner.create('/mine', null, ephemeral);
    const { sessionId: id, sessionPassword: password } = owner;
    await keeper.kill();
    await owner.close();
    await keeper.start();
    const wrong = connect(keeper.address, { session: { id, password: Buffer.alloc(16, 1) } });
    await expect(wrong).rejects.toThrow(SessionExpiredError);
    const heir = await client({ session: { id, password }, sessionTimeoutMs: 10_000 });

    expect(heir.sessionId).toBe(id);
    expect(await heir.getEphemerals()).toEqual(['/mine']);
  });

  test('that was closed is not back after a kill, nor are its ephemerals', async () => {
    const owner = await client({ sessionTimeoutMs: 10_000 });
    await owner.create('/mine', null, ephemeral);
    const { sessionId: id, sessionPassword: password } = owner;
    await owner.close();
    await keeper.kill();
    await keeper.start();
    const reader = await client();
    const again = connect(keeper.address, { session: { id, password } });

    await expect(again).rejects.toThrow(SessionExpiredError);
    expect(await reader.exists('/mine')).toBeNull();
  });

  test('that expired before a kill stays expired', async () => {
    const owner = await client({ sessionTimeoutMs: 10_000 });
    const short = await client({ sessionTimeoutMs: 1000 });
    await short.create('/gone', null, ephemeral);
    const { sessionId: id, sessionPassword: password } = short;
    const isGone = new Promise<void>((done) => {
      void owner.exists('/gone', { watch: () => done() });
    });
    // Held by another connection that says nothing: the session is silent, and ends.
    process.kill(keeper.pid!, 'SIGSTOP');
    await short.close();
    process.kill(keeper.pid!, 'SIGCONT');
    await isGone;
    await keeper.kill();
    await keeper.start();
    const again = connect(keeper.address, { session: { id, password } });

    await expect(again).rejects.toThrow(SessionExpiredError);
    expect(await owner.exists('/gone')).toBeNull();
  });

  test('gets no id that an earlier one had, over many kills', async () => {
    const ids = new Set<string>();
    for (let round = 0; round < 4; round++) {
      for (let number = 0; number < 5; number++) ids.add((await client()).sessionId);
      await keeper.kill();
      await keeper.start();
    }

    expect(ids.size).toBe(20);
  });
});
