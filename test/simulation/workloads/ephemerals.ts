/**
 * A group of members with ephemeral znodes: members come, add and remove some, and go: by closing
 * their session, by falling silent, or by no will of their own. Those of a session that is over are
 * gone, those of a living one stay, and who watches the group knows in the end who is in it.
 */

import { type Client, CreateMode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import { beginLife, isConnected, isOver, type Life } from './life.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/ephemerals';
const group = `${root}/group`;
const memberCount = 4;
const pauseMs = 120;
const timeoutsMs = [1_000, 4_000] as const;
/** Silent sessions expire, and what they left goes, in so much time. */
const expiryMs = 60_000;

interface Member extends Life {
  /** By name: what is known of its znode. */
  readonly made: Map<string, 'there' | 'unknown' | 'deleted'>;
  /** A synced read by somebody else has shown that its znodes are gone. */
  isSeenGone: boolean;
}

export const makeEphemerals: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random, schedule } = parts;
  const members: Member[] = [];
  /** What the watching program last heard of the group. */
  let heard: string[] = [];

  const mode = CreateMode.ephemeral;
  const thereOf = ({ made }: Member) => [...made].filter(([, state]) => state === 'there');

  async function write(member: Member): Promise<void> {
    const { client, made, isSeenGone } = member;
    const known = thereOf(member);
    const isDelete = known.length > 0 && random.chance(0.3);
    const name = isDelete ? random.pick(known)[0] : `${member.name}-${made.size}`;
    made.set(name, 'unknown');
    const path = `${group}/${name}`;
    const outcome = isDelete
      ? await crew.attempt(() => client.delete(path))
      : await crew.attempt(() => client.create(path, member.id, { mode }));
    if (outcome.kind === 'unknown') return;
    const isDone = outcome.kind === 'acknowledged';
    made.set(name, isDelete === isDone ? 'deleted' : 'there');
    crew.expect(!(isDone && isSeenGone), 'C8', () => {
      return `session ${member.id} wrote ${path} after its ephemerals were seen gone`;
    });
  }

  /** A member's own view: its session lives as long as it is answered. */
  async function look(member: Member): Promise<void> {
    const { client, id } = member;
    if (random.chance(0.3)) {
      const paths = await crew.valueOf(() => client.getEphemerals(group));
      if (paths !== undefined) lookAtAll(member, new Set(paths));
      return;
    }
    const known = thereOf(member);
    if (known.length === 0) return;
    const path = `${group}/${random.pick(known)[0]}`;
    const stat = await crew.valueOf(() => client.exists(path));
    if (stat === undefined) return;
    crew.expect(stat?.ephemeralOwner === id, 'C9', () => {
      return `${path} of the living session ${id} is owned by ${stat?.ephemeralOwner ?? 'nobody'}`;
    });
  }

  function lookAtAll({ made, id }: Member, paths: ReadonlySet<string>): void {
    for (const [name, state] of made) {
      const isThere = paths.has(`${group}/${name}`);
      if (state === 'unknown') continue;
      crew.expect(isThere === (state === 'there'), 'C9', () => {
        return `${name} of the living session ${id} is ${state}; listed: ${[...paths]}`;
      });
    }
    for (const path of paths) {
      const isOwn = made.has(path.slice(group.length + 1));
      crew.expect(isOwn, 'C9', () => `${path} is listed for session ${id}`);
    }
  }

  async function live(member: Member): Promise<void> {
    const { client, clock } = member;
    while (!crew.isStopped && !isOver(member)) {
      await crew.pause(pauseMs);
      if (crew.isStopped || isOver(member)) return;
      const dice = random.unit();
      if (dice < 0.02) {
        crew.count('closed');
        await client.close();
      } else if (dice < 0.03) {
        crew.count('silenced');
        clock.halt();
        return;
      } else if (dice < 0.5) await write(member);
      else await look(member);
    }
  }

  function program(name: string): void {
    crew.launch(async () => {
      for (let count = 0; !crew.isStopped; count++) {
        const [least, most] = timeoutsMs;
        const sessionTimeoutMs = least + random.below(most - least);
        const options = { sessionTimeoutMs, ...crew.someSids() };
        const life = await beginLife(crew, schedule, `${name}.${count}`, options);
        if (life === null) continue;
        const member: Member = Object.assign(life, { made: new Map(), isSeenGone: false });
        members.push(member);
        await live(member);
      }
    });
  }

  /** Looks at the group from outside, and remembers who is gone for good. */
  async function observe(client: Client): Promise<void> {
    const lost = members.filter(({ isLost }) => isLost);
    const there = members.map((member) => ({ member, names: thereOf(member) }));
    if ((await crew.valueOf(() => client.sync(group))) === undefined) return;
    const list = await crew.valueOf(() => client.getChildren(group));
    if (list === undefined) return;
    const listed = new Set(list.children);
    for (const { made, id } of lost) {
      const left = [...made.keys()].filter((name) => listed.has(name));
      crew.expect(left.length === 0, 'C9', () => `session ${id} is over, and ${left} are there`);
    }
    for (const { member, names } of there) {
      const gone = names.filter(([name]) => !listed.has(name) && member.made.get(name) === 'there');
      if (gone.length > 0) member.isSeenGone = true;
    }
  }

  /** Keeps the list of members by one-shot watches, through the check as well. */
  function follow(client: Client): void {
    crew.background(async () => {
      while (client.state !== 'closed') {
        let wake = () => {};
        const fired = new Promise<void>((resolve) => {
          wake = resolve;
        });
        const watched = { watch: () => wake() };
        const list = await crew.valueOf(() => client.getChildren(group, watched));
        if (list === undefined) await crew.pause(200);
        else {
          heard = list.children.sort();
          await fired;
        }
      }
    });
  }

  /** What is still wrong with the group, as it is now. */
  function faultsOf(names: readonly string[]): string[] {
    const listed = new Set(names);
    const faults: string[] = [];
    for (const member of members) {
      for (const [name, state] of member.made) {
        const isThere = listed.has(name);
        const isKept = isConnected(member);
        if (isThere && !isKept) faults.push(`${name} is there without session ${member.id}`);
        if (isThere && state === 'deleted') faults.push(`${name} is there and was deleted`);
        if (!isThere && isKept && state === 'there') faults.push(`${name} is missing`);
      }
    }
    const known = new Set(members.flatMap(({ made }) => [...made.keys()]));
    faults.push(...names.filter((name) => !known.has(name)).map((name) => `${name} is of nobody`));
    if (`${heard}` !== `${names}`) faults.push(`the watching program knows of ${heard}`);
    return faults;
  }

  async function settle(client: Client): Promise<void> {
    let faults: string[] = [];
    const look = async () => {
      await crew.patiently(() => client.sync(group));
      faults = faultsOf(await crew.children(client, group));
      return faults.length === 0;
    };
    if (!(await crew.until(expiryMs, look, 500))) {
      for (const fault of faults) crew.find('C9', fault);
    }
  }

  return {
    name: 'ephemerals',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        await crew.ensure(first, group);
        if (crew.isStopped) return;
        for (let at = 0; at < memberCount; at++) program(`member${at}`);
        const watching = crew.open(crew.someSids());
        crew.repeat(400, () => observe(watching));
        follow(crew.open());
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        if (members.length === 0) return;
        await settle(client);
        const close = ({ client: own, clock }: Member) => {
          // A close waits for an answer or for time to pass.
          clock.goOn();
          return own.close();
        };
        await Promise.all(members.map(close));
        await settle(client);
      }),
  };
};
