/** Export files, and what an import would do before it does anything. */

import { describe, expect, test } from 'vitest';
import { movedPath, planCounts, planImport } from '../../console/app/logic/import-plan.ts';
import {
  readTreeFile,
  type TreeFile,
  treeFileName,
  treeFileText,
} from '../../console/app/logic/tree-file.ts';
import type { ExportedZnode, ZnodeView } from '../../protocol/inspection.ts';
import { znodeView } from './znode-view.ts';

const acl = [{ perms: 'cdrwa', scheme: 'world', id: 'anyone' }];
const znode = (path: string, over: Partial<ExportedZnode> = {}): ExportedZnode => ({
  path,
  data: 'b2xk',
  acl,
  kind: 'persistent',
  ttlMs: null,
  ...over,
});

const text = (root: string, ...znodes: unknown[]): string =>
  JSON.stringify({ format: 'natskeeper-tree', formatVersion: 1, ensemble: 'e', root, znodes });

function fileOf(root: string, ...znodes: ExportedZnode[]): TreeFile {
  const file = readTreeFile(text(root, ...znodes));
  if (typeof file === 'string') throw new Error(file);
  return file;
}

describe('a file', () => {
  test('comes back as it was written', () => {
    const znodes = [znode('/a'), znode('/a/b<i>', { data: '/wA=', kind: 'ttl', ttlMs: 9 })];
    const head = { ensemble: 'e', root: '/a', exportedAt: '2024-01-01T00:00:00.000Z' };

    expect(readTreeFile(treeFileText({ ...head, znodes }))).toMatchObject({ ...head, znodes });
  });

  test('has parents first, however it was written', () => {
    const file = fileOf('/a', znode('/a/b/c'), znode('/a'), znode('/a/b'));

    expect(file.znodes.map(({ path }) => path)).toEqual(['/a', '/a/b', '/a/b/c']);
  });

  test('has a name that file systems take', () => {
    expect(treeFileName('my ens', '/a/<b>', '2024-01-01T10:20:30.000Z')).toBe(
      'my-ens-a-b-2024-01-01T102030.json',
    );
  });

  const faults: [string, string][] = [
    ['', 'not JSON'],
    ['[]', 'not an export'],
    ['{"format":"natskeeper-tree","formatVersion":2}', 'format version'],
    [text('a'), 'no valid "root"'],
    [text('/a', 7), 'Entry 1 of "znodes" is not an object'],
    [text('/a', { ...znode('/a/../b') }), 'no valid "path"'],
    [text('/a', { ...znode('/b') }), 'not below /a'],
    [text('/a', { ...znode('/a'), data: '!' }), 'base64'],
    [text('/a', { ...znode('/a'), kind: 'odd' }), '"kind"'],
    [text('/a', { ...znode('/a'), kind: 'ttl' }), '"ttlMs"'],
    [text('/a', { ...znode('/a'), acl: [{}] }), '"acl"'],
    [text('/a', znode('/a'), znode('/a')), 'twice'],
  ];
  for (const [wrong, part] of faults) {
    test(`that is wrong is refused: ${part}`, () => {
      expect(readTreeFile(wrong)).toContain(part);
    });
  }
});

describe('a plan', () => {
  const lookIn =
    (...views: ZnodeView[]) =>
    async (path: string): Promise<ZnodeView | null> =>
      views.find((view) => view.path === path) ?? null;
  const plan = (file: TreeFile, root: string, ...views: ZnodeView[]) =>
    planImport(file, root, lookIn(znodeView('/'), ...views), () => {});

  test('creates what is not there, changes what differs, leaves what is the same', async () => {
    const file = fileOf('/a', znode('/a'), znode('/a/b'), znode('/a/c'));
    const entries = await plan(
      file,
      '/a',
      znodeView('/a'),
      znodeView('/a/b', { data: 'eA==', version: 3 }),
    );

    expect(planCounts(entries)).toEqual({ create: 1, change: 1, same: 1, conflict: 0, skip: 0 });
    expect(entries[1]?.write).toEqual({ op: 'set', path: '/a/b', data: 'b2xk', version: 3 });
    expect(entries[1]?.undo?.(4)?.write).toMatchObject({ op: 'set', data: 'eA==', version: 4 });
    expect(entries[2]?.undo?.(0)?.write).toMatchObject({ op: 'delete', path: '/a/c', version: 0 });
  });

  test('asks nothing about children of what is not there', async () => {
    const asked: string[] = [];
    const file = fileOf('/a', znode('/a'), znode('/a/b'), znode('/a/b/c'));
    await planImport(
      file,
      '/a',
      async (path) => {
        asked.push(path);
        return path === '/' ? znodeView('/') : null;
      },
      () => {},
    );

    expect(asked).toEqual(['/', '/a']);
  });

  test('puts the sub-tree elsewhere', async () => {
    const file = fileOf('/a', znode('/a'), znode('/a/b'));
    const entries = await plan(file, '/copy', znodeView('/a'));

    expect(entries.map(({ path, action }) => [path, action])).toEqual([
      ['/copy', 'create'],
      ['/copy/b', 'create'],
    ]);
    expect(movedPath('/', '/x', '/a')).toBe('/x/a');
    expect(movedPath('/x', '/', '/x/a')).toBe('/a');
  });

  test('says what it cannot do, and why', async () => {
    const file = fileOf(
      '/',
      znode('/e', { kind: 'ephemeral' }),
      znode('/e/below'),
      znode('/gone/x'),
      znode('/kind', { kind: 'container' }),
      znode('/secret'),
      znode('/veiled', { acl: [{ perms: 'r', scheme: 'digest', id: '' }] }),
      znode('/zookeeper/quota'),
    );
    const entries = await plan(
      file,
      '/',
      znodeView('/kind'),
      znodeView('/secret', { data: null }),
      znodeView('/zookeeper'),
    );

    expect(entries.map(({ path, action }) => [path, action])).toEqual([
      ['/e', 'skip'],
      ['/kind', 'conflict'],
      ['/secret', 'conflict'],
      ['/veiled', 'conflict'],
      ['/e/below', 'conflict'],
      ['/gone/x', 'conflict'],
      ['/zookeeper/quota', 'skip'],
    ]);
    for (const entry of entries) expect(entry.write).toBeNull();
  });
});
