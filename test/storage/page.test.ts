/**
 * Pages and the indexes of special znodes: what is encoded comes back, slot by slot.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePage, encodePage } from '../../storage/page.ts';
import { SpecialZnodes } from '../../storage/special-znodes.ts';
import { Tree } from '../../storage/tree.ts';
import { Flag } from '../../storage/znode-rows.ts';
import { Pipeline } from '../support/pipeline.ts';
import { contents, freshDigest } from '../support/tree-model.ts';
import { commands, prepareCommand, workloadSessions } from '../support/workload.ts';

function copyOf(tree: Tree): Tree {
  const copy = new Tree();
  copy.acls.load(tree.acls.save());
  for (let page = tree.rows.pageCount - 1; page >= 0; page--) {
    decodePage(copy, page, encodePage(tree, page));
  }
  copy.enterPaths();
  copy.rows.rebuildFreeChain();
  return copy;
}

describe('a page', () => {
  test('comes back with Stat, data, ACL, digest, kinds and time to live (random trees)', () => {
    fc.assert(
      fc.property(commands(80), (list) => {
        const pipeline = new Pipeline({ sessions: workloadSessions });
        for (const one of list) prepareCommand(pipeline, one);
        pipeline.applyAll();
        const { tree } = pipeline.state;

        const copy = copyOf(tree);

        expect(contents(copy)).toEqual(contents(tree));
        expect(copy.digest.value).toBe(tree.digest.value);
        expect(freshDigest(copy)).toBe(tree.digest.value);
        expect([copy.count, copy.dataBytes]).toEqual([tree.count, tree.dataBytes]);
        expect([...copy.special.ttls].sort()).toEqual([...tree.special.ttls].sort());
        expect([...copy.special.containers].sort()).toEqual([...tree.special.containers].sort());
        expect(copy.special.ephemeralCount).toBe(tree.special.ephemeralCount);
        for (let page = 0; page < tree.rows.pageCount; page++) {
          const encoded = encodePage(tree, page);
          expect(encodePage(copy, page).length).toBe(encoded.length);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('without znodes is no bytes, and is loaded once', () => {
    const tree = Tree.initial();
    const copy = copyOf(tree);

    expect(encodePage(tree, 7)).toHaveLength(0);
    expect(() => decodePage(copy, 0, encodePage(tree, 0))).toThrow(/loaded once/);
  });
});

describe('special znodes', () => {
  const { ephemeral, container, ttl } = Flag;

  test('are listed by kind, ephemerals by their session (both halves count)', () => {
    const special = new SpecialZnodes();
    special.add(1, ephemeral, -1, 5, 0);
    special.add(2, ephemeral, -1, 5, 0);
    special.add(3, ephemeral, 5, -1, 0);
    special.add(4, container, 0, 0, 0);
    special.add(5, ttl, 0, 0, 2 ** 39);
    special.add(6, 0, 0, 0, 0);

    expect([...special.ephemeralsOf('ffffffff00000005')]).toEqual([1, 2]);
    expect([...special.ephemeralsOf('00000005ffffffff')]).toEqual([3]);
    expect([...special.ephemeralsOf('0000000000000000')]).toEqual([]);
    expect(special.ephemeralCount).toBe(3);
    expect([...special.containers]).toEqual([4]);
    expect([...special.ttls]).toEqual([[5, 2 ** 39]]);
  });

  test('leave as they came, and an ephemeral only from under its owner', () => {
    const special = new SpecialZnodes();
    special.add(1, ephemeral, 0, 5, 0);
    special.add(4, container, 0, 0, 0);
    special.add(5, ttl, 0, 0, 1);

    expect(() => special.remove(1, ephemeral, 0, 6)).toThrow(/under its owner/);
    special.remove(1, ephemeral, 0, 5);
    special.remove(4, container, 0, 0);
    special.remove(5, ttl, 0, 0);

    expect([...special.owners()]).toEqual([]);
    expect([special.ephemeralCount, special.containers.size, special.ttls.size]).toEqual([0, 0, 0]);
  });
});
