/**
 * Sessions that come and go: most live for a few operations; some are carried on by another client
 * at another replica, with their id and password, while the first one sleeps or works on. A session
 * keeps its id, its ephemerals and what it was answered wherever it goes.
 */

import { type Client, CreateMode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import { beginLife, isOver, type Life } from './life.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/churn';
const ephemerals = `${root}/ephemerals`;
const notes = `${root}/notes`;
const programCount = 4;
const pauseMs = 60;
const timeoutsMs = [1_500, 5_000] as const;
const expiryMs = 60_000;

/** What one program keeps: a znode that only it writes. */
interface Note {
  readonly path: string;
  asked: number;
  /** The highest version that was answered. */
  answered: number;
}

export const makeChurn: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random, schedule, voters } = parts;
  const lives: Life[] = [];
  const kept: Note[] = [];

  async function write(client: Client, note: Note): Promise<void> {
    const number = ++note.asked;
    const stat = await crew.valueOf(() => client.setData(note.path, `${number}`));
    if (stat !== undefined) note.answered = Math.max(note.answered, stat.version);
  }

  function checkNote({ path, asked }: Note, version: number, atLeast: number, invariant: string) {
    // A session's write of unknown end may come after one of the next session.
    const text = () => `${path} is at version ${version}, answered was ${atLeast}, asked ${asked}`;
    crew.expect(version >= atLeast && version <= asked, invariant, text);
  }

  /** Another client goes on with the session; the first one sleeps, or does not know of it. */
  async function carryOn(life: Life, note: Note, path: string): Promise<void> {
    const isAlone = random.chance(0.8);
    if (isAlone) life.clock.halt();
    crew.count(isAlone ? 'moved' : 'contended');
    const { sessionId: id, sessionPassword: password, sessionTimeoutMs } = life.client;
    const sids = [random.pick(voters)];
    const next = crew.open({
      ...{ session: { id, password }, sids, sessionTimeoutMs, connectWithinMs: 10_000 },
      renewSession: false,
    });
    try {
      await next.connected();
      const text = () => `session ${id} is ${next.sessionId} where it went on`;
      crew.expect(next.sessionId === id, 'C8', text);
      for (let left = random.below(5); left > 0; left--) await write(next, note);
      if (!isAlone) await Promise.all([write(next, note), write(life.client, note)]);
      await look(next, note, id, path);
    } catch {
      // It has ended meanwhile, or nobody answers.
    }
    await next.close();
  }

  async function look(client: Client, note: Note, id: string, path: string): Promise<void> {
    const { answered } = note;
    if ((await crew.valueOf(() => client.sync(note.path))) === undefined) return;
    const read = await crew.valueOf(() => client.getData(note.path));
    if (read !== undefined) checkNote(note, read.stat.version, answered, 'C4');
    const stat = await crew.valueOf(() => client.exists(path));
    if (stat === undefined || client.sessionId !== id) return;
    crew.expect(stat?.ephemeralOwner === id, 'C9', () => {
      return `${path} of the living session ${id} is owned by ${stat?.ephemeralOwner ?? 'nobody'}`;
    });
  }

  async function live(life: Life, note: Note): Promise<void> {
    const path = `${ephemerals}/${life.name}`;
    const mode = CreateMode.ephemeral;
    const made = await crew.attempt(() => life.client.create(path, life.id, { mode }));
    for (let left = 1 + random.below(6); left > 0 && !crew.isStopped; left--) {
      await crew.pause(pauseMs);
      if (isOver(life)) return;
      await write(life.client, note);
    }
    if (isOver(life) || made.kind !== 'acknowledged') return;
    if (random.chance(0.4)) await carryOn(life, note, path);
    else await look(life.client, note, life.id, path);
  }

  function program(name: string): void {
    crew.launch(async () => {
      const note: Note = { path: `${notes}/${name}`, asked: 0, answered: 0 };
      const first = crew.open();
      await crew.ensure(first, note.path, '0');
      await first.close();
      kept.push(note);
      for (let count = 0; !crew.isStopped; count++) {
        const [least, most] = timeoutsMs;
        const sessionTimeoutMs = least + random.below(most - least);
        const options = { sessionTimeoutMs, ...crew.someSids() };
        const life = await beginLife(crew, schedule, `${name}.${count}`, options);
        if (life === null) continue;
        lives.push(life);
        await live(life, note);
        life.clock.goOn();
        await life.client.close();
        crew.count('sessions');
      }
    });
  }

  return {
    name: 'churn',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        for (const path of [root, ephemerals, notes]) await crew.ensure(first, path);
        await first.close();
        if (crew.isStopped) return;
        for (let at = 0; at < programCount; at++) program(`program${at}`);
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        for (const note of kept) {
          const read = await crew.read(client, note.path);
          if (read === null && note.answered === 0) continue;
          checkNote(note, read?.stat.version ?? -1, note.answered, 'Z10');
        }
        let left: string[] = [];
        const isEmpty = async () => {
          await crew.patiently(() => client.sync(root));
          left = await crew.children(client, ephemerals);
          return left.length === 0;
        };
        if (await crew.until(expiryMs, isEmpty, 500)) return;
        crew.find('C9', `all sessions are over, and ${left} are there`);
      }),
  };
};
