/** How writes of the console are taken back, and when they are not. */

import { describe, expect, test } from 'vitest';
import {
  type Change,
  remembered,
  undoFault,
  undoOfCreate,
  undoOfDelete,
  undoOfSet,
  versionAfter,
} from '../../console/app/logic/znode-change.ts';
import { znodeView } from './znode-view.ts';

describe('an undo', () => {
  test('of a set puts the old value back over the version that the set made', () => {
    const before = znodeView('/a', { data: 'b2xk', version: 4 });
    const undo = undoOfSet(before, 'bmV3', 5);

    expect(undo?.write).toEqual({ op: 'set', path: '/a', data: 'b2xk', version: 5 });
    expect(undoFault(undo!, znodeView('/a', { data: 'bmV3', version: 5 }))).toBeNull();
  });

  test('is refused once somebody else has written, deleted or made the znode again', () => {
    const undo = undoOfSet(znodeView('/a', { version: 4 }), 'bmV3', 5)!;

    expect(undoFault(undo, znodeView('/a', { data: 'bmV3', version: 6 }))).toMatch(/changed since/);
    expect(undoFault(undo, znodeView('/a', { data: 'b3Ro', version: 5 }))).toMatch(/changed since/);
    expect(undoFault(undo, null)).toMatch(/is gone/);
  });

  test('of a create deletes only what is still as it was made, without children', () => {
    const undo = undoOfCreate('/a', 'bmV3');
    const made = { data: 'bmV3', version: 0 };

    expect(undo.write).toEqual({ op: 'delete', path: '/a', version: 0 });
    expect(undoFault(undo, znodeView('/a', made))).toBeNull();
    expect(undoFault(undo, znodeView('/a', { ...made, numChildren: 1 }))).toMatch(/has children/);
  });

  test('of a delete makes the znode again as it was, if nobody else has', () => {
    const acl = [{ perms: 'r', scheme: 'world', id: 'anyone' }];
    const undo = undoOfDelete(znodeView('/a', { data: 'b2xk', kind: 'ttl', ttlMs: 500, acl }))!;

    expect(undo.write).toEqual({
      op: 'create',
      path: '/a',
      data: 'b2xk',
      kind: 'ttl',
      ttlMs: 500,
      acl,
    });
    expect(undoFault(undo, null)).toBeNull();
    expect(undoFault(undo, znodeView('/a'))).toMatch(/there again/);
  });

  test('is not offered for an ephemeral that was deleted, nor for what was not readable', () => {
    expect(undoOfDelete(znodeView('/a', { kind: 'ephemeral' }))).toBeNull();
    expect(undoOfDelete(znodeView('/a', { data: null }))).toBeNull();
    expect(undoOfSet(znodeView('/a', { data: null }), 'bmV3', 1)).toBeNull();
  });
});

test('the last twenty changes are remembered, those with nothing to take back are not', () => {
  const change = (title: string): Change => ({
    title,
    steps: [undoOfCreate('/a', '')],
    limits: null,
  });
  let changes: readonly Change[] = [];
  for (let at = 0; at < 25; at++) changes = remembered(changes, change(`change ${at}`));

  expect(changes).toHaveLength(20);
  expect(changes[0]?.title).toBe('change 24');
  expect(remembered(changes, { title: 'none', steps: [], limits: null })).toBe(changes);
});

test('the version after a write is what the server said, or the next one', () => {
  const { stat } = znodeView('/a', { version: 7 });

  expect(versionAfter(stat, {})).toBe(8);
  expect(versionAfter(stat, { stat: { ...stat, version: 12 } })).toBe(12);
});
