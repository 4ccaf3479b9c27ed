/**
 * Registers: several clients write a few znodes and read them, from their own replica and after a
 * sync. A write's place in the order of all is its version, which the answer tells; so every read,
 * every answer and every program can be held against that order.
 */

import type { Client, Stat } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/register';
const keyCount = 4;
const writerCount = 4;
const pauseMs = 60;

/** What is known of a znode's history. */
interface Register {
  readonly path: string;
  /** Values that were asked for: once done, each stands at one version. */
  readonly asked: Set<string>;
  /** By version: value and zxid, as answers and reads told. */
  readonly known: Map<number, { value: string; mzxid: number }>;
  /** By value: its version. */
  readonly versionOf: Map<string, number>;
  /** The highest version that an answer has told to anybody. */
  acknowledgedMax: number;
}

export const makeRegister: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const registers = Array.from({ length: keyCount }, (_, key): Register => {
    const maps = { asked: new Set(['']), known: new Map(), versionOf: new Map() };
    return { path: `${root}/${key}`, ...maps, acknowledgedMax: -1 };
  });

  function learn(register: Register, value: string, { version, mzxid }: Stat): void {
    const { path, asked, known, versionOf } = register;
    const told = `${path} was ${value} at version ${version}, zxid ${mzxid}`;
    crew.expect(asked.has(value), 'C1', () => `nobody asked for it: ${told}`);
    const before = known.get(version) ?? { value, mzxid };
    crew.expect(before.value === value && before.mzxid === mzxid, 'C1', () => {
      return `${told}, and ${before.value} at zxid ${before.mzxid}`;
    });
    const other = versionOf.get(value) ?? version;
    crew.expect(other === version, 'C1', () => `${told}, and at version ${other}`);
    known.set(version, before);
    versionOf.set(value, version);
  }

  async function program(client: Client, name: string): Promise<void> {
    let writes = 0;
    /** Of each register, the version that this program knows of. */
    const seen = new Map<Register, number>();
    const see = (register: Register, version: number, atLeast: number, how: string) => {
      const text = () => `${how} of ${register.path} by ${name}: ${version}, not ${atLeast}`;
      crew.expect(version >= atLeast, how === 'synced read' ? 'C4' : 'C3', text);
      seen.set(register, Math.max(version, seen.get(register) ?? -1));
    };
    crew.repeat(pauseMs, async () => {
      const register = random.pick(registers);
      const { path } = register;
      const ownBefore = seen.get(register) ?? -1;
      const anyBefore = register.acknowledgedMax;
      if (random.chance(0.4)) {
        const value = `${name}-${writes++}`;
        register.asked.add(value);
        const stat = await crew.valueOf(() => client.setData(path, value));
        if (stat === undefined) return;
        learn(register, value, stat);
        const { version } = stat;
        // Whatever was answered before this was asked comes before it.
        crew.expect(version > Math.max(anyBefore, ownBefore), 'C1', () => {
          return `write ${value} of ${path} has version ${version} after ${anyBefore}`;
        });
        register.acknowledgedMax = Math.max(register.acknowledgedMax, version);
        seen.set(register, Math.max(version, seen.get(register) ?? -1));
        return;
      }
      const isSynced = random.chance(0.4);
      const synced = isSynced ? crew.valueOf(() => client.sync(path)) : undefined;
      // Half of them wait for the sync; the other half rely on the order of requests.
      if (random.chance(0.5)) await synced;
      const read = await crew.valueOf(() => client.getData(path));
      const wasSynced = (await synced) !== undefined;
      if (read === undefined) return;
      const { version } = read.stat;
      learn(register, `${read.data ?? ''}`, read.stat);
      if (wasSynced) see(register, version, Math.max(anyBefore, ownBefore), 'synced read');
      else see(register, version, ownBefore, 'read');
    });
  }

  return {
    name: 'register',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (const { path } of registers) await crew.ensure(first, path);
        for (let writer = 0; writer < writerCount; writer++) {
          const client = writer === 0 ? first : crew.open(crew.someSids());
          await program(client, `writer${writer}`);
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        for (const register of registers) {
          const { path, acknowledgedMax, known } = register;
          const last = await crew.read(client, path);
          if (last === null) {
            const wasThere = known.size > 0;
            crew.expect(!wasThere, 'Z10', () => `${path} was there and is gone`);
            continue;
          }
          learn(register, last.data, last.stat);
          crew.expect(last.stat.version >= acknowledgedMax, 'Z10', () => {
            return `${path} is at version ${last.stat.version}, ${acknowledgedMax} was answered`;
          });
          const writes = register.asked.size - 1;
          crew.expect(last.stat.version <= writes, 'C6', () => {
            return `${path} is at version ${last.stat.version} after ${writes} writes`;
          });
          checkOrder(crew, register);
        }
      }),
  };
};

/** Zxids and versions rise together. */
function checkOrder(crew: Crew, { path, known }: Register): void {
  let zxid = 0;
  for (const [version, { mzxid }] of [...known].sort(([a], [b]) => a - b)) {
    crew.expect(mzxid > zxid, 'C1', () => `${path} at version ${version} has zxid ${mzxid}`);
    zxid = mzxid;
  }
}
