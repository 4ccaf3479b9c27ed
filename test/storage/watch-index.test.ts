/**
 * The watch index against a Map of Maps: random arming and removing by many watchers.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashBytes, pathHashBasis } from '../../storage/path-index.ts';
import { noWatch, WatchIndex, WatchTable } from '../../storage/watch-index.ts';

const step = fc.record({
  kind: fc.constantFrom('arm', 'arm', 'arm', 'disarm', 'state', 'leave'),
  watcher: fc.integer({ min: 1, max: 6 }),
  table: fc.constantFrom(WatchTable.data, WatchTable.child),
  path: fc.constantFrom('/', '/a', '/a/b', '/ü', '/b', `/${'long'.repeat(50)}`),
  state: fc.integer({ min: 0, max: 7 }),
});

/** State by watcher, table and path. */
type Model = Map<string, number>;

function chain(index: WatchIndex, table: WatchTable, path: string): number[] {
  const bytes = Buffer.from(`xx${path}yy`);
  const end = bytes.length - 2;
  const hash = hashBytes(pathHashBasis, bytes, 2, end);
  const watchers: number[] = [];
  for (let watch = index.first(table, hash, bytes, 2, end); watch !== noWatch; ) {
    watchers.push(index.watcherOf(watch));
    expect([index.tableOf(watch), index.pathOf(watch)]).toEqual([table, path]);
    watch = index.nextOfPath(watch);
  }
  return watchers.sort();
}

function ofWatcher(index: WatchIndex, watcher: number): string[] {
  const keys: string[] = [];
  for (let watch = index.firstOfWatcher(watcher); watch !== noWatch; ) {
    keys.push(`${watcher} ${index.tableOf(watch)} ${index.pathOf(watch)}`);
    watch = index.nextOfWatcher(watch);
  }
  return keys.sort();
}

/** All watches, found by going over the numbers. */
function byNumber(index: WatchIndex): string[] {
  const keys: string[] = [];
  for (let watch = 0; watch < index.watchLimit + 3; watch++) {
    if (!index.isLive(watch)) continue;
    const path = index.pathNumberOf(watch);
    const length = index.locatePath(path);
    const { buffer, offset } = index.cells;
    const text = buffer.toString('utf8', offset, offset + length);
    expect(text).toBe(index.pathOf(watch));
    const table = index.tableOf(watch) === WatchTable.data ? WatchTable.data : WatchTable.child;
    expect(index.firstOfPath(table, path)).not.toBe(noWatch);
    keys.push(`${index.watcherOf(watch)} ${table} ${text}`);
  }
  return keys.sort();
}

test('agrees with a Map (random steps)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      const index = new WatchIndex();
      const model: Model = new Map();
      for (const { kind, watcher, table, path, state } of steps) {
        const bytes = Buffer.from(path);
        const key = `${watcher} ${table} ${path}`;
        if (kind === 'arm') {
          const watch = index.ensure(watcher, table, bytes, 0, bytes.length);
          expect(index.state(watch)).toBe(model.get(key) ?? 0);
          model.set(key, index.state(watch));
        } else if (kind === 'leave') {
          for (let at = index.firstOfWatcher(watcher); at !== noWatch; ) {
            const next = index.nextOfWatcher(at);
            index.remove(at);
            at = next;
          }
          for (const known of model.keys()) {
            if (known.startsWith(`${watcher} `)) model.delete(known);
          }
        } else {
          const watch = index.find(watcher, table, bytes, 0, bytes.length);
          expect(watch !== noWatch).toBe(model.has(key));
          if (watch === noWatch) continue;
          if (kind === 'state') {
            index.setState(watch, state);
            model.set(key, state);
          } else {
            index.remove(watch);
            model.delete(key);
          }
        }
      }

      const keys = [...model.keys()].sort();
      const parts = keys.map((key) => key.split(' '));
      expect(index.watchCount).toBe(model.size);
      expect(index.pathCount).toBe(new Set(parts.map(([, , path]) => path)).size);
      expect([...index.watchers()].sort()).toEqual(
        [...new Set(parts.map(([watcher]) => Number(watcher)))].sort(),
      );
      expect(index.watcherCount).toBe([...index.watchers()].length);
      for (let watcher = 1; watcher <= 6; watcher++) {
        const mine = keys.filter((key) => key.startsWith(`${watcher} `));
        expect(ofWatcher(index, watcher)).toEqual(mine);
      }
      expect(byNumber(index)).toEqual(keys);
      for (const { table, path } of steps) {
        const watchers = parts
          .filter(([, one, other]) => Number(one) === table && other === path)
          .map(([watcher]) => Number(watcher));
        expect(chain(index, table, path)).toEqual(watchers.sort());
      }
    }),
    { numRuns: 100 },
  );
});

test('many watchers of many paths are all found (50 000 watches)', () => {
  const index = new WatchIndex();
  for (let at = 0; at < 50_000; at++) {
    const bytes = Buffer.from(`/p${at % 1000}`);
    index.ensure(at, WatchTable.data, bytes, 0, bytes.length);
  }

  expect([index.watchCount, index.pathCount, index.watcherCount]).toEqual([50_000, 1000, 50_000]);
  expect(chain(index, WatchTable.data, '/p7')).toHaveLength(50);
  for (let at = 0; at < 50_000; at++) index.remove(index.firstOfWatcher(at));
  expect([index.watchCount, index.pathCount, index.watcherCount]).toEqual([0, 0, 0]);
});
