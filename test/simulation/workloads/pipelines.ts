/**
 * Bursts of writes and reads that nobody waits for between: answers come in the order of asking, a
 * client's writes take effect in that order without one of another's between them, and a read sees
 * the write that was asked for before it.
 */

import type { Client } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/pipelines';
const clientCount = 3;
const burstMax = 50;
const pauseMs = 900;

interface Asked {
  readonly index: number;
  readonly value: string | null;
  end: 'acknowledged' | 'refused' | 'unknown' | null;
  /** What the answer tells: version and value. */
  version: number;
  answer: string;
}

interface Owner {
  readonly client: Client;
  /** Nobody else writes it. */
  readonly path: string;
  /** Writes by index, over all bursts. */
  readonly writes: Asked[];
  count: number;
}

export const makePipelines: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const owners: Owner[] = [];

  async function ask(owner: Owner, asked: Asked): Promise<void> {
    const { client, path } = owner;
    const { value } = asked;
    if (value === null) {
      const outcome = await crew.attempt(() => client.getData(path));
      if (outcome.kind === 'acknowledged') {
        asked.version = outcome.value.stat.version;
        asked.answer = `${outcome.value.data ?? ''}`;
      }
      asked.end = outcome.kind;
    } else {
      const outcome = await crew.attempt(() => client.setData(path, value));
      if (outcome.kind === 'acknowledged') asked.version = outcome.value.version;
      asked.end = outcome.kind;
    }
  }

  async function burst(owner: Owner): Promise<void> {
    const { path } = owner;
    let answeredMax = -1;
    const all: Asked[] = [];
    const answers: Promise<void>[] = [];
    for (let left = 1 + random.below(burstMax); left > 0; left--) {
      const index = owner.count++;
      const value = random.chance(0.75) ? `${index}` : null;
      const asked: Asked = { index, value, end: null, version: -1, answer: '' };
      all.push(asked);
      if (value !== null) owner.writes.push(asked);
      const answered = ask(owner, asked).then(() => {
        if (asked.end !== 'acknowledged') return;
        const text = () => `${index} of ${path} was answered after ${answeredMax}`;
        crew.expect(index > answeredMax, 'C2', text);
        answeredMax = index;
      });
      answers.push(answered);
    }
    await Promise.all(answers);
    checkBurst(crew, path, all);
  }

  return {
    name: 'pipelines',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (let at = 0; at < clientCount; at++) {
          const path = `${root}/${at}`;
          await crew.ensure(first, path);
          if (crew.isStopped) return;
          const client = crew.open(crew.someSids());
          const owner: Owner = { client, path, writes: [], count: 0 };
          owners.push(owner);
          crew.repeat(pauseMs, () => burst(owner));
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        for (const { path, writes } of owners) {
          const read = await crew.read(client, path);
          const last = writes.findLast(({ end }) => end === 'acknowledged');
          const value = read?.data ?? '';
          const write = writes.find((one) => one.value === value);
          const isRight =
            (write?.index ?? -1) >= (last?.index ?? -1) &&
            write?.end !== 'refused' &&
            read !== null;
          crew.expect(isRight, 'Z10', () => {
            return `${path} holds ${read?.data}, answered was ${last?.value}`;
          });
        }
      }),
  };
};

function checkBurst(crew: Crew, path: string, all: readonly Asked[]): void {
  let before: Asked | null = null;
  for (const asked of all) {
    const { value, end, version, answer, index } = asked;
    const isKnown = before?.end === 'acknowledged' && end === 'acknowledged';
    if (value === null) {
      const isSame = version === before?.version && answer === before.value;
      crew.expect(!isKnown || isSame, 'C2', () => {
        return `read ${index} of ${path}: ${answer} at version ${version} after ${before?.value}`;
      });
      continue;
    }
    crew.expect(!isKnown || version === before!.version + 1, 'C2', () => {
      return `write ${index} of ${path} has version ${version} after ${before?.version}`;
    });
    before = asked;
  }
}
