/**
 * Sequential znodes under shared parents, several at a time: numbers are unique and rise with time,
 * each client's in the order of its asking, and none is left out but for creates of unknown end.
 */

import { type Client, CreateMode } from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/sequences';
const parentCount = 2;
const writerCount = 4;
const windowMax = 6;
const pauseMs = 150;
const digits = 10;

interface Parent {
  readonly path: string;
  /** By number: the tag of the create, as answers told. */
  readonly tags: Map<number, string>;
  /** By tag: what became of the create. */
  readonly ends: Map<string, 'acknowledged' | 'refused' | 'unknown'>;
  /** Those that a delete has taken, or may have. */
  readonly deleted: Map<number, 'acknowledged' | 'unknown'>;
  acknowledgedMax: number;
}

export const makeSequences: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  const parents = Array.from({ length: parentCount }, (_, at): Parent => {
    const maps = { tags: new Map(), ends: new Map(), deleted: new Map() };
    return { path: `${root}/${at}`, ...maps, acknowledgedMax: -1 };
  });

  async function create(client: Client, parent: Parent, tag: string, own: Map<Parent, number>) {
    const before = parent.acknowledgedMax;
    const mode = CreateMode.persistentSequential;
    const outcome = await crew.attempt(() => client.create(`${parent.path}/n-`, tag, { mode }));
    parent.ends.set(tag, outcome.kind);
    if (outcome.kind !== 'acknowledged') return;
    const number = numberOf(outcome.value);
    const other = parent.tags.get(number);
    crew.expect(other === undefined, 'C7', () => `${outcome.value} is ${other} and ${tag}`);
    crew.expect(number > before, 'C7', () => `${outcome.value} for ${tag} came after ${before}`);
    const last = own.get(parent) ?? -1;
    crew.expect(
      number > last,
      'C2',
      () => `${outcome.value} for ${tag} was answered after ${last}`,
    );
    own.set(parent, number);
    parent.tags.set(number, tag);
    parent.acknowledgedMax = Math.max(parent.acknowledgedMax, number);
  }

  async function remove(client: Client, parent: Parent): Promise<void> {
    const numbers = [...parent.tags.keys()].filter((number) => !parent.deleted.has(number));
    if (numbers.length === 0) return;
    const number = random.pick(numbers);
    parent.deleted.set(number, 'unknown');
    const outcome = await crew.attempt(() => client.delete(pathOf(parent, number)));
    if (outcome.kind === 'acknowledged') parent.deleted.set(number, 'acknowledged');
    if (outcome.kind === 'refused') parent.deleted.delete(number);
  }

  function program(client: Client, name: string): void {
    let asked = 0;
    const own = new Map<Parent, number>();
    crew.repeat(pauseMs, async () => {
      const parent = random.pick(parents);
      if (random.chance(0.2)) return remove(client, parent);
      const window = 1 + random.below(windowMax);
      const creates = Array.from({ length: window }, () => {
        return create(client, parent, `${name} ${asked++}`, own);
      });
      await Promise.all(creates);
    });
  }

  return {
    name: 'sequences',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const first = crew.open();
        await crew.ensure(first, root);
        for (const { path } of parents) await crew.ensure(first, path);
        for (let writer = 0; writer < writerCount; writer++) {
          program(writer === 0 ? first : crew.open(crew.someSids()), `writer${writer}`);
        }
      });
    },
    stop: () => crew.stop(),
    check: (client) =>
      crew.check(async () => {
        await crew.patiently(() => client.sync(root));
        for (const parent of parents) {
          const found = new Map<number, string>();
          for (const { name, data } of await crew.childrenData(client, parent.path)) {
            found.set(numberOf(name), data);
          }
          checkParent(crew, parent, found);
        }
      }),
  };
};

/** What is there against what was told. */
function checkParent(crew: Crew, parent: Parent, found: Map<number, string>): void {
  const { path, tags, ends, deleted } = parent;
  for (const [number, tag] of tags) {
    const isThere = found.get(number) === tag;
    const end = deleted.get(number);
    const what = () => `${pathOf(parent, number)} of ${tag} holds ${found.get(number)}`;
    if (end === undefined) crew.expect(isThere, 'Z10', what);
    if (end === 'acknowledged') crew.expect(!isThere, 'Z10', () => `${what()}, and was deleted`);
  }
  const known = new Map<string, number>([...tags].map(([number, tag]) => [tag, number]));
  for (const [number, tag] of found) {
    const at = known.get(tag) ?? number;
    crew.expect(at === number, 'C7', () => `${tag} is there as ${number} and as ${at}`);
    const isOfUnknown = ends.get(tag) === 'unknown' || known.has(tag);
    crew.expect(isOfUnknown, 'C1', () => `${path}/${number}: ${tag} was ${ends.get(tag)}`);
    known.set(tag, number);
  }
  checkOrder(crew, parent, known);
  const numberMax = Math.max(-1, ...known.values());
  const holes = numberMax + 1 - known.size;
  const unknowns = [...ends].filter(([tag, end]) => end === 'unknown' && !known.has(tag));
  crew.expect(holes <= unknowns.length, 'C7', () => {
    return `${path} has ${holes} holes below ${numberMax}; ${unknowns.length} have no known end`;
  });
}

/** Each client's numbers rise with its asking, those of unknown end included. */
function checkOrder(crew: Crew, { path }: Parent, known: Map<string, number>): void {
  const last = new Map<string, { asked: number; number: number }>();
  for (const [tag, number] of [...known].sort(([, a], [, b]) => a - b)) {
    const [writer = '', asked] = tag.split(' ');
    const before = last.get(writer);
    crew.expect(before === undefined || before.asked < Number(asked), 'C2', () => {
      return `${path}: ${tag} has number ${number}, an earlier one has ${before?.number}`;
    });
    last.set(writer, { asked: Number(asked), number });
  }
}

function numberOf(path: string): number {
  return Number(path.slice(-digits));
}

function pathOf({ path }: Parent, number: number): string {
  return `${path}/n-${`${number}`.padStart(digits, '0')}`;
}
