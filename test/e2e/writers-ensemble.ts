/**
 * Clients of an ensemble under load: writers that live through the loss of their replica as a
 * client does (reconnect anywhere, sync, look what became of the requests that nobody answered, go
 * on), and the tally of what they were told. After a quiet moment the tree must be, on every
 * replica, exactly what their ledgers say.
 */

import { expect } from 'vitest';
import { type Client, ConnectionLossError, connect } from '../../client/client.ts';
import { pause } from '../support/zoo-process.ts';
import type { Ensemble } from './ensemble.ts';
import { randomFrom } from './random.ts';
import { type Shared, sequenceParent, Writer } from './writer.ts';

const sessionTimeoutMs = 30_000;
const attemptTimeoutMs = 1500;
/** After so many requests a writer looks what is there: its ledger stays short. */
const stepsMax = 3000;
const lookMs = 250;
const roamersMax = 2;
/** Chosen so that the servers of a connect string are tried in the order in which they stand. */
const keepsOrder = (): number => 1 - Number.EPSILON;

export const memberClient = {
  ...{ sessionTimeoutMs, attemptTimeoutMs, retryMaxMs: 200, random: keepsOrder },
};

/** What all writers were told, and for how long nobody was told anything. */
export class Tally implements Shared {
  readonly numbers = new Map<number, string>();
  readonly zxids = new Set<number>();
  maxZxid = 0;
  #acked = 0;
  #lastMs = performance.now();
  #longestMs = 0;

  get acked(): number {
    return this.#acked;
  }

  set acked(count: number) {
    this.#acked = count;
    this.#note();
  }

  #note(): void {
    const nowMs = performance.now();
    this.#longestMs = Math.max(this.#longestMs, nowMs - this.#lastMs);
    this.#lastMs = nowMs;
  }

  /** The longest time between two acknowledged writes since this was last asked, ms. */
  takeOutageMs(): number {
    this.#note();
    const longestMs = Math.round(this.#longestMs);
    this.#longestMs = 0;
    return longestMs;
  }
}

/** One writer with its session, wherever that is connected. */
class Roamer {
  readonly writer: Writer;
  survivors = 0;
  /** Why it writes no more, if that was not asked for. */
  failure: Error | null = null;
  #isOver = true;
  #whenBroken: () => void = () => {};
  #living: Promise<void> = Promise.resolve();

  constructor(writer: Writer) {
    this.writer = writer;
    this.client.onState((state) => {
      if (state !== 'connected') this.#whenBroken();
    });
  }

  get client(): Client {
    return this.writer.client;
  }

  start(): void {
    if (!this.#isOver) return;
    this.#isOver = false;
    this.#living = this.#live();
    this.#living.catch((failure: Error) => {
      this.failure = failure;
    });
  }

  async #live(): Promise<void> {
    while (!this.#isOver) {
      const broken = new Promise<void>((done) => {
        this.#whenBroken = done;
      });
      if (this.client.state === 'connected') {
        this.writer.run();
        await Promise.race([broken, this.#enough()]);
        await this.writer.halt();
      }
      await this.#settle();
    }
  }

  /** The ledger is long enough; or nothing moves, which may be a fault of the last request. */
  async #enough(): Promise<void> {
    const { ledger } = this.writer;
    let stepsBefore = -1;
    while (!this.#isOver && ledger.steps.length < stepsMax) {
      if (ledger.steps.length === stepsBefore) return;
      stepsBefore = ledger.steps.length;
      await pause(lookMs);
    }
  }

  /** What is there now stays: the session's earlier connections are known to be over. */
  async #settle(): Promise<void> {
    for (;;) {
      try {
        await this.client.connected();
        await this.client.sync('/');
        this.survivors += this.writer.ledger.settle(await this.writer.read(this.client));
        return;
      } catch (failure) {
        if (!(failure instanceof ConnectionLossError)) throw failure;
      }
    }
  }

  /** Writes no more; resolves when all that was asked for is answered, or known. */
  async rest(): Promise<void> {
    this.#isOver = true;
    this.#whenBroken();
    await this.#living;
  }
}

export class Load {
  readonly tally = new Tally();
  readonly #ensemble: Ensemble;
  readonly #roamers: Roamer[] = [];

  private constructor(ensemble: Ensemble) {
    this.#ensemble = ensemble;
  }

  /**
   * One writer stays with each replica, so that wherever somebody can write somebody does; others
   * go wherever they are let in. They wait for `go`.
   */
  static async begin(ensemble: Ensemble, seed: number): Promise<Load> {
    const load = new Load(ensemble);
    const staying = ensemble.sids.map((sid) => ensemble.keeper(sid).address);
    const roaming = ensemble.sids.slice(0, roamersMax).map((sid) => ensemble.addressesFrom(sid));
    for (const [at, addresses] of [...staying, ...roaming].entries()) {
      const client = await connect(addresses, memberClient);
      if (at === 0) await client.create(sequenceParent);
      const name = `w${at + 1}`;
      await client.create(`/${name}`);
      load.#roamers.push(new Roamer(new Writer(client, name, randomFrom(seed + at), load.tally)));
    }
    return load;
  }

  go(): void {
    for (const roamer of this.#roamers) roamer.start();
  }

  get survivors(): number {
    return this.#roamers.reduce((sum, { survivors }) => sum + survivors, 0);
  }

  /** Waits until so many more writes are acknowledged; resolves to how long that took, ms. */
  async more(writes: number, withinMs: number): Promise<number> {
    const startedMs = performance.now();
    const wanted = this.tally.acked + writes;
    while (this.tally.acked < wanted) {
      const tookMs = performance.now() - startedMs;
      for (const { failure } of this.#roamers) if (failure !== null) throw failure;
      if (tookMs > withinMs) {
        const got = this.tally.acked - wanted + writes;
        throw new Error(`${got} of ${writes} writes were acknowledged in ${withinMs} ms`);
      }
      await pause(5);
    }
    return performance.now() - startedMs;
  }

  async rest(): Promise<void> {
    await Promise.all(this.#roamers.map((roamer) => roamer.rest()));
  }

  /** Nobody writes now: all replicas hold what was acknowledged, and all hold the same. */
  async verify(): Promise<void> {
    await this.rest();
    const ensemble = this.#ensemble;
    const trees: string[] = [];
    for (const sid of ensemble.sids) {
      const reader = await connect(ensemble.keeper(sid).address, memberClient);
      await reader.sync('/');
      expect(reader.lastZxid, `zxid of replica ${sid}`).toBeGreaterThanOrEqual(this.tally.maxZxid);
      for (const { writer } of this.#roamers) {
        try {
          writer.ledger.settle(await writer.read(reader));
        } catch (failure) {
          throw new Error(`replica ${sid}, ${writer.root}: ${(failure as Error).message}`);
        }
      }
      trees.push(await describeTree(reader));
      await reader.close();
    }
    trees.forEach((tree, at) => {
      if (tree !== trees[0]) throw new Error(`replica ${at + 1}: ${difference(trees[0]!, tree)}`);
    });
    await this.#compareDigests();
  }

  async #compareDigests(): Promise<void> {
    const all = await Promise.all(this.#ensemble.sids.map((sid) => this.#ensemble.digests(sid)));
    const [first, ...others] = all;
    for (const [at, other] of others.entries()) {
      let compared = 0;
      for (const [zxid, digest] of other) {
        const expected = first!.get(zxid);
        if (expected === undefined) continue;
        compared++;
        expect(digest, `digest of replica ${at + 2} at zxid 0x${zxid}`).toBe(expected);
      }
      expect(compared, `digests of replicas 1 and ${at + 2} at one zxid`).toBeGreaterThan(0);
    }
  }

  /** Also where nothing answers any more. */
  async end(): Promise<void> {
    await Promise.all(this.#roamers.map(({ client }) => client.close()));
    await this.rest().catch(() => {});
  }
}

/** Every znode with its data and all of its stat. */
async function describeTree(reader: Client): Promise<string> {
  const lines: string[] = [];
  const walk = async (path: string): Promise<void> => {
    const [{ data, stat }, { children }] = await Promise.all([
      reader.getData(path),
      reader.getChildren(path),
    ]);
    lines.push(`${path} ${data} ${JSON.stringify(stat)}`);
    const prefix = path === '/' ? '' : path;
    await Promise.all(children.map((child) => walk(`${prefix}/${child}`)));
  };
  await walk('/');
  return lines.sort().join('\n');
}

function difference(expected: string, found: string): string {
  const here = new Set(found.split('\n'));
  const there = new Set(expected.split('\n'));
  const missing = [...there].filter((line) => !here.has(line)).slice(0, 5);
  const more = [...here].filter((line) => !there.has(line)).slice(0, 5);
  return ['its tree is another. Missing:', ...missing, 'Instead:', ...more].join('\n');
}
