/**
 * Members that fall asleep for about as long as their sessions live, and write as they wake: now
 * and then such a write comes to the leader when the end of its session is prepared there, and not
 * applied. Who wakes in time closes his session, so none of their ephemerals is left in the end.
 */

import { CreateMode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import { beginLife, type Life } from './life.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/sleepers';
const sleeperCount = 16;
/** The shortest that a server grants, and by how much they oversleep: ends come in its ticks. */
const timeoutMs = 800;
const lateMs = 250;
/** One that wakes writes before its timers tell it how long it was silent. */
const wakingMs = 20;
const expiryMs = 60_000;

export const makeSleepers: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random, schedule } = parts;
  const mode = CreateMode.ephemeral;

  const create = ({ client, id, name }: Life, which: string) =>
    crew.attempt(() => client.create(`${root}/${name}-${which}`, id, { mode }));

  /** For so long in the time of servers, whatever the pace of programs. */
  async function sleep({ client, clock }: Life): Promise<void> {
    const asleepMs = client.sessionTimeoutMs + random.unit() * lateMs;
    clock.halt();
    await new Promise<void>((wake) => void schedule.after(asleepMs, wake));
    schedule.after(wakingMs, () => clock.goOn());
  }

  function program(name: string): void {
    crew.launch(async () => {
      for (let count = 0; !crew.isStopped; count++) {
        const options = { sessionTimeoutMs: timeoutMs, ...crew.someSids() };
        const life = await beginLife(crew, schedule, `${name}.${count}`, options);
        if (life === null) continue;
        await create(life, 'before');
        await sleep(life);
        await create(life, 'behind');
        await life.client.close();
      }
    });
  }

  return {
    name: 'sleepers',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        await crew.ensure(crew.open(), root);
        if (crew.isStopped) return;
        for (let at = 0; at < sleeperCount; at++) program(`sleeper${at}`);
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        let left: string[] = [];
        const isEmpty = async () => {
          await crew.patiently(() => client.sync(root));
          left = await crew.children(client, root);
          return left.length === 0;
        };
        if (await crew.until(expiryMs, isEmpty, 500)) return;
        crew.find('C9', `${left} are there, and all their sessions are over`);
      }),
  };
};
