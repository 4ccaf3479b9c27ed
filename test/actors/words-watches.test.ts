/**
 * wchs, wchc and wchp, byte by byte as Apache ZooKeeper 3.8.0 answers: watches on data, and none on
 * children.
 */

import { describe, expect, test } from 'vitest';
import { WatchTable } from '../../storage/watch-index.ts';
import { addWatch, ask, makeView, threeClients } from '../support/replica-view.ts';

describe('wchs, wchc, wchp', () => {
  test('of nothing', () => {
    const view = makeView({});

    expect(ask(view, 'wchs')).toBe('0 connections watching 0 paths\nTotal watches:0\n');
    expect(ask(view, 'wchc')).toBe('\n');
    expect(ask(view, 'wchp')).toBe('\n');
  });

  test('watches on data only', () => {
    const view = makeView({ clients: threeClients() });
    addWatch(view, 0, '/child', WatchTable.child);
    addWatch(view, 1, '/nope', WatchTable.data);
    addWatch(view, 1, '/eph1', WatchTable.data);
    addWatch(view, 1, '/eph1', WatchTable.child);
    addWatch(view, 2, '/eph1', WatchTable.data);

    expect(ask(view, 'wchs')).toBe('2 connections watching 2 paths\nTotal watches:3\n');
    expect(ask(view, 'wchc')).toBe(
      '0x1000035dffb0000\n\t/eph1\n\t/nope\n0xff000035dffb0001\n\t/eph1\n\n',
    );
    expect(ask(view, 'wchp')).toBe(
      '/eph1\n\t0x1000035dffb0000\n\t0xff000035dffb0001\n/nope\n\t0x1000035dffb0000\n\n',
    );
  });
});
