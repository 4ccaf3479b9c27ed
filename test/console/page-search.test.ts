/** A child is found among the sorted pages of its parent; a sub-tree is read wholly or not. */

import { describe, expect, test } from 'vitest';
import { searchPage } from '../../console/app/logic/page-search.ts';
import { readSubtree, TooMany } from '../../console/app/logic/subtree.ts';
import { pageRows } from '../../console/app/logic/tree-rows.ts';
import type { ChildPage } from '../../protocol/inspection.ts';
import { znodeView } from './znode-view.ts';

const row = (name: string) => ({ name, children: 0, bytes: 0, isEphemeral: false });
const name = (at: number): string => `n${String(at).padStart(7, '0')}`;

describe('the page of a child', () => {
  const pages = (total: number) => {
    const asked: number[] = [];
    const load = async (page: number): Promise<ChildPage> => {
      asked.push(page);
      const size = Math.max(0, Math.min(pageRows, total - page * pageRows));
      const rows = Array.from({ length: size }, (_, at) => row(name(page * pageRows + at)));
      return { path: '/', total, rows };
    };
    return { asked, load };
  };

  test('is found among two thousand with a dozen looks', async () => {
    const { asked, load } = pages(1_000_000);

    expect(await searchPage(name(777_777), 1_000_000, load)).toBe(true);
    expect(asked.at(-1)).toBe(Math.floor(777_777 / pageRows));
    expect(asked.length).toBeLessThanOrEqual(12);
  });

  test('is looked for where it would be, if it is not there', async () => {
    const { asked, load } = pages(10_000);

    expect(await searchPage('n0000777x', 10_000, load)).toBe(true);
    expect(asked.at(-1)).toBe(1);
    expect(await searchPage('zzz', 10_000, load)).toBe(true);
    expect(asked.at(-1)).toBe(19);
  });

  test('is found although most children went meanwhile', async () => {
    const { load } = pages(600);

    expect(await searchPage(name(599), 1_000_000, load)).toBe(true);
  });

  test('cannot be found where nothing may be listed', async () => {
    expect(await searchPage('a', 5_000, async () => null)).toBe(false);
  });
});

describe('a sub-tree', () => {
  const names: Readonly<Record<string, readonly string[]>> = {
    '/a': Array.from({ length: 700 }, (_, at) => name(at)),
    '/a/n0000699': ['x'],
  };
  const reader = {
    children: async (path: string, offset: number, limit: number): Promise<ChildPage> => {
      const all = names[path] ?? [];
      return { path, total: all.length, rows: all.slice(offset, offset + limit).map(row) };
    },
    look: async (path: string) =>
      path === '/a/n0000003' ? null : znodeView(path, { numChildren: names[path]?.length ?? 0 }),
    progress: () => {},
  };

  test('is read over all pages, parents first, without what went meanwhile', async () => {
    const paths = (await readSubtree(reader, '/a', 1_000)).map(({ path }) => path);

    expect(paths).toHaveLength(701);
    expect(paths[0]).toBe('/a');
    expect(paths.at(-1)).toBe('/a/n0000699/x');
    expect(paths).not.toContain('/a/n0000003');
  });

  test('is refused before it is listed, if it is too large', async () => {
    await expect(readSubtree(reader, '/a', 500)).rejects.toThrow(TooMany);
  });

  test('is refused if a part of it may not be listed', async () => {
    const secret = { ...reader, children: async () => null };

    await expect(readSubtree(secret, '/a', 1_000)).rejects.toThrow(/cannot be listed/);
  });
});
