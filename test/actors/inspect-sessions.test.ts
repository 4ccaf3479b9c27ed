/**
 * Sessions, with their connections, ephemerals and watches; and the names under which they, their
 * connections and watches are known as actors.
 */

import { describe, expect, test } from 'vitest';
import { connectionName, sessionName, watchName } from '../../actors/tap-names.ts';
import { WatchTable } from '../../storage/watch-index.ts';
import { InspectRig } from '../support/inspect-rig.ts';
import { addWatch, first, second, threeClients } from '../support/replica-view.ts';

const all = { what: 'sessions', text: '', offset: 0, limit: 100 } as const;
const away = { id: '02000035dffb0007', timeoutMs: 4000, lastHeardMs: 99_000 };

function busy(): InspectRig {
  const rig = new InspectRig({ clients: threeClients(), localSessions: [away] });
  for (const name of ['e1', 'e2'])
    rig.create(`/${name}`, '', { kind: 'ephemeral', owner: first.id });
  addWatch(rig.view, 1, '/e1', WatchTable.data);
  addWatch(rig.view, 1, '/e1', WatchTable.child);
  addWatch(rig.view, 1, '/e2', WatchTable.data);
  return rig;
}

describe('sessions', () => {
  test('are told with what this replica knows of them', async () => {
    const { total, rows } = await busy().ask(all);

    expect(total).toBe(3);
    expect(rows[0]).toEqual({
      ...{ id: '0x2000035dffb0007', state: 'open.idle', timeoutMs: 4000, idleMs: 1000 },
      ...{ from: null, connectionState: null, isLocal: true, ephemerals: 0, watches: 0 },
      ...{ queued: 0, received: 0, sent: 0 },
    });
    expect(rows[1]).toEqual({
      ...{ id: '0x1000035dffb0000', state: 'open.idle', timeoutMs: 10_000, idleMs: 1000 },
      ...{ from: '127.0.0.1:36182', connectionState: 'serving.flowing', isLocal: false },
      ...{ ephemerals: 2, watches: 3, queued: 0, received: 6, sent: 5 },
    });
    expect(rows[2]).toMatchObject({
      ...{ id: '0xff000035dffb0001', from: '[::1]:36188', connectionState: 'serving.stalled' },
    });
  });

  test('are found by id and by address, in any case, and come in pages', async () => {
    const rig = busy();
    const ids = async (text: string, offset = 0, limit = 100) =>
      (await rig.ask({ ...all, text, offset, limit })).rows.map(({ id }) => id);

    expect(await ids('0xFF')).toEqual(['0xff000035dffb0001']);
    expect(await ids('36182')).toEqual(['0x1000035dffb0000']);
    expect(await ids('[::1]')).toEqual(['0xff000035dffb0001']);
    expect(await ids('<b>')).toEqual([]);
    expect(await ids('', 1, 1)).toEqual(['0x1000035dffb0000']);
    expect(await rig.ask({ ...all, offset: 3 })).toEqual({ total: 3, rows: [] });
  });

  test('50,000 of them are looked at in short slices', async () => {
    const many = Array.from({ length: 50_000 }, (_, number) => ({
      ...away,
      id: number.toString(16).padStart(16, '0'),
    }));
    const rig = new InspectRig({ localSessions: many });

    const { total, rows } = await rig.ask({ ...all, text: '0xc3', limit: 1000 });
    expect(total).toBe(1 + 16 + 80);
    expect(rows).toHaveLength(total);
    expect(rig.turns).toBeGreaterThan((50_000 * 8) / 16_384);
  });
});

describe('one session', () => {
  test('is told with the paths of its ephemerals and its watches', async () => {
    const rig = busy();

    const detail = await rig.ask({ what: 'session', id: '0x1000035dffb0000' });
    expect(detail).toMatchObject({ ephemerals: 2, ephemeralPaths: ['/e1', '/e2'], watches: 3 });
    expect(detail?.watchList.map(({ actor }) => actor).sort()).toEqual([
      ...['1:watch.child.1./e1', '1:watch.data.1./e1', '1:watch.data.1./e2'],
    ]);
    expect(await rig.ask({ what: 'session', id: '0xFF000035DFFB0001' })).toMatchObject({
      ...{ id: '0xff000035dffb0001', ephemeralPaths: [], watchList: [] },
    });
  });

  test('that is not known is null', async () => {
    expect(await busy().ask({ what: 'session', id: '0x5' })).toBeNull();
  });
});

test('names of actors are the same from either form of an id', () => {
  expect(sessionName(second.id)).toBe('session.0xff000035dffb0001');
  expect(sessionName('0xff000035dffb0001')).toBe('session.0xff000035dffb0001');
  expect(connectionName(7)).toBe('connection.7');
  expect(watchName('data', 7, '/a.b')).toBe('watch.data.7./a.b');
});
