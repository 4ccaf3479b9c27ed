/**
 * The tree against a model of plain objects: every Stat field, data, children, digest; slots and
 * cells are reused.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Tree } from '../../storage/tree.ts';
import { Flag, noSlot, rootSlot } from '../../storage/znode-rows.ts';
import {
  childrenOf,
  freshDigest,
  insertInto,
  newZnode,
  noOwner,
  statOf,
  TreeModel,
} from '../support/tree-model.ts';

const owner = 'fe000000000000ab';
const paths = ['/a', '/b', '/zookeeper/z', '/a/a', '/a/bb', '/b/ü', '/a/a/a', '/a/a/😀'];
const step = fc.record({
  kind: fc.constantFrom(
    'create',
    'create',
    'ephemeral',
    'ttl',
    'container',
    'delete',
    'data',
    'acl',
  ),
  path: fc.constantFrom(...paths, '/', '/zookeeper'),
  size: fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -1, max: 300 }) },
    { weight: 1, arbitrary: fc.constantFrom(65_534, 65_535, 65_536, 65_537, 70_000) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const dataOf = ({ size }: Step, zxid: number) => (size < 0 ? null : Buffer.alloc(size, zxid));
const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';
const kinds: Record<string, number> = {
  ephemeral: Flag.ephemeral,
  ttl: Flag.ttl,
  container: Flag.container,
};

function create(tree: Tree, model: TreeModel, one: Step, zxid: number): void {
  const parent = model.znodes.get(parentOf(one.path));
  if (one.path === '/' || parent === undefined || model.znodes.has(one.path)) return;
  const kind = kinds[one.kind] ?? 0;
  const znode = newZnode(zxid, dataOf(one, zxid), kind, kind === Flag.ephemeral ? owner : noOwner);
  insertInto(tree, one.path, { ...znode, ttl: kind === Flag.ttl ? 1000 : 0 });
  parent.creates++;
  parent.pzxid = zxid;
  tree.noteChildChange(tree.findPath(parentOf(one.path)), parent.creates, zxid);
  model.znodes.set(one.path, znode);
}

function change(tree: Tree, model: TreeModel, one: Step, zxid: number): void {
  const znode = model.znodes.get(one.path);
  if (znode === undefined) return;
  const slot = tree.findPath(one.path);
  if (one.kind === 'delete') {
    if (one.path === '/' || one.path === '/zookeeper') return;
    if (model.children(one.path).length > 0) return;
    model.znodes.delete(one.path);
    model.znodes.get(parentOf(one.path))!.pzxid = zxid;
    tree.remove(slot);
    tree.noteChildChange(tree.findPath(parentOf(one.path)), 0, zxid);
  } else if (one.kind === 'data') {
    znode.data = dataOf(one, zxid);
    Object.assign(znode, { version: znode.version + 1, mzxid: zxid, mtime: zxid * 10 });
    // The bytes lie somewhere inside a larger buffer, as in a frame.
    const around = Buffer.concat([Buffer.from('xyz'), znode.data ?? Buffer.alloc(0)]);
    tree.replaceData(slot, around, znode.data === null ? -1 : 3, around.length);
    tree.stampData(slot, znode.version, zxid, zxid * 10);
  } else {
    const acl = { perms: zxid, id: { scheme: 'digest', id: `u${one.size % 3}` } };
    znode.aversion++;
    znode.aclId = tree.acls.intern([acl]);
    tree.setAcl(slot, znode.aclId, znode.aversion);
  }
}

function play(steps: readonly Step[]): { tree: Tree; model: TreeModel } {
  const tree = Tree.initial();
  const model = new TreeModel();
  steps.forEach((one, index) => {
    const creates = one.kind === 'create' || one.kind in kinds;
    (creates ? create : change)(tree, model, one, index + 1);
  });
  return { tree, model };
}

const steps = fc.array(step, { maxLength: 120, size: 'max' });

test('equals the model: Stat, data, children, count (random operations)', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { tree, model } = play(list);

      expect(tree.count).toBe(model.znodes.size);
      for (const [path, znode] of model.znodes) {
        expect(statOf(tree, path), path).toEqual(model.stat(path));
        expect(tree.data(tree.findPath(path))?.toString('latin1')).toBe(
          znode.data?.toString('latin1'),
        );
        expect(childrenOf(tree, path)).toEqual(model.children(path));
        expect(tree.path(tree.findPath(path))).toBe(path);
      }
      for (const path of paths) {
        expect(tree.findPath(path) === noSlot).toBe(!model.znodes.has(path));
      }
    }),
    { numRuns: 150 },
  );
});

test('its digest is that of the same tree built another way (random operations)', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { tree, model } = play(list);
      const digest = tree.digest.value;

      expect(tree.digest.recompute()).toBe(digest);
      // ACL contents are no part of the digest, so the other tree may have other ids.
      for (const znode of model.znodes.values()) znode.aclId = 1;
      expect(model.build().digest.value).toBe(digest);
      expect(freshDigest(tree), 'no stored value is stale').toBe(digest);
    }),
    { numRuns: 150 },
  );
});

test('special znodes and bytes are those of the znodes that are left (random operations)', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const { tree, model } = play(list);
      const of = (kind: number) =>
        [...model.znodes].filter(([, znode]) => znode.kind === kind).map(([path]) => path);
      const names = (slots: Iterable<number>) => [...slots].map((slot) => tree.path(slot)).sort();
      const bytes = [...model.znodes].map(
        ([path, { data }]) =>
          Buffer.byteLength(path.slice(path.lastIndexOf('/') + 1)) + (data?.length ?? 0),
      );

      expect(names(tree.special.ephemeralsOf(owner))).toEqual(of(Flag.ephemeral).sort());
      expect(tree.special.ephemeralCount).toBe(of(Flag.ephemeral).length);
      expect(names(tree.special.containers)).toEqual(of(Flag.container).sort());
      expect(names(tree.special.ttls.keys())).toEqual(of(Flag.ttl).sort());
      expect(tree.dataBytes).toBe(bytes.reduce((sum, one) => sum + one, 0));
    }),
  );
});

describe('an empty server', () => {
  test('has the znodes of the specification, section 1.9', () => {
    const tree = Tree.initial();
    const zeros = new TreeModel();

    for (const path of zeros.znodes.keys()) {
      expect(statOf(tree, path), path).toEqual(zeros.stat(path));
    }
    expect(statOf(tree, '/').cversion).toBe(-1);
    expect(statOf(tree, '/zookeeper').cversion).toBe(-2);
    expect(statOf(tree, '/zookeeper/config').aversion).toBe(-1);
    expect(tree.count).toBe(4);
  });

  test('has a digest without stale values', () => {
    const tree = Tree.initial();

    expect(tree.digest.value).toBe(freshDigest(Tree.initial()));
  });
});

describe('a digest tells apart', () => {
  const base = (): TreeModel => {
    const model = new TreeModel();
    model.znodes.set('/a', newZnode(5, Buffer.from('x')));
    return model;
  };
  const reference = base().build().digest.value;
  const changes: [name: string, change: Partial<ReturnType<typeof newZnode>>][] = [
    ['data', { data: Buffer.from('y') }],
    ['null and empty data', { data: null }],
    ['czxid', { czxid: 4 }],
    ['mzxid', { mzxid: 6 }],
    ['pzxid', { pzxid: 6 }],
    ['ctime', { ctime: 51 }],
    ['mtime', { mtime: 51 }],
    ['version', { version: 1 }],
    ['aversion', { aversion: 1 }],
    ['creates', { creates: 1 }],
    ['kind', { kind: Flag.container }],
    ['owner', { kind: Flag.ephemeral, owner }],
    ['the lower half of the owner', { kind: Flag.ephemeral, owner: 'fe000000000000ac' }],
  ];
  for (const [name, values] of changes) {
    test(name, () => {
      const model = base();
      Object.assign(model.znodes.get('/a')!, values);

      expect(model.build().digest.value).not.toBe(reference);
    });
  }

  test('but nothing below /zookeeper', () => {
    const model = base();
    model.znodes.set('/zookeeper/quota/q', newZnode(5, Buffer.from('x')));

    expect(model.build().digest.value).toBe(reference);
  });
});

test('slots and cells are reused (a thousand znodes come and go)', () => {
  const tree = Tree.initial();
  for (let round = 0; round < 1000; round++) {
    insertInto(tree, '/x', newZnode(round + 1, Buffer.alloc(100)));
    tree.remove(tree.findPath('/x'));
  }

  expect(tree.rows.slotLimit).toBe(5);
  expect(tree.count).toBe(4);
});

test('many znodes are all found (20 000 below one parent, chunks and pages added)', () => {
  const tree = Tree.initial();
  for (let at = 0; at < 20_000; at++) insertInto(tree, `/n${at}`, newZnode(1, null));

  const missing = Array.from({ length: 20_000 }, (_, at) => tree.findPath(`/n${at}`)).filter(
    (slot) => slot === noSlot,
  );
  expect(missing).toEqual([]);
  expect(tree.numChildren(rootSlot)).toBe(20_001);
  expect(tree.findPath('/n20000')).toBe(noSlot);
});

test('paths that no znode has are not found (slashes, prefixes, the name alone)', () => {
  const tree = Tree.initial();
  insertInto(tree, '/a', newZnode(1, null));
  insertInto(tree, '/a/b', newZnode(2, null));

  for (const path of ['a', 'b', '/b', '//a', '/a/', '/a//b', 'a/b', '/a/b/', '/a/b/c', '/ab']) {
    expect(tree.findPath(path), path).toBe(noSlot);
  }
  expect(tree.findPath('')).toBe(rootSlot);
  expect(tree.find(Buffer.from('x/a/bx'), 1, 5)).toBe(tree.findPath('/a/b'));
});

test('neither the root nor a znode with children can be removed', () => {
  const tree = Tree.initial();

  expect(() => tree.remove(rootSlot)).toThrow('the root is never removed');
  expect(() => tree.remove(tree.findPath('/zookeeper'))).toThrow(/no children/);
});
