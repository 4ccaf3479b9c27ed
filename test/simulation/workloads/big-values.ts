/**
 * Values of all sizes up to the largest that a frame carries: what is read is what was written, to
 * the last byte, whatever way it took to each replica.
 */

import type { Client } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/big-values';
const keyCount = 3;
const programCount = 2;
const pauseMs = 250;
const smallBytes = 2_000;
const bigBytes = [100_000, 900_000] as const;
const bigChance = 0.06;
const seedBytes = 8;

export const makeBigValues: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const paths = Array.from({ length: keyCount }, (_, at) => `${root}/${at}`);
  let seeds = 0;
  /** Seeds of the values that were asked for, and the lengths. */
  const asked = new Map<number, number>();
  /** By path: the highest version that was answered. */
  const answered = new Map<string, number>();

  function makeValue(): Buffer {
    const [least, most] = bigBytes;
    const isBig = random.chance(bigChance);
    const length = isBig ? least + random.below(most - least) : random.below(smallBytes);
    const seed = ++seeds;
    asked.set(seed, length);
    return bytesOf(seed, length);
  }

  function checkValue(path: string, data: Uint8Array | null): void {
    if (data === null) return;
    const bytes = Buffer.from(data);
    const seed = bytes.length < seedBytes ? 0 : bytes.readDoubleBE(0);
    const length = asked.get(seed);
    const isRight = length !== undefined && bytesOf(seed, length).equals(bytes);
    crew.expect(isRight, 'C1', () => {
      return `${path} holds ${bytes.length} bytes that begin with ${seed}; asked were ${length}`;
    });
  }

  function program(client: Client): void {
    crew.repeat(pauseMs, async () => {
      const path = random.pick(paths);
      if (random.chance(0.5)) {
        const value = makeValue();
        const stat = await crew.valueOf(() => client.setData(path, value));
        if (stat === undefined) return;
        answered.set(path, Math.max(stat.version, answered.get(path) ?? -1));
        const text = () => `${path} has ${stat.dataLength} bytes of ${value.length}`;
        crew.expect(stat.dataLength === value.length, 'C6', text);
      } else {
        const read = await crew.valueOf(() => client.getData(path));
        if (read !== undefined) checkValue(path, read.data);
      }
    });
  }

  return {
    name: 'big-values',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (const path of paths) await crew.ensure(first, path);
        if (crew.isStopped) return;
        for (let at = 0; at < programCount; at++) {
          program(at === 0 ? first : crew.open(crew.someSids()));
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        for (const [path, version] of answered) {
          const read = await crew.patiently(() => client.getData(path));
          checkValue(path, read.data);
          crew.expect(read.stat.version >= version, 'Z10', () => {
            return `${path} is at version ${read.stat.version}, ${version} was answered`;
          });
        }
      }),
  };
};

/** Bytes that only this seed and length have. */
function bytesOf(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(seedBytes, length));
  for (let at = 0; at < bytes.length; at++) bytes[at] = (seed * 31 + at * 7 + (at >> 8)) & 0xff;
  bytes.writeDoubleBE(seed, 0);
  return bytes;
}
