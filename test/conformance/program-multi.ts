/**
 * The client program's part on multi and multiRead: success and failure in every position, what one
 * operation sees of those before it, sequence numbers and Stats within, and pipelines of writes.
 */

import type { MultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { bytes, look, znode } from './program-znodes.ts';
import type { ScriptClient } from './script.ts';

const create = (path: string, flags = 0): MultiRequest => ({
  op: Opcode.create,
  body: znode(path, 'x', flags),
});
const create2 = (path: string, flags = 0): MultiRequest => ({
  op: Opcode.create2,
  body: znode(path, 'x', flags),
});
const remove = (path: string, version = -1): MultiRequest => ({
  op: Opcode.delete,
  body: { path, version },
});
const set = (path: string, version = -1): MultiRequest => ({
  op: Opcode.setData,
  body: { path, data: bytes('set'), version },
});
const check = (path: string, version = -1): MultiRequest => ({
  op: Opcode.check,
  body: { path, version },
});
const get = (path: string): MultiRequest => ({ op: Opcode.getData, body: look(path) });
const list = (path: string): MultiRequest => ({ op: Opcode.getChildren, body: look(path) });

export async function multis(a: ScriptClient): Promise<void> {
  await successes(a);
  await failures(a);
  await reads(a);
  await pipelines(a);
}

async function successes(a: ScriptClient): Promise<void> {
  await a.askMulti('an empty multi', []);
  await a.askMulti('one create', [create('/m')]);
  await a.askMulti('parent, child, set, check, delete', [
    create('/m/p'),
    create2('/m/p/c'),
    set('/m/p', 0),
    set('/m/p', 1),
    check('/m/p', 2),
    remove('/m/p/c', 0),
  ]);
  await a.ask('the parent after it', Opcode.getData, look('/m/p'));
  await a.askMulti('delete and create again', [remove('/m/p'), create('/m/p')]);
  await a.ask('a new znode', Opcode.exists, look('/m/p'));
  await a.askMulti('create and delete a child', [create('/m/p/t'), remove('/m/p/t')]);
  await a.ask('cversion by two', Opcode.exists, look('/m/p'));
  await a.askMulti('sequential and ephemeral', [
    create('/m/p/s-', CreateMode.persistentSequential),
    create('/m/p/s-', CreateMode.ephemeralSequential),
    create2('/m/p/e', CreateMode.ephemeral),
    { op: Opcode.createContainer, body: znode('/m/p/c', null, 4) },
    { op: Opcode.createTtl, body: { ...znode('/m/p/t', null, 5), ttl: 3_600_000 } },
    create2('/m/p/s-', CreateMode.persistentSequential),
  ]);
  await a.ask('what came of it', Opcode.getChildren2, look('/m/p'));
  await a.askMulti('checks only', [check('/m'), check('/m', 0)]);
  await a.askMulti('delete twice over', [remove('/m/p/e'), remove('/m/p/c'), remove('/m/p/t')]);
}

async function failures(a: ScriptClient): Promise<void> {
  await a.askMulti('the first fails', [check('/none'), create('/m/1'), remove('/m/p')]);
  await a.askMulti('the middle fails', [create('/m/1'), set('/m', 77), create('/m/2')]);
  await a.askMulti('the last fails', [create('/m/1'), create('/m/2'), create('/m/2')]);
  await a.ask('nothing was applied', Opcode.getChildren2, look('/m'));
  await a.askMulti('a check at a wrong version', [check('/m', 5)]);
  await a.askMulti('a check of a bad path', [check('bad')]);
  await a.askMulti('not empty', [remove('/m')]);
  await a.askMulti('a child of an ephemeral', [
    create('/m/e', CreateMode.ephemeral),
    create('/m/e/c'),
  ]);
  await a.askMulti('a bad path', [create('/m/ok'), create('/m//bad')]);
  await a.askMulti('a missing parent', [create('/m/ok'), create('/none/bad')]);
  await a.askMulti('a system path', [remove('/zookeeper')]);
  await a.askMulti('bad flags in a multi', [create('/m/ok'), create('/m/flags', 9)]);
  await a.askMulti('an empty ACL', [{ op: Opcode.create, body: { ...znode('/m/acl'), acl: [] } }]);
  await a.askMulti('a failed delete after a create of it', [create('/m/x'), remove('/m/x', 5)]);
  await a.askMulti('reads in a multi', [create('/m/x'), get('/m')]);
  await a.ask('still nothing was applied', Opcode.getChildren2, look('/m'));
}

async function reads(a: ScriptClient): Promise<void> {
  await a.askMultiRead('an empty multiRead', []);
  await a.askMultiRead('data and children', [get('/m/p'), list('/m/p'), list('/m')]);
  await a.askMultiRead('one of them missing', [
    get('/m/p'),
    get('/none'),
    list('/none'),
    get('/m'),
  ]);
  await a.askMultiRead('a write in a multiRead', [get('/m'), remove('/m')]);
}

async function pipelines(a: ScriptClient): Promise<void> {
  await a.pipeline('writes and reads in order', (raw) => {
    raw.send(Opcode.create, znode('/pipe'));
    raw.send(Opcode.getData, look('/pipe'));
    raw.send(Opcode.setData, { path: '/pipe', data: bytes('1'), version: 0 });
    raw.send(Opcode.setData, { path: '/pipe', data: bytes('2'), version: 0 });
    raw.send(Opcode.getData, look('/pipe'));
    raw.send(Opcode.delete, { path: '/pipe', version: 1 });
    raw.send(Opcode.exists, look('/pipe'));
    const { create: c, getData: g, setData: s } = Opcode;
    return [c, g, s, s, g, Opcode.delete, Opcode.exists];
  });
  await a.pipeline('a failed multi leaves earlier writes alone', (raw) => {
    raw.send(Opcode.create, znode('/pipe'));
    raw.sendMulti([set('/pipe'), remove('/none')]);
    raw.send(Opcode.setData, { path: '/pipe', data: bytes('1'), version: 0 });
    raw.send(Opcode.getChildren2, look('/pipe'));
    return [Opcode.create, Opcode.multi, Opcode.setData, Opcode.getChildren2];
  });
  await a.pipeline('sequence numbers of a pipeline', (raw) => {
    const sequential = znode('/pipe/s-', null, CreateMode.persistentSequential);
    raw.send(Opcode.create, sequential);
    raw.send(Opcode.create, sequential);
    raw.send(Opcode.create, znode('/none/x'));
    raw.send(Opcode.create, sequential);
    return [Opcode.create, Opcode.create, Opcode.create, Opcode.create];
  });
  await a.pipeline('sync in a pipeline', (raw) => {
    raw.send(Opcode.setData, { path: '/pipe', data: bytes('3'), version: -1 });
    raw.send(Opcode.sync, { path: '/pipe' });
    raw.send(Opcode.getData, look('/pipe'));
    return [Opcode.setData, Opcode.sync, Opcode.getData];
  });
}
