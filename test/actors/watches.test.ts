/**
 * Watches as the specification's section 3.5 has them: which kind hears of which change, in which
 * order, once per connection; what removing removes. Changes come from txns through apply.
 */

import { describe, expect, test } from 'vitest';
import { Watches } from '../../actors/watches.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl, readRecord } from '../../protocol/record.ts';
import { replyHeader, watcherEvent } from '../../protocol/replies.ts';
import { WatcherType } from '../../protocol/requests.ts';
import {
  bodyOf,
  createBody,
  deleteBody,
  multiBody,
  Pipeline,
  setDataBody,
} from '../support/pipeline.ts';

const eventNames: { readonly [type: number]: string } = {
  1: 'created',
  2: 'deleted',
  3: 'data',
  4: 'children',
};
type Kind = 'data' | 'child' | 'persistent' | 'recursive';

function rig(existing: readonly string[] = []) {
  const watches = new Watches();
  const pipeline = new Pipeline({ listener: watches });
  const heard: string[] = [];
  const addWatcher = (watcher: number, mayRead: (aclId: number) => boolean = () => true) =>
    watches.addWatcher(watcher, {
      mayRead,
      queueEvent: (frame) => {
        const reader = new JuteReader(Buffer.from(frame));
        expect(reader.int()).toBe(frame.length - 4);
        expect(readRecord(replyHeader, reader)).toEqual({ xid: -1, zxid: -1, err: 0 });
        const { type, state, path } = readRecord(watcherEvent, reader);
        expect(state).toBe(3);
        heard.push(`${watcher} ${eventNames[type]} ${path}`);
      },
    });
  const arm = (watcher: number, kind: Kind, path: string) => {
    // As in a frame: the path lies between other bytes.
    const bytes = Buffer.from(`//${path}//`);
    const end = bytes.length - 2;
    if (kind === 'data') watches.armData(watcher, bytes, 2, end);
    else if (kind === 'child') watches.armChild(watcher, bytes, 2, end);
    else if (kind === 'persistent') watches.armPersistent(watcher, bytes, 2, end);
    else watches.armRecursive(watcher, bytes, 2, end);
  };
  const remove = (path: string, type: number) => watches.remove(1, Buffer.from(path), type);
  const run = {
    create: (path: string) => pipeline.run(Opcode.create, createBody(path)),
    set: (path: string) => pipeline.run(Opcode.setData, setDataBody(path, 'x')),
    delete: (path: string) => pipeline.run(Opcode.delete, deleteBody(path)),
    acl: (path: string, acl: readonly Acl[] = openAcl) =>
      pipeline.run(Opcode.setAcl, bodyOf(Opcode.setAcl, { path, acl, version: -1 })),
  };
  addWatcher(1);
  for (const path of existing) run.create(path);
  return { watches, pipeline, heard, addWatcher, arm, remove, run };
}

describe('who hears of what (watch on /a; then /a/b or /a changes)', () => {
  // [kind, change, first events, events when the same happens again]
  const toBoth = ['/a', '/a/b'];
  const cases: [kind: Kind, change: string, events: string[], stays: boolean][] = [
    ['data', 'create /a', ['created /a'], false],
    ['data', 'set /a', ['data /a'], false],
    ['data', 'delete /a', ['deleted /a'], false],
    ['data', 'create /a/b', [], true],
    ['data', 'set /a/b', [], true],
    ['child', 'create /a', [], true],
    ['child', 'set /a', [], true],
    ['child', 'delete /a', ['deleted /a'], false],
    ['child', 'create /a/b', ['children /a'], false],
    ['child', 'set /a/b', [], true],
    ['child', 'delete /a/b', ['children /a'], false],
    ['persistent', 'create /a', ['created /a'], true],
    ['persistent', 'set /a', ['data /a'], true],
    ['persistent', 'delete /a', ['deleted /a'], true],
    ['persistent', 'create /a/b', ['children /a'], true],
    ['persistent', 'set /a/b', [], true],
    ['persistent', 'delete /a/b', ['children /a'], true],
    ['recursive', 'create /a', ['created /a'], true],
    ['recursive', 'set /a', ['data /a'], true],
    ['recursive', 'delete /a', ['deleted /a'], true],
    ['recursive', 'create /a/b', ['created /a/b'], true],
    ['recursive', 'set /a/b', ['data /a/b'], true],
    ['recursive', 'delete /a/b', ['deleted /a/b'], true],
    ...(['data', 'child', 'persistent', 'recursive'] as const).flatMap((kind) =>
      toBoth.map((path) => [kind, `acl ${path}`, [], true] as [Kind, string, string[], boolean]),
    ),
  ];
  for (const [kind, change, events, stays] of cases) {
    test(`${kind} watch, ${change}: ${events.join() || 'nothing'}${stays ? ', stays' : ''}`, () => {
      const [act, path] = change.split(' ') as ['create' | 'set' | 'delete' | 'acl', string];
      const below = path === '/a/b';
      const existing = act === 'create' ? (below ? ['/a'] : []) : below ? ['/a', '/a/b'] : ['/a'];
      const { watches, heard, arm, run } = rig(existing);
      arm(1, kind, '/a');
      const before = watches.index.watchCount;

      run[act](path);

      expect(heard).toEqual(events.map((event) => `1 ${event}`));
      expect(watches.index.watchCount).toBe(stays ? before : 0);
    });
  }
});

describe('order and number of events', () => {
  test('data of the znode, its children, children of its parent (three connections)', () => {
    const { heard, addWatcher, arm, run } = rig(['/a']);
    addWatcher(2);
    addWatcher(3);
    arm(1, 'child', '/');
    arm(2, 'child', '/a');
    arm(3, 'data', '/a');

    run.delete('/a');

    expect(heard).toEqual(['3 deleted /a', '2 deleted /a', '1 children /']);
  });

  test('one connection hears of a delete once, with both watches consumed', () => {
    const { watches, heard, arm, run } = rig(['/a']);
    arm(1, 'data', '/a');
    arm(1, 'data', '/a');
    arm(1, 'child', '/a');

    run.delete('/a');

    expect(heard).toEqual(['1 deleted /a']);
    expect(watches.index.watchCount).toBe(0);
  });

  test('standard and persistent watches of one path give one event, one is consumed', () => {
    const { heard, arm, run } = rig(['/a']);
    arm(1, 'persistent', '/a');
    arm(1, 'data', '/a');
    arm(1, 'recursive', '/a');

    run.set('/a');
    run.set('/a');

    expect(heard).toEqual(['1 data /a', '1 data /a']);
  });

  test('nested recursive watches give one event (two, with one on the root)', () => {
    const { heard, arm, run } = rig(['/a', '/a/b']);
    arm(1, 'recursive', '/a');
    arm(1, 'recursive', '/a/b');
    arm(1, 'recursive', '/');

    run.create('/a/b/c');
    run.set('/a/b');
    run.set('/');

    expect(heard).toEqual(['1 created /a/b/c', '1 data /a/b', '1 data /']);
  });

  test('a recursive watch is of whole names, and of every depth', () => {
    const { heard, arm, run } = rig(['/a', '/ab', '/a/b', '/a/b/c', '/a/b/c/d']);
    arm(1, 'recursive', '/a');

    run.create('/ab/x');
    run.set('/ab');
    run.set('/a/b/c/d');

    expect(heard).toEqual(['1 data /a/b/c/d']);
  });

  test('each part of a multi fires in its turn', () => {
    const { pipeline, heard, arm } = rig(['/a']);
    arm(1, 'persistent', '/a');
    const znode = { path: '/a/x', data: null, acl: openAcl, flags: 0 };
    pipeline.run(
      Opcode.multi,
      multiBody([
        { op: Opcode.create, body: znode },
        { op: Opcode.setData, body: { path: '/a', data: null, version: -1 } },
        { op: Opcode.delete, body: { path: '/a/x', version: -1 } },
      ]),
    );

    expect(heard).toEqual(['1 children /a', '1 data /a', '1 children /a']);
  });

  test('who may not read the znode hears nothing, and its standard watch is consumed', () => {
    const { watches, heard, addWatcher, arm, run } = rig(['/a']);
    addWatcher(2, () => false);
    arm(2, 'data', '/a');
    arm(2, 'recursive', '/');
    arm(1, 'data', '/a');

    run.set('/a');

    expect(heard).toEqual(['1 data /a']);
    expect(watches.index.watchCount).toBe(1);
  });
});

describe('removing', () => {
  const all: Kind[] = ['data', 'child', 'persistent', 'recursive'];
  const { children, data, any, persistent, persistentRecursive } = WatcherType;
  const changes = (run: ReturnType<typeof rig>['run']) => {
    run.set('/a');
    run.create('/a/b');
    run.set('/a/b');
  };
  const cases: [name: string, type: number, left: string[]][] = [
    ['children', children, ['1 data /a', '1 created /a/b', '1 children /a', '1 data /a/b']],
    ['data', data, ['1 data /a', '1 created /a/b', '1 children /a', '1 data /a/b']],
    ['persistent', persistent, ['1 data /a', '1 created /a/b', '1 children /a', '1 data /a/b']],
    ['recursive', persistentRecursive, ['1 data /a', '1 children /a']],
    ['any', any, []],
  ];
  for (const [name, type, left] of cases) {
    test(`of type ${name} leaves the other kinds, and is done once`, () => {
      const { watches, heard, arm, remove, run } = rig(['/a']);
      for (const kind of all) arm(1, kind, '/a');

      expect(watches.has(1, Buffer.from('/a'), type)).toBe(true);
      expect(remove('/a', type)).toBe(true);
      expect(watches.has(1, Buffer.from('/a'), type)).toBe(false);
      expect(remove('/a', type)).toBe(false);
      changes(run);

      expect(heard).toEqual(left);
    });

    test(`of type ${name} finds nothing of other kinds, paths or connections`, () => {
      const { addWatcher, arm, remove } = rig(['/a']);
      addWatcher(2);
      const own: { readonly [type: number]: Kind[] } = {
        [children]: ['child'],
        [data]: ['data'],
        [persistent]: ['persistent'],
        [persistentRecursive]: ['recursive'],
        [any]: all,
      };
      for (const kind of all) {
        if (!own[type]!.includes(kind)) arm(1, kind, '/a');
        arm(1, kind, '/');
        arm(2, kind, '/a');
      }

      expect(remove('/a', type)).toBe(false);
    });
  }

  test('with the connection removes all that it watched, and only that', () => {
    const { watches, heard, addWatcher, arm, run } = rig(['/a']);
    addWatcher(2);
    for (const watcher of [1, 2]) for (const kind of all) arm(watcher, kind, '/a');

    watches.removeWatcher(1);
    run.set('/a');

    expect(heard).toEqual(['2 data /a']);
    expect([...watches.index.watchers()]).toEqual([2]);
  });

  test('a change that many watch is sent while the last of them are still to be told', () => {
    const { watches, heard, arm, run, addWatcher } = rig(['/a', '/b']);
    const crowds: [change: number, heardBefore: number][] = [];
    watches.onCrowd = (change) => crowds.push([change, heard.length]);
    for (let watcher = 1; watcher <= 150; watcher++) {
      addWatcher(watcher);
      arm(watcher, 'persistent', '/a');
    }

    run.set('/a');
    run.set('/b');
    run.set('/a');

    const [[first], , [second]] = crowds as [[number], unknown, [number]];
    expect(second).toBeGreaterThan(first);
    expect(crowds).toEqual([
      [first, 64],
      [first, 128],
      [second, 214],
      [second, 278],
    ]);
  });

  test('a connection that ends while it is told does not stop the others', () => {
    const { watches, heard, arm, run, addWatcher } = rig(['/a']);
    for (const watcher of [3, 4]) {
      const queueEvent = () => watches.removeWatcher(watcher);
      watches.addWatcher(watcher, { mayRead: () => true, queueEvent });
    }
    addWatcher(2);
    // The last to watch is told first.
    for (const watcher of [1, 3, 2, 4]) {
      for (const kind of all) arm(watcher, kind, '/a');
    }

    run.delete('/a');

    expect(heard.sort()).toEqual(['1 deleted /a', '2 deleted /a']);
    expect([...watches.index.watchers()].sort()).toEqual([1, 2]);
  });

  test('when all who watch end while they are told, nothing is left', () => {
    const { watches, arm, run } = rig(['/a']);
    for (const watcher of [1, 2]) {
      const queueEvent = () => watches.removeWatcher(watcher);
      watches.addWatcher(watcher, { mayRead: () => true, queueEvent });
      for (const kind of all) arm(watcher, kind, '/a');
    }

    run.delete('/a');

    expect(watches.index.watchCount).toBe(0);
    expect(watches.index.pathCount).toBe(0);
  });

  test('all are told before any watch is taken off; none is armed meanwhile', () => {
    const { watches, arm, run } = rig(['/a']);
    const counts: number[] = [];
    for (const watcher of [1, 2]) {
      const queueEvent = () => counts.push(watches.index.watchCount);
      watches.addWatcher(watcher, { mayRead: () => true, queueEvent });
      arm(watcher, 'data', '/a');
    }

    run.set('/a');

    expect(counts).toEqual([2, 2]);
    expect(watches.index.watchCount).toBe(0);
    watches.addWatcher(1, { mayRead: () => true, queueEvent: () => arm(1, 'data', '/a') });
    arm(1, 'data', '/a');
    expect(() => run.set('/a')).toThrow('none is armed');
  });
});
