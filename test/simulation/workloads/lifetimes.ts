/**
 * Znodes that go by themselves: containers once their children are gone, TTL znodes once nothing
 * has changed them for long enough. None goes earlier or with a child, none stays for ever. Where
 * the ensemble does not offer TTL znodes, only containers are used.
 */

import { type Client, CreateMode, ErrorCode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/lifetimes';
const programCount = 2;
const pauseMs = 150;
const ttlsMs = [2_000, 12_000] as const;
/** By so much wall clocks of leaders may differ. */
const skewMs = 2_000;
/** Containers are looked for once a minute, on a clock that may be slow or paused. */
const goneMs = 180_000;
const { noNode, nodeExists, notEmpty, unimplemented } = ErrorCode;

interface Passing {
  readonly path: string;
  /** null: a container. */
  readonly ttlMs: number | null;
  /** No change was answered before this time. */
  changedMs: number;
  child: 'there' | 'gone' | 'unknown';
  /** An answer told of a child. A container that never had one stays. */
  hadChild: boolean;
  isGone: boolean;
}

export const makeLifetimes: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random, schedule, areClocksTrue = false } = parts;
  const all: Passing[] = [];
  let hasTtl = true;

  async function make(client: Client, path: string): Promise<Passing | null> {
    const [least, most] = ttlsMs;
    const ttlMs = hasTtl && random.chance(0.6) ? least + random.below(most - least) : null;
    const options = ttlMs === null ? { mode: CreateMode.container } : { ttl: ttlMs };
    const changedMs = schedule.nowMs;
    const outcome = await crew.attempt(() => client.create(path, null, options), unimplemented);
    if (outcome.kind === 'refused' && outcome.code === unimplemented) hasTtl = false;
    if (outcome.kind !== 'acknowledged') return null;
    return { path, ttlMs, changedMs, child: 'gone', hadChild: false, isGone: false };
  }

  async function change(client: Client, one: Passing): Promise<void> {
    const { path, child } = one;
    const below = `${path}/child`;
    const askedMs = schedule.nowMs;
    if (one.ttlMs !== null && random.chance(0.3)) {
      const outcome = await crew.attempt(() => client.setData(path, 'x'), noNode);
      if (outcome.kind === 'acknowledged') one.changedMs = askedMs;
      else if (outcome.kind === 'refused' && outcome.code === noNode) noteGone(one);
    } else if (child !== 'there') {
      one.child = 'unknown';
      const outcome = await crew.attempt(() => client.create(below), noNode, nodeExists);
      if (outcome.kind === 'unknown') return;
      if (outcome.kind === 'refused' && outcome.code === noNode) {
        one.child = 'gone';
        return noteGone(one);
      }
      // Any other refusal, as that of an expired session, says nothing of a child.
      if (outcome.kind === 'refused' && outcome.code !== nodeExists) return;
      one.child = 'there';
      one.hadChild = true;
    } else {
      one.child = 'unknown';
      const outcome = await crew.attempt(() => client.delete(below), noNode, notEmpty);
      // Nobody else takes the child.
      const isEarly = outcome.kind === 'refused' && outcome.code === noNode;
      crew.expect(!isEarly, 'C16', () => `${below} was there and went by itself`);
      if (outcome.kind === 'acknowledged') one.child = 'gone';
    }
  }

  function noteGone(one: Passing): void {
    const { path, ttlMs, changedMs } = one;
    one.isGone = true;
    crew.count('gone');
    crew.expect(mayGo(one), 'C16', () => wentUnused(path));
    const ageMs = schedule.nowMs - changedMs;
    const isEarly = areClocksTrue && ttlMs !== null && ageMs < ttlMs - skewMs;
    crew.expect(
      !isEarly,
      'C16',
      () => `${path} went ${ageMs} ms after a change, its ttl is ${ttlMs}`,
    );
  }

  async function look(client: Client, one: Passing): Promise<void> {
    const stat = await crew.valueOf(() => client.exists(one.path));
    if (stat !== null) return;
    crew.expect(one.child !== 'there', 'C16', () => `${one.path} went with a child`);
    noteGone(one);
  }

  function program(client: Client, name: string): void {
    let made = 0;
    const own: Passing[] = [];
    crew.repeat(pauseMs, async () => {
      const living = own.filter(({ isGone }) => !isGone);
      const one = random.pick(living);
      if (living.length < 6 && random.chance(0.3)) {
        const next = await make(client, `${root}/${name}-${made++}`);
        if (next !== null) own.push(next);
        if (next !== null) all.push(next);
      } else if (one !== undefined) {
        if (random.chance(0.6)) await look(client, one);
        else await change(client, one);
      }
    });
  }

  return {
    name: 'lifetimes',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        if (crew.isStopped) return;
        program(first, 'a');
        for (let at = 1; at < programCount; at++) program(crew.open(crew.someSids()), `b${at}`);
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        const names = await crew.children(client, root);
        checkKept(crew, all, new Set(names));
        await takeChildren(crew, client, all);
        await checkGone(crew, client, all);
      }),
  };
};

/** What has a child stays. */
function checkKept(crew: Crew, all: readonly Passing[], names: ReadonlySet<string>): void {
  for (const { path, child, isGone } of all) {
    const isThere = names.has(path.slice(root.length + 1));
    crew.expect(isThere || child !== 'there', 'C16', () => `${path} went with a child`);
    crew.expect(!isThere || !isGone, 'C16', () => `${path} was gone, and is there`);
  }
}

/** What an operation of unknown end did shows here: who is seen with a child had one. */
async function takeChildren(crew: Crew, client: Client, all: readonly Passing[]): Promise<void> {
  for (const one of all) {
    await crew.until(goneMs, async () => {
      const children = await crew.children(client, one.path);
      if (children.length > 0) one.hadChild = true;
      for (const child of children) {
        await crew.attempt(() => client.delete(`${one.path}/${child}`), noNode);
      }
      return children.length === 0;
    });
  }
}

/** Without children all go, but for containers that never had one: those stay. */
async function checkGone(crew: Crew, client: Client, all: readonly Passing[]): Promise<void> {
  const left = async () => {
    await crew.patiently(() => client.sync(root));
    const names = new Set(await crew.children(client, root));
    return all.filter(({ path }) => names.has(path.slice(root.length + 1)));
  };
  const areGone = await crew.until(goneMs, async () => !(await left()).some(mayGo), 2_000);
  const kept = await left();
  for (const one of all) {
    const isThere = one.isGone || mayGo(one) || kept.includes(one);
    crew.expect(isThere, 'C16', () => wentUnused(one.path));
  }
  if (areGone) return;
  const wallMs = (await crew.patiently(() => client.setData(root, null))).mtime;
  for (const { path, ttlMs } of kept.filter(mayGo)) {
    const stat = (await crew.read(client, path))?.stat;
    if (stat === undefined) continue;
    // No clock has a say in when a container goes.
    crew.expect(ttlMs !== null, 'C16', () => `${path} is a container that had a child, and stays`);
    const ageMs = wallMs - stat.mtime;
    // A wall clock that was set back makes it young again.
    const isDue = ttlMs !== null && ageMs > ttlMs + goneMs / 2;
    const text = () => `${path} stays at ${ageMs} ms without a change, its ttl is ${ttlMs}`;
    crew.expect(!isDue, 'C16', text);
  }
}

function mayGo({ ttlMs, hadChild }: Passing): boolean {
  return ttlMs !== null || hadChild;
}

function wentUnused(path: string): string {
  return `${path} is a container that had no child, and went`;
}
