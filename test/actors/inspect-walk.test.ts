/**
 * Walks over a tree that changes between any two steps: a znode that stays is told once, and what
 * is told is there; also when slots are reused and whole parents go.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ChildChain, passing, TreeWalk } from '../../actors/inspect/inspect-walk.ts';
import { IntList } from '../../actors/inspect/int-list.ts';
import { noSlot, rootSlot } from '../../storage/znode-rows.ts';
import { InspectRig } from '../support/inspect-rig.ts';

const names = ['a', 'b', 'c', 'd', 'e'];
const paths = names.flatMap((one) => [
  `/${one}`,
  ...names.flatMap((two) => [`/${one}/${two}`, ...names.map((three) => `/${one}/${two}/${three}`)]),
]);
const parentOf = (path: string) => path.slice(0, path.lastIndexOf('/')) || '/';

const change = fc.record({ path: fc.constantFrom(...paths), deletes: fc.boolean() });
const turn = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(change, { maxLength: 12 }) },
);

/** A tree and the zxids of the znodes that it had all the time since `begin`. */
class Garden {
  readonly rig = new InspectRig();
  readonly stayed = new Set<string>();

  begin(): void {
    for (const path of paths) if (this.#has(path)) this.stayed.add(path);
  }

  #has(path: string): boolean {
    return this.rig.view.state.tree.findPath(path) !== noSlot;
  }

  apply({ path, deletes }: { path: string; deletes: boolean }): void {
    const { tree } = this.rig.view.state;
    if (!deletes) {
      if (this.#has(parentOf(path)) && !this.#has(path)) this.rig.create(path);
      return;
    }
    // With all that is below.
    const below = paths.filter((other) => other === path || other.startsWith(`${path}/`));
    for (const one of below.reverse()) {
      if (tree.findPath(one) === noSlot) continue;
      this.rig.delete(one);
      this.stayed.delete(one);
    }
  }
}

const initial = fc.array(change, { minLength: 20, maxLength: 150 });
const turns = fc.array(turn, { maxLength: 200 });

test('a walk tells what stays once, and nothing that is not there', () => {
  fc.assert(
    fc.property(initial, turns, (before, between) => {
      const garden = new Garden();
      for (const path of paths.slice(0, 60)) garden.apply({ path, deletes: false });
      for (const one of before) garden.apply(one);
      garden.begin();
      const { state } = garden.rig.view;
      const walk = new TreeWalk(state, rootSlot);
      const told: string[] = [];
      let step = 0;
      for (let slot = walk.next(); slot !== noSlot; slot = walk.next()) {
        if (slot !== passing) {
          expect(state.tree.rows.isLive(slot)).toBe(true);
          told.push(state.tree.path(slot));
          walk.enter();
        }
        for (const one of between[step++] ?? []) garden.apply(one);
      }
      for (const path of garden.stayed) {
        expect(told.filter((other) => other === path)).toEqual([path]);
      }
      const places = new Map(told.map((path, place) => [path, place]));
      for (const [path, place] of places) {
        if (path !== '/') expect(places.get(parentOf(path)) ?? -1).toBeLessThan(place);
      }
    }),
    { numRuns: 500 },
  );
});

describe('a chain of children', () => {
  const slotsOf = (list: IntList) => [...list.copy()];

  test('goes on behind those that are gone when the one that it stood at is', () => {
    const rig = new InspectRig();
    rig.create('/p');
    for (const name of ['5', '4', '3', '2', '1']) rig.create(`/p/${name}`);
    const { state } = rig.view;
    const slots = ['1', '2', '4', '5'].map((name) => state.tree.findPath(`/p/${name}`));
    const list = new IntList();
    const chain = new ChildChain(state, state.tree.findPath('/p'), list);
    for (let steps = 0; steps < 3; steps++) chain.step();
    rig.delete('/p/3');
    // Has the slot of the one that is gone, and stands at the head.
    rig.create('/p/6');
    while (chain.step());

    expect(slotsOf(list)).toEqual(slots);
  });

  test('begins anew when all that it met are gone', () => {
    const rig = new InspectRig();
    rig.create('/p');
    for (const name of ['3', '2', '1']) rig.create(`/p/${name}`);
    const { state } = rig.view;
    const list = new IntList();
    const chain = new ChildChain(state, state.tree.findPath('/p'), list);
    for (let steps = 0; steps < 2; steps++) chain.step();
    for (const name of ['1', '2']) rig.delete(`/p/${name}`);
    rig.create('/p/0');
    while (chain.step());

    expect(slotsOf(list).map((slot) => state.tree.path(slot))).toEqual(['/p/0', '/p/3']);
  });

  test('ends when its parent is gone, whoever has its slot', () => {
    const rig = new InspectRig();
    for (const path of ['/p', '/p/1', '/p/2']) rig.create(path);
    const { state } = rig.view;
    const chain = new ChildChain(state, state.tree.findPath('/p'), new IntList());
    expect(chain.step()).toBe(true);
    for (const path of ['/p/1', '/p/2', '/p']) rig.delete(path);
    for (const path of ['/x', '/x/1', '/x/2', '/y']) rig.create(path);

    expect(chain.isAlive).toBe(false);
    expect(chain.step()).toBe(false);
  });
});
