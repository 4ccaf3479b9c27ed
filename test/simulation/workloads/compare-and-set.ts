/**
 * Counters by compare-and-set: read the count, write the next one if the version is still the same.
 * An increment that was answered counts once for ever, one that was refused never counts, one of
 * unknown end counts at most once.
 */

import { type Client, ErrorCode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/compare-and-set';
const counterCount = 2;
const writerCount = 4;
const pauseMs = 60;

interface Counter {
  readonly path: string;
  acknowledged: number;
  unknown: number;
  /** By version: who made it so. */
  readonly makers: Map<number, string>;
  readonly refused: Set<string>;
}

export const makeCompareAndSet: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const counters = Array.from({ length: counterCount }, (_, at): Counter => {
    const account = { acknowledged: 0, unknown: 0, makers: new Map(), refused: new Set<string>() };
    return { path: `${root}/${at}`, ...account };
  });

  /** Data is `<count> <tag of the increment>`. */
  function learn({ path, makers, refused }: Counter, data: string, version: number): number {
    const [count, tag = ''] = data.split(' ');
    crew.expect(Number(count) === version, 'C6', () => `${path} is ${data} at version ${version}`);
    const maker = makers.get(version) ?? tag;
    crew.expect(maker === tag, 'C1', () => `version ${version} of ${path} by ${maker} and ${tag}`);
    crew.expect(!refused.has(tag), 'C1', () => `${path} shows ${tag}, which was refused`);
    makers.set(version, maker);
    return Number(count);
  }

  function program(client: Client, name: string): void {
    let tried = 0;
    crew.repeat(pauseMs, async () => {
      const counter = random.pick(counters);
      const { path } = counter;
      const read = await crew.valueOf(() => client.getData(path));
      if (read === undefined) return;
      const { version } = read.stat;
      const count = learn(counter, `${read.data}`, version);
      if (random.chance(0.3)) await crew.pause(30);
      const tag = `${name}.${tried++}`;
      const data = `${count + 1} ${tag}`;
      const outcome = await crew.attempt(
        () => client.setData(path, data, version),
        ErrorCode.badVersion,
      );
      if (outcome.kind === 'unknown') counter.unknown++;
      else if (outcome.kind === 'refused') counter.refused.add(tag);
      else {
        counter.acknowledged++;
        const next = outcome.value.version;
        crew.expect(next === version + 1, 'C6', () => `${path}: ${next} after ${version}`);
        learn(counter, data, next);
      }
    });
  }

  return {
    name: 'compare-and-set',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (const { path } of counters) await crew.ensure(first, path, '0 start');
        for (let writer = 0; writer < writerCount; writer++) {
          program(writer === 0 ? first : crew.open(crew.someSids()), `writer${writer}`);
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        for (const counter of counters) {
          const { path, acknowledged, unknown, makers } = counter;
          const last = await crew.read(client, path);
          if (last === null) {
            crew.expect(makers.size === 0, 'Z10', () => `${path} was there and is gone`);
            continue;
          }
          const count = learn(counter, last.data, last.stat.version);
          const isRight = count >= acknowledged && count <= acknowledged + unknown;
          crew.expect(isRight, 'C1', () => {
            return `${path} is ${count}: ${acknowledged} answered, ${unknown} unknown`;
          });
          const tags = new Set(makers.values());
          const text = () => `an increment of ${path} counts twice: ${[...makers.values()]}`;
          crew.expect(tags.size === makers.size, 'C1', text);
        }
      }),
  };
};
