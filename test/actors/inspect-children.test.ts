/**
 * Pages of children: sorted, in short slices also of very many, and sane while the tree changes.
 */

import { describe, expect, test } from 'vitest';
import type { Acl } from '../../protocol/record.ts';
import { Permission } from '../../protocol/record.ts';
import { InspectRig } from '../support/inspect-rig.ts';

const hidden: Acl[] = [{ perms: Permission.all, id: { scheme: 'digest', id: 'me:aGFzaA==' } }];
const page = (path: string, offset = 0, limit = 1000) =>
  ({ what: 'children', path, viewer: 'world', offset, limit }) as const;
const names = (answer: { rows: readonly { name: string }[] } | null) =>
  answer?.rows.map(({ name }) => name);

/** Children in no order, whose names begin alike and whose ends are in the order of numbers. */
function crowded(count: number): InspectRig {
  const rig = new InspectRig();
  rig.create('/p');
  const { state } = rig.view;
  for (let made = 0; made < count; made++) {
    rig.create(`/p/${nameOf((made * 7919) % count)}`, 'x');
  }
  expect(state.tree.numChildren(state.tree.findPath('/p'))).toBe(count);
  return rig;
}

const nameOf = (number: number) => `name-of-a-child-${String(number).padStart(10, '0')}`;

describe('a page of children', () => {
  test('is sorted by name and tells what each is', async () => {
    const rig = new InspectRig();
    const all = ['b', 'a', 'ü', 'aa', '<b>bold', 'name-1', 'name-10', 'name-2'];
    for (const name of all) rig.create(`/${name}`, name, { kind: 'container' });
    rig.create('/a/below', 'e', { kind: 'ephemeral', owner: '0000000000000001' });

    const root = await rig.ask(page('/'));
    expect(names(root)).toEqual([...all, 'zookeeper'].sort());
    expect(root).toMatchObject({ path: '/', total: 9 });
    expect(root?.rows[1]).toEqual({ name: 'a', children: 1, bytes: 1, isEphemeral: false });
    const below = { name: 'below', children: 0, bytes: 1, isEphemeral: true };
    expect((await rig.ask(page('/a')))?.rows).toEqual([below]);
    expect(names(await rig.ask(page('/', 2, 3)))).toEqual([...all].sort().slice(2, 5));
    expect(await rig.ask(page('/', 50))).toEqual({ path: '/', total: 9, rows: [] });
  });

  test('is null when the znode is not there, or may not be listed', async () => {
    const rig = new InspectRig();
    rig.create('/s', 'data', { acl: hidden });
    rig.create('/s/a');

    expect(await rig.ask(page('/nobody'))).toBeNull();
    expect(await rig.ask(page('/s'))).toBeNull();
    expect(names(await rig.ask({ ...page('/s'), viewer: 'admin' }))).toEqual(['a']);
    const row = { name: 's', children: 0, bytes: 0, isEphemeral: false };
    expect((await rig.ask(page('/')))?.rows[0]).toEqual(row);
  });
});

describe('a parent with 200,000 children', () => {
  const count = 200_000;
  const rig = crowded(count);

  test('is sorted in many short slices by work, not time, and then scrolls at once', async () => {
    const begin = await rig.ask(page('/p', 0, 100));
    expect(names(begin)).toEqual(Array.from({ length: 100 }, (_, at) => nameOf(at)));
    expect(begin?.total).toBe(count);
    // Each has to be met, looked at and merged a dozen times.
    expect(rig.turns).toBeGreaterThan((count * 12) / 16_384);

    const middle = await rig.ask(page('/p', count / 2, 100));
    expect(middle?.rows[0]?.name).toBe(nameOf(count / 2));
    expect(rig.turns).toBeLessThan(4);
    expect(names(await rig.ask(page('/p', count - 3)))?.length).toBe(3);
  });

  test('is brought up to date when children came or went, with a tenth of the work', async () => {
    rig.create('/p/a-new-one');
    rig.create(`/p/${nameOf(70)}-new`);
    rig.delete(`/p/${nameOf(1)}`);
    const now = await rig.ask(page('/p', 0, 100));
    expect(now?.total).toBe(count + 1);
    const old = Array.from({ length: 100 }, (_, at) => nameOf(at)).filter((_, at) => at !== 1);
    const both = ['a-new-one', `${nameOf(70)}-new`, ...old].sort();
    expect(names(now)).toEqual(both.slice(0, 100));
    expect(rig.turns).toBeGreaterThan(10);
    expect(rig.turns).toBeLessThan(40);
    for (const name of ['a-new-one', `${nameOf(70)}-new`]) rig.delete(`/p/${name}`);
    rig.create(`/p/${nameOf(1)}`);
    expect(names(await rig.ask(page('/p', 0, 2)))).toEqual([nameOf(0), nameOf(1)]);
  });

  test('is sorted anew after half a minute', async () => {
    rig.clock.advance(30_000);
    await rig.ask(page('/p', 0, 1));
    expect(rig.turns).toBeGreaterThan(100);
  });

  test('two who ask at once get it sorted once', async () => {
    rig.clock.advance(30_000);
    await rig.ask(page('/p', 0, 10));
    const alone = rig.turns;
    rig.clock.advance(30_000);
    const answers = await rig.askAll([page('/p', 0, 10), page('/p', 10, 10)]);
    expect(rig.turns).toBeLessThan(alone + 10);
    expect(answers[1]).toMatchObject({
      rows: [{ name: nameOf(10) }, {}, {}, {}, {}, {}, {}, {}, {}, {}],
    });
  });
});

describe('while children come and go between the slices', () => {
  test('those that stay are all there, once and in order', async () => {
    const count = 40_000;
    const rig = crowded(count);
    const gone = new Set<string>();
    // The chain of siblings is met from the last created on: take from where the walk is.
    let at = count - 1;
    rig.onTurn = (turns) => {
      if (turns % 2 === 0) rig.create(`/p/${turns}-new`);
      for (let taken = 0; taken < 400 && at > 0; taken++, at -= 37) {
        const name = nameOf((at * 7919) % count);
        if (gone.has(name)) continue;
        gone.add(name);
        rig.delete(`/p/${name}`);
      }
    };
    const seen = names(await rig.ask(page('/p'))) ?? [];
    expect(gone.size).toBeGreaterThan(500);
    const last = seen.at(-1)!;
    const stayed = Array.from({ length: count }, (_, number) => nameOf(number)).filter(
      (name) => name <= last && !gone.has(name),
    );
    expect(stayed.length).toBeGreaterThan(500);
    expect(seen.filter((name) => !name.endsWith('-new'))).toEqual(stayed);
  });

  test('a parent that is gone by then is null, also when another has its place', async () => {
    const rig = crowded(20_000);
    rig.onTurn = (turns) => {
      if (turns !== 3) return;
      const all = Array.from({ length: 20_000 }, (_, number) => `/p/${nameOf(number)}`);
      for (const path of all) rig.delete(path);
      rig.delete('/p');
      for (let made = 0; made < 300; made++) rig.create(`/other-${made}`);
    };

    expect(await rig.ask(page('/p'))).toBeNull();
  });
});
