/**
 * kill -9 at random moments under a write load: what was acknowledged is there after a restart,
 * exactly as acknowledged; what was not is there whole or not at all; no number and no zxid comes
 * twice; and the digest of the tree is what the log says. Half of the rounds run with a small
 * snapCount and small log segments, so that kills land in snapshot passes and log rolls.
 * E2E_KILLS sets the number of rounds, E2E_SEED the choices of the writers.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Client, connect } from '../../client/client.ts';
import { pause } from '../support/zoo-process.ts';
import { type Evidence, examine } from './evidence.ts';
import { Keeper, whyNoKeeper } from './keeper.ts';
import { randomFrom } from './random.ts';
import { type Shared, sequenceParent, Writer } from './writer.ts';

const rounds = Number(process.env['E2E_KILLS'] ?? 25);
const seed = Number(process.env['E2E_SEED'] ?? Date.now() % 2 ** 31);
const writerCount = 4;
const loadMsMax = 350;
/** Many snapshots over one log that is never purged: it alone must lead to the same state. */
const wholeLog = ['snapCount=200'];
const wholeLogRounds = Math.min(10, rounds / 2);
const small = ['snapCount=200', 'txnLogSizeLimitInKb=64'];
const counter = '/counter';

describe.skipIf(whyNoKeeper !== null)(`kill -9 under load, ${rounds} times, seed ${seed}`, () => {
  const random = randomFrom(seed);
  const shared: Shared = { numbers: new Map(), zxids: new Set(), maxZxid: 0, acked: 0 };
  const figures = { survivors: 0, restartMs: [] as number[], digests: 0, alone: 0, starts: 0 };
  let keeper: Keeper;
  const writers: Writer[] = [];
  let watcher: Client;
  /** The last state of the counter that somebody was told of. */
  let counted = { version: 0, mzxid: 0, data: '' };

  beforeAll(async () => {
    keeper = await Keeper.make();
    await keeper.start();
    watcher = await connect(keeper.address, { sessionTimeoutMs: 20_000 });
    await watcher.create(sequenceParent);
    await watcher.create(counter);
    for (let number = 1; number <= writerCount; number++) {
      const client = await connect(keeper.address, { sessionTimeoutMs: 20_000 });
      await client.create(`/w${number}`);
      writers.push(new Writer(client, `w${number}`, randomFrom(seed + number), shared));
    }
  });

  afterAll(async () => {
    for (const { client } of writers) await client.close();
    await watcher?.close();
    await keeper?.remove();
    const sorted = figures.restartMs.sort((a, b) => a - b);
    const median = Math.round(sorted[sorted.length >> 1] ?? 0);
    console.log(
      `${rounds} kills: ${shared.acked} acknowledged writes checked, ${figures.survivors} more ` +
        `were there; ${figures.digests} digests compared, ${figures.alone} logs replayed alone, ` +
        `${figures.starts} kills during a start; restart median ${median} ms, ` +
        `longest ${Math.round(sorted.at(-1) ?? 0)} ms`,
    );
  });

  /** All write, and somebody reads what others wrote: that is a promise too. */
  async function load(ms: number): Promise<string> {
    let isOver = false;
    const count = async () => {
      for (let number = 0; !isOver && watcher.state === 'connected'; number++) {
        const stat = await watcher.setData(counter, `${number}`);
        counted = { version: stat.version, mzxid: stat.mzxid, data: `${number}` };
      }
    };
    const look = async () => {
      const { client } = writers[0]!;
      while (!isOver && client.state === 'connected') {
        const { data, stat } = await client.getData(counter);
        if (stat.mzxid <= counted.mzxid) continue;
        counted = { version: stat.version, mzxid: stat.mzxid, data: `${data}` };
      }
    };
    const others = [count().catch(() => {}), look().catch(() => {})];
    for (const writer of writers) writer.run();
    await pause(ms);
    const hash = await keeper.word('hash').catch(() => '');
    await pause(random() * 40);
    await keeper.kill();
    isOver = true;
    await Promise.all([...others, ...writers.map((writer) => writer.halt())]);
    return hash;
  }

  function compareDigests(hash: string, evidence: Evidence): void {
    for (const line of hash.trim().split('\n')) {
      const [zxid, digest] = line.split(': ');
      const inLog = evidence.digests.get(Number.parseInt(zxid!, 16));
      if (digest === undefined || inLog === undefined) continue;
      expect(inLog, `digest at zxid 0x${zxid}`).toBe(Number(digest));
      figures.digests++;
    }
  }

  async function verify(): Promise<void> {
    const reader = await connect(keeper.address);
    for (const writer of writers) {
      const session = writer.client.sessionId;
      await writer.client.connected();
      expect(writer.client.sessionId).toBe(session);
      const owned = await writer.client.getEphemerals();
      const found = await writer.read(reader);
      figures.survivors += writer.ledger.settle(found);
      const kept = [...found].filter(([, { owner }]) => owner === session).map(([path]) => path);
      expect(owned.sort()).toEqual(kept.sort());
    }
    const { data, stat } = await reader.getData(counter);
    expect(stat.version).toBeGreaterThanOrEqual(counted.version);
    expect(stat.mzxid).toBeGreaterThanOrEqual(counted.mzxid);
    if (stat.mzxid === counted.mzxid) expect(`${data}`).toBe(counted.data);
    counted = { version: stat.version, mzxid: stat.mzxid, data: `${data}` };
    expect(reader.lastZxid).toBeGreaterThanOrEqual(shared.maxZxid);
    await reader.close();
  }

  test(
    'nothing acknowledged is lost, nothing is half there, the digest is what the log says',
    async () => {
      for (let round = 1; round <= rounds; round++) {
        try {
          const hash = await load(random() * loadMsMax);
          const often = round <= wholeLogRounds ? wholeLog : small;
          const settings = round % 2 === 1 ? often : [];
          if (round % 5 === 0) {
            keeper.spawn(settings);
            await pause(100 + random() * 300);
            await keeper.kill();
            figures.starts++;
          }
          const evidence = await examine(keeper.dataDir);
          compareDigests(hash, evidence);
          if (evidence.isLogAlike) figures.alone++;
          figures.restartMs.push(await keeper.start(settings));
          await verify();
        } catch (failure) {
          const at = `round ${round} of seed ${seed}: ${(failure as Error).message}`;
          throw new Error(at, { cause: failure });
        }
      }
      expect(shared.acked).toBeGreaterThan(rounds * 100);
    },
    60_000 + rounds * 5_000,
  );
});
