/**
 * Load for the demo ensemble by ordinary clients over sockets: each has one request under way, a
 * write to a znode of its own or a read of it, at a rate that is bounded for all of them together.
 * A request that fails is counted and the next one follows, for as long as the load is on.
 */

import { Client, NodeExistsError } from '../client/client.ts';
import type { DemoMeter } from './demo-meter.ts';

const parent = '/demo';
const requestsPerSecondMax = 2_000;
const sessionTimeoutMs = 6_000;
/** A request that takes longer counts as failed, and the client sends another. */
const requestMsMax = 3_000;
const closeMsMax = 500;
/** After a failure: the client is quick to find another replica, and no busier than that. */
const retryMsMax = 100;
const clientsMax = 64;
/**
 * After an outage all clients sit where they were first let in, and a failure of that one replica
 * would look like one of the ensemble. So long after a loss, each in turn, they go home again.
 */
const strayMs = 4_000;
const strayTurnMs = 150;
/** Keeps the servers in the order that is given: the shuffle changes each with itself. */
const keepOrder = (): number => 1 - Number.EPSILON;

export interface LoadSettings {
  readonly clients: number;
  readonly writesShare: number;
}

export const usualLoad: LoadSettings = { clients: 8, writesShare: 0.8 };

interface Run {
  readonly clients: Client[];
  isOver: boolean;
  done: Promise<unknown>;
}

export class DemoLoad {
  readonly #servers: string;
  readonly #meter: DemoMeter;
  #settings = usualLoad;
  #running: Run | null = null;

  constructor(servers: string, meter: DemoMeter) {
    this.#servers = servers;
    this.#meter = meter;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  get settings(): LoadSettings {
    return this.#settings;
  }

  start(settings: LoadSettings): void {
    if (this.#running !== null) return;
    this.#settings = settings;
    const clients = Array.from({ length: settings.clients }, (_, at) => this.#connect(at));
    const run: Run = { clients, isOver: false, done: Promise.resolve() };
    run.done = Promise.all(clients.map((_, at) => this.#work(at, run)));
    this.#running = run;
    this.#meter.start();
  }

  async stop(): Promise<void> {
    const run = this.#running;
    if (run === null) return;
    this.#running = null;
    this.#meter.stop();
    run.isOver = true;
    await Promise.all(run.clients.map((client) => client.close()));
    await run.done;
  }

  /** Each begins with another replica. */
  #connect(at: number): Client {
    const servers = this.#servers.split(',');
    const home = at % servers.length;
    return new Client([...servers.slice(home), ...servers.slice(0, home)].join(','), {
      random: keepOrder,
      sessionTimeoutMs,
      operationTimeoutMs: requestMsMax,
      closeTimeoutMs: closeMsMax,
      retryMaxMs: retryMsMax,
      renewSession: true,
    });
  }

  async #work(at: number, run: Run): Promise<void> {
    const settings = this.#settings;
    let client = run.clients[at]!;
    let lostMs: number | null = null;
    const listen = (): void => {
      client.onState((state) => {
        if (state === 'suspended') lostMs = performance.now();
      });
    };
    listen();
    const path = `${parent}/writer-${at + 1}`;
    const everyMs = (settings.clients * 1000) / requestsPerSecondMax;
    let isMade = false;
    let nextMs = performance.now();
    for (let count = 0; !run.isOver; count++) {
      const isStray = lostMs !== null && performance.now() - lostMs > strayMs + at * strayTurnMs;
      if (isStray && client.state === 'connected') {
        await client.close();
        if (run.isOver) return;
        client = this.#connect(at);
        run.clients[at] = client;
        lostMs = null;
        listen();
      }
      try {
        if (!isMade) await make(client, path);
        isMade = true;
        await this.#request(client, path, count, settings.writesShare);
      } catch {
        this.#meter.failed();
        await pause(retryMsMax);
      }
      // What an outage held up is not made up for afterwards.
      nextMs = Math.max(nextMs + everyMs, performance.now() - everyMs);
      await pause(nextMs - performance.now());
    }
  }

  async #request(client: Client, path: string, count: number, share: number): Promise<void> {
    // Evenly spread, without chance: of ten requests at a share of 0.8 the 5th and 10th are reads.
    const isWrite = Math.floor((count + 1) * share) > Math.floor(count * share);
    if (!isWrite) await client.getData(path);
    else {
      await client.setData(path, `${count}`);
      this.#meter.acked();
    }
  }
}

/** Of a request's body; throws an Error whose message is for the user. */
export function loadSettingsOf(body: object): LoadSettings {
  const given: { clients?: unknown; writesShare?: unknown } = body;
  const { clients = usualLoad.clients, writesShare = usualLoad.writesShare } = given;
  if (!isBetween(clients, 1, clientsMax) || !Number.isInteger(clients)) {
    throw new Error(`clients must be a whole number from 1 to ${clientsMax}`);
  }
  if (!isBetween(writesShare, 0.01, 1)) throw new Error('writesShare must be from 0.01 to 1');
  return { clients, writesShare };
}

function isBetween(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && value >= min && value <= max;
}

async function make(client: Client, path: string): Promise<void> {
  for (const each of [parent, path]) {
    try {
      await client.create(each);
    } catch (error) {
      if (!(error instanceof NodeExistsError)) throw error;
    }
  }
}

/** At least one turn of the event loop: the console is served by the same process. */
function pause(ms: number): Promise<void> {
  return new Promise((done) => {
    if (ms < 1) setImmediate(done);
    else setTimeout(done, ms);
  });
}
