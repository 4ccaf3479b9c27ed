/**
 * The lock recipe: an ephemeral sequential znode each, the lowest holds the lock, the others watch
 * the one before them. Holders write to a resource outside of ZooKeeper with the czxid of their
 * znode as token, and the resource refuses a token below one that it has seen.
 *
 * A holder that slept through its session's end is what the token is for: its refusal is counted,
 * not found. Found is a lock that was granted, as of now, to a token behind one that has acted; a
 * waiter whose predecessor went without an event; a znode left by a create of unknown end.
 */

import { type Client, CreateMode, ErrorCode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import { beginLife, isConnected, isOver, type Life } from './life.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/locks';
const lockCount = 2;
const programCount = 4;
const timeoutsMs = [1_000, 4_000] as const;
const digits = 10;
/** A waiter looks whether it still waits for something after so long. */
const waitMs = 15_000;
const expiryMs = 60_000;

/** What a lock protects. */
interface Resource {
  readonly path: string;
  token: number;
  holder: string;
}

interface Claim {
  readonly life: Life;
  readonly resource: Resource;
  /** What the name of its znode begins with. */
  readonly guid: string;
  name: string;
}

export const makeLocks: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random, schedule } = parts;
  const resources = Array.from({ length: lockCount }, (_, at): Resource => {
    return { path: `${root}/${at}`, token: 0, holder: '' };
  });
  const lives: Life[] = [];
  /** Those that were cut short by the end of the workload. */
  const open: Claim[] = [];

  /** Puts a znode into the queue; tells whether it is there. */
  async function enqueue(claim: Claim): Promise<boolean> {
    const { life, resource, guid } = claim;
    const { path } = resource;
    const mode = CreateMode.ephemeralSequential;
    const create = () => life.client.create(`${path}/${guid}-`, life.id, { mode });
    const outcome = await crew.attempt(create);
    if (outcome.kind === 'acknowledged') claim.name = outcome.value.slice(path.length + 1);
    return outcome.kind === 'unknown' ? retrieve(claim) : outcome.kind === 'acknowledged';
  }

  /** Looks for a znode that nobody answered for. */
  async function retrieve(claim: Claim): Promise<boolean> {
    const { life, resource, guid } = claim;
    while (!isOver(life)) {
      const names = await syncedChildren(life.client, resource.path);
      if (names !== undefined) {
        claim.name = names.find((one) => one.startsWith(`${guid}-`)) ?? '';
        return claim.name !== '';
      }
      if (crew.isStopped) {
        open.push(claim);
        return false;
      }
      await crew.pause(100);
    }
    return false;
  }

  async function syncedChildren(client: Client, path: string): Promise<string[] | undefined> {
    if ((await crew.valueOf(() => client.sync(path))) === undefined) return undefined;
    const list = await crew.valueOf(() => client.getChildren(path));
    return list?.children.sort((a, b) => numberOf(a) - numberOf(b));
  }

  /** Waits for its turn; its token, or null when it has to give up. */
  async function acquire(claim: Claim): Promise<number | null> {
    const { life, resource, name } = claim;
    const { client } = life;
    while (!crew.isStopped && !isOver(life)) {
      const actedBefore = resource.token;
      const names = await syncedChildren(client, resource.path);
      if (names === undefined) {
        await crew.pause(100);
        continue;
      }
      const at = names.indexOf(name);
      const own = await crew.valueOf(() => client.exists(`${resource.path}/${name}`));
      if (at < 0 || own === null) {
        crew.find('C9', `${name} is gone, and its session ${life.id} lives`);
        return null;
      }
      if (own === undefined) continue;
      if (at > 0) await predecessor(claim, names[at - 1]!);
      else {
        crew.expect(own.czxid >= actedBefore, 'C13', () => {
          return `${name} holds ${resource.path} with ${own.czxid}, ${actedBefore} had acted`;
        });
        return own.czxid;
      }
    }
    return null;
  }

  /** Until the one before is gone. */
  async function predecessor({ life, resource, name }: Claim, before: string): Promise<void> {
    const path = `${resource.path}/${before}`;
    let hasFired = false;
    const watch = () => {
      crew.expect(!hasFired, 'C11', () => `the one-shot watch on ${path} fired twice`);
      hasFired = true;
    };
    const stat = await crew.valueOf(() => life.client.exists(path, { watch }));
    if (stat === undefined || stat === null) return;
    const isDone = () => hasFired || crew.isStopped || isOver(life);
    while (!isDone()) {
      if (await crew.until(waitMs, isDone, 50)) return;
      const now = await crew.valueOf(() => life.client.exists(path));
      crew.expect(now !== null || hasFired || isOver(life), 'C12', () => {
        return `${path} is gone, and ${name} who watched it was not told`;
      });
      if (now === null) return;
    }
  }

  /** Acts for a while, now and then asleep for too long. */
  async function hold({ life, resource }: Claim, token: number): Promise<void> {
    const { client, clock } = life;
    crew.count('held');
    for (let acts = 1 + random.below(4); acts > 0 && !crew.isStopped; acts--) {
      if (random.chance(0.05)) {
        crew.count('asleep');
        clock.halt();
        await schedule.sleep(client.sessionTimeoutMs * (0.5 + 1.5 * random.unit()));
        clock.goOn();
        // It does not know yet how late it is.
        if (!act(life, resource, token)) return;
      } else await crew.pause(40);
      if (!isConnected(life) || !act(life, resource, token)) return;
    }
  }

  function act({ name }: Life, resource: Resource, token: number): boolean {
    if (token < resource.token) {
      crew.count('fenced');
      return false;
    }
    crew.expect(token > resource.token || name === resource.holder, 'C13', () => {
      return `${name} and ${resource.holder} act on ${resource.path} with one token, ${token}`;
    });
    resource.token = token;
    resource.holder = name;
    crew.count('acts');
    return true;
  }

  async function release(claim: Claim): Promise<void> {
    const { life, resource, name } = claim;
    while (!isOver(life)) {
      const path = `${resource.path}/${name}`;
      const outcome = await crew.attempt(() => life.client.delete(path), ErrorCode.noNode);
      if (outcome.kind === 'acknowledged') return;
      if (outcome.kind === 'refused' && outcome.code === ErrorCode.noNode) return;
      if (crew.isStopped) return void open.push(claim);
      await crew.pause(100);
    }
  }

  /** After the end, when there is an answer again. */
  async function finish(claim: Claim): Promise<void> {
    if (claim.name !== '' || (await retrieve(claim))) await release(claim);
  }

  function program(name: string): void {
    let claims = 0;
    crew.launch(async () => {
      for (let count = 0; !crew.isStopped; count++) {
        const [least, most] = timeoutsMs;
        const sessionTimeoutMs = least + random.below(most - least);
        const options = { sessionTimeoutMs, ...crew.someSids() };
        const life = await beginLife(crew, schedule, `${name}.${count}`, options);
        if (life === null) continue;
        lives.push(life);
        while (!crew.isStopped && !isOver(life)) {
          await crew.pause(100);
          const resource = random.pick(resources);
          const claim: Claim = { life, resource, guid: `${name}-${claims++}`, name: '' };
          if (!(await enqueue(claim))) continue;
          const token = await acquire(claim);
          if (token !== null) await hold(claim, token);
          await release(claim);
        }
      }
    });
  }

  return {
    name: 'locks',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (const { path } of resources) await crew.ensure(first, path);
        if (crew.isStopped) return;
        for (let at = 0; at < programCount; at++) program(`program${at}`);
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.until(
          expiryMs,
          async () => {
            await Promise.all(open.splice(0).map(finish));
            return open.length === 0;
          },
          500,
        );
        for (const { path } of resources) {
          let left: string[] = [];
          const isEmpty = async () => {
            await crew.patiently(() => client.sync(path));
            left = await crew.children(client, path);
            return left.length === 0;
          };
          // Sessions that live on have released what they had; the others take it along.
          if (await crew.until(expiryMs, isEmpty, 500)) continue;
          for (const { name, data } of await crew.childrenData(client, path)) {
            const owner = lives.find(({ id }) => id === data);
            const state = owner?.client.state;
            crew.find('C13', `${path}/${name} is left behind by session ${data}, ${state}`);
          }
        }
      }),
  };
};

function numberOf(name: string): number {
  return Number(name.slice(-digits));
}
