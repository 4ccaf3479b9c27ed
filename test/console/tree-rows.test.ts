/** The tree as one flat list: pages that come when looked at, parents that open and close. */

import { describe, expect, test } from 'vitest';
import { pageRows, pagesMax, TreeRows } from '../../console/app/logic/tree-rows.ts';
import type { ChildPage, ChildRow } from '../../protocol/inspection.ts';

const row = (name: string): ChildRow => ({ name, children: 1, bytes: 0, isEphemeral: false });
const pad = (at: number): string => `n${String(at).padStart(7, '0')}`;

function page(path: string, total: number, at = 0): ChildPage {
  const size = Math.min(pageRows, total - at * pageRows);
  const rows = Array.from({ length: size }, (_, index) => row(pad(at * pageRows + index)));
  return { path, total, rows };
}

const named = (path: string, ...names: string[]): ChildPage => ({
  path,
  total: names.length,
  rows: names.map(row),
});

function small(): TreeRows {
  const tree = new TreeRows();
  tree.take('/', 0, named('/', 'a', 'b', 'c'));
  tree.open('/b');
  tree.take('/b', 0, named('/b', 'x', 'y'));
  return tree;
}

const paths = (tree: TreeRows): string[] =>
  Array.from({ length: tree.size }, (_, at) => tree.at(at).path);

describe('rows', () => {
  test('are the root at first, and a wish for its children', () => {
    const tree = new TreeRows();

    expect(paths(tree)).toEqual(['/']);
    expect(tree.wishes(0, 30)).toEqual([{ path: '/', page: 0 }]);
  });

  test('of an open parent stand below it', () => {
    expect(paths(small())).toEqual(['/', '/a', '/b', '/b/x', '/b/y', '/c']);
    expect(small().at(3)).toMatchObject({ depth: 2, name: 'x', isOpen: false });
  });

  test('go when it is closed, and what was open below it with them', () => {
    const tree = small();
    tree.open('/b/x');
    tree.take('/b/x', 0, named('/b/x', 'deep'));
    tree.close('/b');

    expect(paths(tree)).toEqual(['/', '/a', '/b', '/c']);
    expect(tree.isOpen('/b/x')).toBe(false);
  });

  test('are found by their paths', () => {
    const tree = small();

    expect(paths(tree).map((path) => tree.indexOf(path))).toEqual([0, 1, 2, 3, 4, 5]);
    expect(tree.indexOf('/nowhere')).toBe(-1);
    expect(tree.indexOf('/a/nowhere')).toBe(-1);
  });
});

describe('a parent with a million children', () => {
  const tree = new TreeRows();
  tree.take('/', 0, page('/', 1_000_000));

  test('has its full height after one page', () => {
    expect(tree.size).toBe(1_000_001);
    expect(tree.at(900_000)).toMatchObject({ isLoaded: false, path: '' });
  });

  test('wishes only for pages in view', () => {
    expect(tree.wishes(0, 40)).toEqual([]);
    expect(tree.wishes(700_490, 700_530)).toEqual([
      { path: '/', page: 1_400 },
      { path: '/', page: 1_401 },
    ]);
  });

  test('shows a page from the middle where it belongs', () => {
    tree.take('/', 1_400, page('/', 1_000_000, 1_400));

    expect(tree.at(700_001).path).toBe('/n0700000');
    expect(tree.indexOf('/n0700007')).toBe(700_008);
  });

  test('keeps open children in place, far down too', () => {
    tree.open('/n0700000');
    tree.take('/n0700000', 0, named('/n0700000', 'x'));

    expect(tree.at(700_002).path).toBe('/n0700000/x');
    expect(tree.at(700_003).path).toBe('/n0700001');
    expect(tree.wishes(700_001, 700_010)).toEqual([]);
  });

  test('forgets pages that are far away, but none that holds an open child', () => {
    for (let at = 0; at < pagesMax + 10; at++) tree.take('/', at, page('/', 1_000_000, at));

    expect(tree.at(pagesMax * pageRows).isLoaded).toBe(true);
    expect(tree.at(1).isLoaded).toBe(false);
    expect(tree.at(700_001).isLoaded).toBe(true);
  });
});

describe('a tree that changes', () => {
  test('keeps a child open that moves down as another is created before it', () => {
    const tree = small();
    tree.age('/');
    expect(tree.wishes(0, 10)).toContainEqual({ path: '/', page: 0 });
    tree.take('/', 0, named('/', 'a', 'aa', 'b', 'c'));

    expect(paths(tree)).toEqual(['/', '/a', '/aa', '/b', '/b/x', '/b/y', '/c']);
  });

  test('drops an open child that is gone', () => {
    const tree = small();
    tree.take('/', 0, named('/', 'a', 'c'));

    expect(paths(tree)).toEqual(['/', '/a', '/c']);
  });

  test('keeps a child open that is pushed into the next page', () => {
    const tree = new TreeRows();
    tree.take('/', 0, page('/', 600));
    tree.open('/n0000499');
    tree.take('/n0000499', 0, named('/n0000499', 'x'));
    const rows = [row('first'), ...page('/', 600).rows.slice(0, 499)];
    tree.take('/', 0, { path: '/', total: 601, rows });

    expect(tree.isOpen('/n0000499')).toBe(true);
    expect(tree.wishes(0, 700)).toContainEqual({ path: '/', page: 1 });
  });

  test('says that children may not be listed', () => {
    const tree = small();
    tree.take('/b', 0, null);

    expect(tree.isUnlisted('/b')).toBe(true);
    expect(paths(tree)).toEqual(['/', '/a', '/b', '/c']);
    expect(tree.wishes(0, 10)).toEqual([]);
  });

  test('ignores a page of a parent that was closed meanwhile', () => {
    const tree = small();
    tree.close('/b');
    tree.take('/b', 0, named('/b', 'late'));

    expect(paths(tree)).toEqual(['/', '/a', '/b', '/c']);
  });
});
