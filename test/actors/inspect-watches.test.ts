/**
 * Watches by path and by session: the largest groups first, with what each watch is, in pages; also
 * of very many, and while they come and go.
 */

import { describe, expect, test } from 'vitest';
import { watchTable } from '../../actors/watches.ts';
import { WatchTable } from '../../storage/watch-index.ts';
import { InspectRig } from '../support/inspect-rig.ts';
import { addWatch, first, second, threeClients } from '../support/replica-view.ts';

const byPath = { what: 'watches', by: 'path', text: '', offset: 0, limit: 100 } as const;
const bySession = { ...byPath, by: 'session' } as const;
const idOf = ({ id }: { id: string }) => `0x${id.replace(/^0+/, '')}`;

function watched(): InspectRig {
  const rig = new InspectRig({ clients: threeClients() });
  addWatch(rig.view, 1, '/b', WatchTable.data);
  addWatch(rig.view, 2, '/b', WatchTable.child);
  addWatch(rig.view, 2, '/a', WatchTable.data);
  addWatch(rig.view, 2, '/c', WatchTable.data);
  return rig;
}

function remove(rig: InspectRig, watcher: number, path: string): void {
  const { index } = rig.view.watches;
  const bytes = Buffer.from(path);
  index.remove(index.find(watcher, WatchTable.data, bytes, 0, bytes.length));
}

describe('by path', () => {
  test('groups come by count, then by path, with their watches', async () => {
    const rig = watched();
    const armed = watchTable.next(0, watchTable.eventIndex('arm.standard'));
    const { index } = rig.view.watches;
    index.setState(index.firstOfWatcher(1), armed);

    const { total, groups } = await rig.ask(byPath);
    expect(total).toBe(3);
    expect(groups.map(({ key, count }) => [key, count])).toEqual([
      ['/b', 2],
      ['/a', 1],
      ['/c', 1],
    ]);
    expect(groups[0]?.entries).toEqual([
      {
        ...{ path: '/b', table: 'data', state: watchTable.states[armed] },
        ...{ session: idOf(first), actor: '1:watch.data.1./b' },
      },
      {
        ...{ path: '/b', table: 'child', state: watchTable.states[0] },
        ...{ session: idOf(second), actor: '1:watch.child.2./b' },
      },
    ]);
  });

  test('come in pages, and only those whose path has the text', async () => {
    const rig = watched();

    const page = await rig.ask({ ...byPath, offset: 1, limit: 1 });
    expect(page).toMatchObject({ total: 3, groups: [{ key: '/a' }] });
    expect(await rig.ask({ ...byPath, text: 'c' })).toMatchObject({
      total: 1,
      groups: [{ key: '/c' }],
    });
    expect(await rig.ask({ ...byPath, text: 'nothing' })).toEqual({ total: 0, groups: [] });
  });

  test('a hundred of a group are listed, and all are counted', async () => {
    const rig = new InspectRig();
    for (let watcher = 1; watcher <= 250; watcher++) {
      addWatch(rig.view, watcher, '/crowd', WatchTable.data);
    }

    const { groups } = await rig.ask(byPath);
    expect(groups[0]?.count).toBe(250);
    expect(groups[0]?.entries).toHaveLength(100);
    expect(groups[0]?.entries[0]?.session).toBeNull();
  });
});

describe('by session', () => {
  test('groups come by count, with the paths of each', async () => {
    const { total, groups } = await watched().ask(bySession);

    expect(total).toBe(2);
    expect(groups.map(({ key, count }) => [key, count])).toEqual([
      [idOf(second), 3],
      [idOf(first), 1],
    ]);
    expect(groups[1]?.entries.map(({ path }) => path)).toEqual(['/b']);
    expect(await watched().ask({ ...bySession, text: 'ff00' })).toMatchObject({
      groups: [{ key: idOf(second) }],
    });
  });
});

describe('100,000 watches', () => {
  const count = 100_000;
  const many = () => {
    const rig = new InspectRig({ clients: threeClients() });
    for (let made = 0; made < count; made++) {
      addWatch(rig.view, 1 + (made % 2), `/many/${(made * 7919) % count}`, WatchTable.data);
    }
    return rig;
  };

  test('are sorted and counted in short slices', async () => {
    const rig = many();

    const { total, groups } = await rig.ask({ ...byPath, offset: 1000, limit: 1000 });
    expect(rig.turns).toBeGreaterThan((count * 10) / 16_384);
    expect(total).toBe(count);
    const all = Array.from({ length: count }, (_, number) => `/many/${number}`).sort();
    expect(groups.map(({ key }) => key)).toEqual(all.slice(1000, 2000));
    await rig.ask(bySession);
    expect(rig.turns).toBeGreaterThan(count / 16_384);
    const path = { what: 'znode', path: '/', viewer: 'world' } as const;
    await rig.ask(path);
    expect(rig.turns).toBe(1);
  });

  test('of which some go between the slices: those that stay are counted', async () => {
    const rig = many();
    let gone = 0;
    rig.onTurn = () => {
      for (let taken = 0; taken < 500; taken++, gone++) {
        remove(rig, 1 + (gone % 2), `/many/${(gone * 7919) % count}`);
        addWatch(rig.view, 2, `/new/${gone}`, WatchTable.child);
      }
    };

    const { groups } = await rig.ask({ ...byPath, text: '/many/', limit: 1000 });
    expect(gone).toBeGreaterThan(1000);
    const { index } = rig.view.watches;
    for (const { key, count, entries } of groups) {
      expect(key).toMatch(/^\/(many|new)\/\d+$/);
      expect(count).toBe(1);
      expect(entries.map(({ path }) => path)).toEqual([key]);
    }
    expect(index.isLive(index.watchLimit)).toBe(false);
  });

  test('of one session are counted, also while the one that was counted last goes', async () => {
    const rig = many();
    const mine = { what: 'session', id: idOf(first) } as const;
    const { index } = rig.view.watches;

    expect((await rig.ask(mine))?.watches).toBe(count / 2);
    let gone = 0;
    rig.onTurn = (turns) => {
      if (turns !== 2) return;
      for (let watch = index.firstOfWatcher(1); gone < 40_000; gone++) {
        const next = index.nextOfWatcher(watch);
        index.remove(watch);
        watch = next;
      }
    };
    const detail = await rig.ask(mine);
    expect(detail?.watches).toBe(count / 2 - gone);
    expect(detail?.watchList).toHaveLength(1000);
  });
});
