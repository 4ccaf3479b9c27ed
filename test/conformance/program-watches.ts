/**
 * The client program's part on watches: which change fires which watch, for the writer itself and
 * for another client, one-shot, persistent and recursive, removal, and re-registration after a
 * reconnect. A ping collects the events that are due: they come before its reply.
 */

import type { MultiRequest } from '../../protocol/multi.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { AddWatchMode, CreateMode, WatcherType } from '../../protocol/requests.ts';
import { bytes, look, znode } from './program-znodes.ts';
import type { Script, ScriptClient } from './script.ts';

const at = (path: string, version = -1) => ({ path, version });
const set = (path: string) => ({ path, data: bytes('w'), version: -1 });

export async function watches(script: Script, a: ScriptClient, b: ScriptClient): Promise<void> {
  await oneShot(a, b);
  await ownWrites(a);
  await deletes(a, b);
  await multiWatches(a, b);
  await persistent(a, b);
  await recursive(a, b);
  await mixed(a, b);
  await removal(a, b);
  await reconnect(script, a);
  await ephemerals(script, a);
}

async function oneShot(a: ScriptClient, b: ScriptClient): Promise<void> {
  await a.ask('watch for a create', Opcode.exists, look('/w', true));
  await a.ask('a failed read sets no watch', Opcode.getData, look('/w', true));
  await a.ask('nor do failed children', Opcode.getChildren, look('/w', true));
  await b.ask('the create', Opcode.create, znode('/w'));
  await a.ping('NodeCreated');
  await a.ask('watch data twice', Opcode.getData, look('/w', true));
  await a.ask('and its stat', Opcode.exists, look('/w', true));
  await a.ask('and its children', Opcode.getChildren2, look('/w', true));
  await b.ask('an ACL fires nothing', Opcode.setAcl, { ...at('/w'), acl: openAcl });
  await b.ask('a failed set fires nothing', Opcode.setData, { ...set('/w'), version: 9 });
  await a.ping('nothing yet');
  await b.ask('the set', Opcode.setData, set('/w'));
  await a.ping('NodeDataChanged once');
  await b.ask('another set', Opcode.setData, set('/w'));
  await a.ping('nothing: it was one-shot');
  await b.ask('a child', Opcode.create, znode('/w/c'));
  await a.ping('NodeChildrenChanged');
  await b.ask('another child', Opcode.create, znode('/w/d'));
  await a.ping('nothing again');
}

async function ownWrites(a: ScriptClient): Promise<void> {
  await a.ask('watch own data', Opcode.getData, look('/w', true));
  await a.ask('watch own children', Opcode.getChildren, look('/w', true));
  await a.ask('the event comes before the reply', Opcode.setData, set('/w'));
  await a.ask('also for a child', Opcode.create, znode('/w/own'));
  await a.ask('watch again', Opcode.getData, look('/w', true));
  await a.pipeline('the event comes before newer data', (raw) => {
    raw.send(Opcode.setData, set('/w'));
    raw.send(Opcode.getData, look('/w'));
    return [Opcode.setData, Opcode.getData];
  });
}

async function deletes(a: ScriptClient, b: ScriptClient): Promise<void> {
  await b.ask('a leaf', Opcode.create, znode('/w/leaf'));
  await a.ask('watch the leaf', Opcode.getData, look('/w/leaf', true));
  await a.ask('and its children', Opcode.getChildren, look('/w/leaf', true));
  await a.ask('and those of its parent', Opcode.getChildren, look('/w', true));
  await b.ask('delete the leaf', Opcode.delete, at('/w/leaf'));
  await a.ping('NodeDeleted once, then NodeChildrenChanged');
  await b.ask('create it again', Opcode.create, znode('/w/leaf'));
  await a.ping('nothing is left');
  await a.ask('watch children only', Opcode.getChildren, look('/w/leaf', true));
  await b.ask('delete it again', Opcode.delete, at('/w/leaf'));
  await a.ping('NodeDeleted by the child watch');
}

async function multiWatches(a: ScriptClient, b: ScriptClient): Promise<void> {
  await a.ask('watch an absent znode', Opcode.exists, look('/w/m', true));
  await a.ask('watch its parent', Opcode.getChildren, look('/w', true));
  await a.ask('watch the data of the parent', Opcode.getData, look('/w', true));
  const list: MultiRequest[] = [
    { op: Opcode.create, body: znode('/w/m') },
    { op: Opcode.setData, body: set('/w/m') },
    { op: Opcode.setData, body: set('/w') },
    { op: Opcode.delete, body: at('/w/m') },
  ];
  await b.askMulti('a failing multi fires nothing', [
    ...list,
    { op: Opcode.check, body: at('/none') },
  ]);
  await a.ping('nothing');
  await b.askMulti('a multi', list);
  await a.ping('its events in order');
}

async function persistent(a: ScriptClient, b: ScriptClient): Promise<void> {
  const mode = AddWatchMode.persistent;
  await a.ask('a persistent watch on nothing', Opcode.addWatch, { path: '/per', mode });
  await b.ask('create', Opcode.create, znode('/per'));
  await b.ask('set', Opcode.setData, set('/per'));
  await b.ask('set again', Opcode.setData, set('/per'));
  await b.ask('child', Opcode.create, znode('/per/c'));
  await b.ask('set the child', Opcode.setData, set('/per/c'));
  await b.ask('delete the child', Opcode.delete, at('/per/c'));
  await b.ask('delete', Opcode.delete, at('/per'));
  await b.ask('create again', Opcode.create, znode('/per'));
  await a.ping('all events of one znode');
  await a.ask('a bad mode', Opcode.addWatch, { path: '/per', mode: 2 });
  await a.ask('a negative mode', Opcode.addWatch, { path: '/per', mode: -1 });
  await a.ask('a bad path is not looked at', Opcode.addWatch, { path: 'bad', mode });
}

async function recursive(a: ScriptClient, b: ScriptClient): Promise<void> {
  const mode = AddWatchMode.persistentRecursive;
  await a.ask('a recursive watch', Opcode.addWatch, { path: '/rec', mode });
  await a.ask('a second one beneath', Opcode.addWatch, { path: '/rec/c', mode });
  await b.ask('create', Opcode.create, znode('/rec'));
  await b.ask('child', Opcode.create, znode('/rec/c'));
  await b.ask('grandchild', Opcode.create, znode('/rec/c/d'));
  await b.ask('set the grandchild', Opcode.setData, set('/rec/c/d'));
  await b.ask('a like name', Opcode.create, znode('/recx'));
  await b.ask('delete the grandchild', Opcode.delete, at('/rec/c/d'));
  await a.ping('one event for each change, none for children lists');
  await a.ask('a data watch beneath', Opcode.getData, look('/rec/c', true));
  await b.ask('set beneath', Opcode.setData, set('/rec/c'));
  await a.ping('one event for both watches');
  await b.askMulti('a multi beneath', [
    { op: Opcode.create, body: znode('/rec/m') },
    { op: Opcode.delete, body: at('/rec/m') },
  ]);
  await a.ping('its events');
}

/** A standard watch beside a persistent one, on the same path. */
async function mixed(a: ScriptClient, b: ScriptClient): Promise<void> {
  await b.ask('a znode with two watches', Opcode.create, znode('/mix'));
  await a.ask('the persistent one', Opcode.addWatch, { path: '/mix', mode: 0 });
  await a.ask('the standard one', Opcode.getData, look('/mix', true));
  await b.ask('set', Opcode.setData, set('/mix'));
  await a.ping('one event for two watches');
  await b.ask('set once more', Opcode.setData, set('/mix'));
  await a.ping('the persistent one is left');
  await a.ask('remove both', Opcode.removeWatches, { path: '/mix', type: WatcherType.any });
}

async function removal(a: ScriptClient, b: ScriptClient): Promise<void> {
  const { children, data, any } = WatcherType;
  await b.ask('a znode', Opcode.create, znode('/rm'));
  await a.ask('data watch', Opcode.getData, look('/rm', true));
  await a.ask('child watch', Opcode.getChildren, look('/rm', true));
  await a.ask('is there a data watch', Opcode.checkWatches, { path: '/rm', type: data });
  await a.ask('and a child watch', Opcode.checkWatches, { path: '/rm', type: children });
  await a.ask('is there any', Opcode.checkWatches, { path: '/rm', type: any });
  await b.ask('not for another client', Opcode.checkWatches, { path: '/rm', type: any });
  await a.ask('none elsewhere', Opcode.checkWatches, { path: '/none', type: any });
  await a.ask('remove the data watch', Opcode.removeWatches, { path: '/rm', type: data });
  await a.ask('remove it again', Opcode.removeWatches, { path: '/rm', type: data });
  await b.ask('set', Opcode.setData, set('/rm'));
  await a.ping('no event');
  await a.ask('remove the rest', Opcode.removeWatches, { path: '/rm', type: any });
  await b.ask('a child', Opcode.create, znode('/rm/c'));
  await a.ping('no event either');
  await a.ask('remove the recursive watch', Opcode.removeWatches, { path: '/rec', type: any });
  await a.ask('and the other', Opcode.removeWatches, { path: '/rec/c', type: any });
  await a.ask('and the persistent', Opcode.removeWatches, { path: '/per', type: any });
  await b.ask('set beneath', Opcode.setData, set('/rec/c'));
  await b.ask('set the other', Opcode.setData, set('/per'));
  await a.ping('silence');
  await a.ask('a persistent watch', Opcode.addWatch, { path: '/rm', mode: 0 });
  await a.ask('a recursive watch on it', Opcode.addWatch, { path: '/rm/c', mode: 1 });
  for (const type of [WatcherType.persistent, WatcherType.persistentRecursive]) {
    const path = type === WatcherType.persistent ? '/rm' : '/rm/c';
    await a.ask(`check type ${type}`, Opcode.checkWatches, { path, type });
    await a.ask(`remove type ${type}`, Opcode.removeWatches, { path, type });
    await a.ask(`clean up after type ${type}`, Opcode.removeWatches, { path, type: any });
  }
  for (const type of [0, 9, -1]) {
    await a.ask(`check type ${type}`, Opcode.checkWatches, { path: '/rm', type });
    await a.ask(`remove type ${type}`, Opcode.removeWatches, { path: '/rm', type });
  }
}

/** What a client sends after a reconnect; here the zxid decides, not a lost connection. */
async function reconnect(script: Script, a: ScriptClient): Promise<void> {
  const c = await script.client('c');
  const lists = {
    dataWatches: ['/w', '/gone'],
    existWatches: ['/w', '/later'],
    childWatches: ['/w', '/gone/too'],
  };
  await c.ask(
    'everything changed since zxid 0',
    Opcode.setWatches,
    { relativeZxid: 0, ...lists },
    {
      xid: Xid.setWatches,
    },
  );
  await c.ask('nothing changed since', Opcode.setWatches, { relativeZxid: 2 ** 50, ...lists });
  await a.ask('set', Opcode.setData, set('/w'));
  await a.ask('child', Opcode.create, znode('/w/re'));
  await a.ask('later', Opcode.create, znode('/later'));
  await c.ping('what was registered fires');
  await c.ask('with persistent ones', Opcode.setWatches2, {
    relativeZxid: 0,
    ...{ dataWatches: [], existWatches: [], childWatches: [] },
    persistentWatches: ['/later'],
    persistentRecursiveWatches: ['/w'],
  });
  await a.ask('set later', Opcode.setData, set('/later'));
  await a.ask('set again', Opcode.setData, set('/later'));
  await a.ask('delete beneath', Opcode.delete, at('/w/re'));
  await c.ping('persistent ones fire');
  await c.askRaw('close', Opcode.closeSession, undefined, { isLast: true });
}

/** What the end of a session looks like to a watcher. */
async function ephemerals(script: Script, a: ScriptClient): Promise<void> {
  const d = await script.client('d');
  await d.ask('an ephemeral', Opcode.create, znode('/w/e', 'x', CreateMode.ephemeral));
  await a.ask('its owner', Opcode.exists, look('/w/e', true));
  await a.ask('its parent', Opcode.getChildren2, look('/w', true));
  await d.ask('ephemerals are one’s own', Opcode.getEphemerals, { prefixPath: '/w' });
  await a.ask('and not another’s', Opcode.getEphemerals, { prefixPath: '/w/' });
  await d.askRaw('close the session', Opcode.closeSession, undefined, { isLast: true });
  await a.ping('NodeDeleted, then NodeChildrenChanged');
  await a.ask('the parent after it', Opcode.exists, look('/w'));
}
