/**
 * Traffic of real replicas for the tests of the checks: clients of the client library over real
 * sockets, all of whose bytes pass through a tap, and a random load that touches everything the
 * checks look at.
 */

import { connect as connectTcp } from 'node:net';
import { systemClock } from '../../../actors/clock.ts';
import {
  type ByteStream,
  type Client,
  type ClientOptions,
  CreateMode,
  connect,
  op,
  type WriteOp,
} from '../../../client/client.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { Tap } from '../tap.ts';
import type { ConnectionTap } from '../tap-connection.ts';

/** Where replicas listen, by sid. */
export type Ports = ReadonlyMap<number, number>;

/** A client whose bytes the tap reads along; `sockets` holds those that it has opened. */
export interface TappedClient {
  readonly client: Client;
  readonly name: string;
  readonly sockets: ByteStream[];
}

export async function connectTapped(
  tap: Tap,
  name: string,
  ports: Ports,
  options: ClientOptions = {},
): Promise<TappedClient> {
  const sids = new Map([...ports].map(([sid, port]) => [port, sid]));
  const sockets: ByteStream[] = [];
  const dial = ({ host, port }: { readonly host: string; readonly port: number }) => {
    const stream = new TappedStream(host, port, tap.connection(name, sids.get(port) ?? 0));
    sockets.push(stream);
    return stream;
  };
  const servers = [...ports.values()].map((port) => `127.0.0.1:${port}`).join();
  const client = await connect(servers, { dial, closeTimeoutMs: 500, ...options });
  return { client, name, sockets };
}

/** A TCP connection, with the tap in between. */
class TappedStream implements ByteStream {
  readonly #socket: ReturnType<typeof connectTcp>;
  readonly #tap: ConnectionTap;

  constructor(host: string, port: number, tap: ConnectionTap) {
    this.#socket = connectTcp({ host, port });
    this.#socket.setNoDelay(true);
    this.#tap = tap;
    this.#socket.on('error', () => {});
    this.#socket.on('close', () => tap.closed(systemClock.wallMs()));
  }

  on(event: 'data' | 'error' | 'end' | 'close', listener: (...args: never[]) => void): this {
    if (event === 'data') {
      this.#socket.on('data', (chunk: Buffer) => {
        if (this.#socket.destroyed) return;
        this.#tap.toClient(chunk, systemClock.wallMs());
        (listener as (chunk: Buffer) => void)(chunk);
      });
    } else this.#socket.on(event, listener as () => void);
    return this;
  }

  write(bytes: Uint8Array): boolean {
    this.#tap.toServer(bytes as Buffer, systemClock.wallMs());
    return this.#socket.write(bytes);
  }

  get writableLength(): number {
    return this.#socket.writableLength;
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

const registers = ['/r/a', '/r/b', '/r/c'];
const anyPath = ['/', '/r', '/q', '/tree', '/zookeeper', '/none', ...registers];

/** Makes the znodes that the load works on. */
export async function prepareLoad(client: Client): Promise<void> {
  for (const path of ['/r', '/q', '/tree', '/eph']) await client.create(path, path);
  for (const path of registers) await client.create(path, '0');
}

/** So many random operations of one client, `window` at a time. Failures are part of it. */
export async function runLoad(
  { client, name }: TappedClient,
  random: SeededRandom,
  count: number,
  window = 6,
): Promise<void> {
  const open = new Set<Promise<unknown>>();
  for (let number = 0; number < count; number++) {
    const done: Promise<unknown> = oneOf(client, `${name}.${number}`, random)
      .catch(() => {})
      .finally(() => open.delete(done));
    open.add(done);
    if (open.size >= window) await Promise.race(open);
  }
  await Promise.all(open);
}

function oneOf(client: Client, unique: string, random: SeededRandom): Promise<unknown> {
  const path = random.pick(registers);
  const version = random.chance(0.5) ? -1 : random.below(30);
  const watch = random.chance(0.5) ? { watch: () => {} } : {};
  const twig = `/tree/${random.below(4)}`;
  switch (random.below(20)) {
    case 0:
    case 1:
      return client.setData(path, unique, version);
    case 2:
    case 3:
      return Promise.all([client.sync(path), client.getData(path, watch)]);
    case 4:
      return client.getData(random.pick(anyPath), watch);
    case 5:
      return client.exists(random.chance(0.5) ? twig : random.pick(anyPath), watch);
    case 6:
      return client.getChildren(random.pick(['/', '/q', '/tree', '/eph']), watch);
    case 7:
      return client.create('/q/n-', unique, { mode: CreateMode.persistentSequential });
    case 8:
      return client.create('/eph/e-', unique, { mode: CreateMode.ephemeralSequential });
    case 9:
      return client.create(twig, random.chance(0.1) ? null : unique);
    case 10:
      return client.createWithStat(`${twig}/${random.below(3)}`, unique);
    case 11:
      return client.delete(`${twig}/${random.below(3)}`, random.chance(0.7) ? -1 : 1);
    case 12:
      return client.delete(twig);
    case 13:
    case 14:
      return client.multi(partsOf(unique, random));
    case 15:
      return client.multiRead([op.getData(path), op.getChildren('/tree'), op.getData(twig)]);
    case 16:
      return random.chance(0.5) ? client.getEphemerals('/eph') : client.getAllChildrenNumber('/');
    case 17:
      return watchAWhile(client, random.pick(['/tree', '/', path, twig]), random);
    case 18:
      return removeQueued(client, random);
    default:
      return client.getAcl(random.pick(anyPath));
  }
}

function partsOf(unique: string, random: SeededRandom): WriteOp[] {
  const twig = `/tree/${random.below(4)}`;
  const parts: WriteOp[] = [
    op.create(twig, unique),
    op.create(`${twig}/m`, unique),
    op.setData(twig, `${unique}!`, random.chance(0.5) ? -1 : 0),
    op.check('/q', random.chance(0.9) ? 0 : 1),
    op.delete(`${twig}/m`),
    op.delete(twig),
    op.create('/q/m-', unique, { mode: CreateMode.persistentSequential }),
  ];
  return parts.filter(() => random.chance(0.7));
}

async function watchAWhile(client: Client, path: string, random: SeededRandom): Promise<void> {
  const kind = random.pick(['persistent', 'recursive'] as const);
  const stream = client.watch(path, { kind });
  for (let left = random.below(4); left > 0; left--) {
    await Promise.race([stream.next(), new Promise((done) => setTimeout(done, 5))]);
  }
  await stream.return();
}

async function removeQueued(client: Client, random: SeededRandom): Promise<void> {
  const { children } = await client.getChildren('/q');
  if (children.length > 0) await client.delete(`/q/${random.pick(children)}`);
}
