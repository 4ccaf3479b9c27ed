/**
 * The client program's part on znodes: the tree at the start, creates of all modes and their
 * faults, data and versions, deletes, sequence numbers, and how a parent's Stat follows its
 * children.
 */

import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { CreateMode } from '../../protocol/requests.ts';
import type { ScriptClient } from './script.ts';

export const bytes = (text: string): Buffer => Buffer.from(text);

/** The record of a create. */
export const znode = (path: string | null, data: string | null = 'x', flags = 0) => ({
  path,
  data: data === null ? null : bytes(data),
  acl: openAcl,
  flags,
});

export const look = (path: string | null, watch = false) => ({ path, watch });

export async function znodes(a: ScriptClient): Promise<void> {
  await a.ping('the zxid that others are counted from');
  await initialTree(a);
  await creates(a);
  await badCreates(a);
  await specialZnodes(a);
  await data(a);
  await deletes(a);
  await sequences(a);
  await parentStat(a);
}

async function initialTree(a: ScriptClient): Promise<void> {
  for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
    await a.ask(`stat of ${path} on a fresh server`, Opcode.exists, look(path));
    await a.ask(`ACL of ${path} on a fresh server`, Opcode.getAcl, { path });
  }
  await a.ask('data of the root', Opcode.getData, look('/'));
  await a.ask('data of the config', Opcode.getData, look('/zookeeper/config'));
  await a.ask('children of the root', Opcode.getChildren2, look('/'));
  await a.ask('children of /zookeeper', Opcode.getChildren, look('/zookeeper'));
  await a.ask('the count below the root', Opcode.getAllChildrenNumber, { path: '/' });
  await a.ask('the empty path is the root', Opcode.getChildren, look(''));
  await a.ask('the empty path has a stat', Opcode.exists, look(''));
}

async function creates(a: ScriptClient): Promise<void> {
  await a.ask('create', Opcode.create, znode('/a'));
  await a.ask('create with null data', Opcode.create, znode('/null', null));
  await a.ask('create with empty data', Opcode.create, znode('/empty', ''));
  await a.ask('null data come back', Opcode.getData, look('/null'));
  await a.ask('empty data come back', Opcode.getData, look('/empty'));
  await a.ask('create2', Opcode.create2, znode('/a/b'));
  await a.ask('create2 with null data', Opcode.create2, znode('/a/n', null));
  await a.ask('create a name with spaces and accents', Opcode.create, znode('/a/é ü €'));
  await a.ask('children', Opcode.getChildren2, look('/a'));
  await a.ask('create again', Opcode.create, znode('/a'));
  await a.ask('create2 again', Opcode.create2, znode('/a'));
  await a.ask('create without a parent', Opcode.create, znode('/none/b'));
  await a.ask('an ephemeral', Opcode.create, znode('/eph', 'e', CreateMode.ephemeral));
  await a.ask('its owner', Opcode.exists, look('/eph'));
  await a.ask('a child of an ephemeral', Opcode.create, znode('/eph/b'));
  const sequential = znode('/eph/s-', 'x', CreateMode.persistentSequential);
  await a.ask('a sequential child of an ephemeral', Opcode.create, sequential);
  await a.ask('ephemerals of the session', Opcode.getEphemerals, { prefixPath: '/' });
  await a.ask('ephemerals under a prefix', Opcode.getEphemerals, { prefixPath: '/ep' });
  await a.ask('ephemerals under another prefix', Opcode.getEphemerals, { prefixPath: '/a' });
  await a.ask('ephemerals under null', Opcode.getEphemerals, { prefixPath: null });
  await a.ask('znodes below /a', Opcode.getAllChildrenNumber, { path: '/a' });
  await a.ask('znodes below nothing', Opcode.getAllChildrenNumber, { path: '/none' });
}

async function badCreates(a: ScriptClient): Promise<void> {
  const paths = ['/', 'a', '', '/new/', '/a/', '/./x', '/a/..', '/a//c', '/a/c\0', '/a/\u0001'];
  for (const path of [...paths, '/a/\u0085', '/a/\uf000', '/a/\u{1f600}', '/eph/', '//', '/.']) {
    await a.ask(`create at ${JSON.stringify(path)}`, Opcode.create, znode(path));
  }
  for (const flags of [7, -1, 100, CreateMode.persistentWithTtl]) {
    await a.ask(`create with flags ${flags}`, Opcode.create, znode('/flags', 'x', flags));
  }
  await a.ask('bad flags come before a bad path', Opcode.create, znode('bad', 'x', 9));
  const noAcl = { ...znode('/none/b'), acl: [] };
  await a.ask('an empty ACL comes before a missing parent', Opcode.create, noAcl);
  await a.ask('a null ACL', Opcode.create, { ...znode('/acl'), acl: null });
  await a.ask('a bad path comes before an empty ACL', Opcode.create, { ...noAcl, path: 'bad' });
  await a.ask('a missing parent comes before a bad name', Opcode.create, znode('/none/..'));
}

async function specialZnodes(a: ScriptClient): Promise<void> {
  const container = (path: string, flags = 4) => znode(path, null, flags);
  await a.ask('a container', Opcode.createContainer, container('/container'));
  await a.ask('a container by create', Opcode.create, container('/container2'));
  await a.ask('a container by create2', Opcode.create2, container('/container3'));
  await a.ask('a container shows no owner', Opcode.exists, look('/container'));
  await a.ask('a child of a container', Opcode.create, znode('/container/a'));
  const ttl = (path: string, flags: number, ms: number) => ({
    ...znode(path, null, flags),
    ttl: ms,
  });
  await a.ask('a TTL znode', Opcode.createTtl, ttl('/ttl', 5, 3_600_000));
  await a.ask('a sequential TTL znode', Opcode.createTtl, ttl('/ttl-', 6, 3_600_000));
  await a.ask('a TTL znode shows no owner', Opcode.exists, look('/ttl'));
  await a.ask('a child of a TTL znode', Opcode.create, znode('/ttl/a'));
  await a.ask('the longest TTL', Opcode.createTtl, ttl('/ttl/max', 5, 2 ** 40 - 1));
  for (const ms of [0, -1, -5, 2 ** 40]) {
    await a.ask(`a TTL of ${ms}`, Opcode.createTtl, ttl('/ttl/bad', 5, ms));
  }
  await a.ask('a TTL znode exists already', Opcode.createTtl, ttl('/ttl', 5, 1000));
}

async function data(a: ScriptClient): Promise<void> {
  const set = (path: string, value: string | null, version = -1) => ({
    ...{ path, version },
    data: value === null ? null : bytes(value),
  });
  await a.ask('set', Opcode.setData, set('/a', 'one'));
  await a.ask('set at the right version', Opcode.setData, set('/a', 'two', 1));
  await a.ask('set at an old version', Opcode.setData, set('/a', 'no', 1));
  await a.ask('set at version -2', Opcode.setData, set('/a', 'no', -2));
  await a.ask('set null', Opcode.setData, set('/a', null));
  await a.ask('get null', Opcode.getData, look('/a'));
  await a.ask('set empty', Opcode.setData, set('/a', ''));
  await a.ask('get empty', Opcode.getData, look('/a'));
  await a.ask('set nothing there', Opcode.setData, set('/none', 'x'));
  await a.ask('set at a bad path', Opcode.setData, set('bad', 'x'));
  await a.ask('set at a path with a slash behind', Opcode.setData, set('/a/', 'x'));
  await a.ask('set the root', Opcode.setData, set('/', 'root'));
  await a.ask('get the root', Opcode.getData, look('/'));
  await a.ask('set a system znode', Opcode.setData, set('/zookeeper', 'z'));
  await a.ask('set the config', Opcode.setData, set('/zookeeper/config', 'c'));
  await a.ask('a large value', Opcode.setData, set('/a', 'v'.repeat(1_000_000)));
  await a.ask('the large value', Opcode.getData, look('/a'));
  for (const path of ['bad', '/a/', '//', '/a\0']) {
    const name = JSON.stringify(path);
    await a.ask(`get at ${name}`, Opcode.getData, look(path));
    await a.ask(`exists at ${name}`, Opcode.exists, look(path));
    await a.ask(`children at ${name}`, Opcode.getChildren2, look(path));
  }
  await a.ask('ACL of nothing', Opcode.getAcl, { path: '/none' });
  await a.ask('sync', Opcode.sync, { path: '/a' });
  await a.ask('sync of nothing', Opcode.sync, { path: '/none' });
  await a.ask('sync of a bad path', Opcode.sync, { path: 'bad' });
}

async function deletes(a: ScriptClient): Promise<void> {
  const at = (path: string, version = -1) => ({ path, version });
  await a.ask('delete with children', Opcode.delete, at('/a'));
  await a.ask('a wrong version comes before children', Opcode.delete, at('/a', 77));
  await a.ask('delete at a wrong version', Opcode.delete, at('/a/b', 1));
  await a.ask('delete at the right version', Opcode.delete, at('/a/b', 0));
  await a.ask('delete again', Opcode.delete, at('/a/b'));
  await a.ask('delete without a parent', Opcode.delete, at('/none/b'));
  for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config', 'bad', '']) {
    await a.ask(`delete ${JSON.stringify(path)}`, Opcode.delete, at(path));
  }
  for (const path of ['/a/n\0', '/a/', '//a', '/a/./b']) {
    await a.ask(`delete ${JSON.stringify(path)}`, Opcode.delete, at(path));
  }
  await a.ask('delete an ephemeral', Opcode.delete, at('/eph'));
  await a.ask('no ephemerals are left', Opcode.getEphemerals, { prefixPath: '/' });
  await a.ask('create it again', Opcode.create, znode('/eph'));
  await a.ask('its stat is new', Opcode.exists, look('/eph'));
}

async function sequences(a: ScriptClient): Promise<void> {
  const sequential = CreateMode.persistentSequential;
  const at = (path: string, version = -1) => ({ path, version });
  await a.ask('a queue', Opcode.create, znode('/q'));
  await a.ask('first', Opcode.create, znode('/q/a-', 'x', sequential));
  await a.ask('second, other prefix', Opcode.create, znode('/q/b-', 'x', sequential));
  await a.ask('plain child counts', Opcode.create, znode('/q/plain'));
  await a.ask('third', Opcode.create2, znode('/q/a-', 'x', sequential));
  await a.ask('delete the plain child', Opcode.delete, at('/q/plain'));
  await a.ask('a delete does not count', Opcode.create, znode('/q/a-', 'x', sequential));
  await a.ask('a failed create', Opcode.create, znode('/q/a-0000000000'));
  await a.ask('does not count', Opcode.create, znode('/q/a-', 'x', sequential));
  await a.ask('no name at all', Opcode.create, znode('/q/', 'x', sequential));
  const ephemeral = CreateMode.ephemeralSequential;
  await a.ask('ephemeral sequential', Opcode.create2, znode('/q/e-', 'x', ephemeral));
  await a.ask('a name in the way', Opcode.create, znode('/q/w-0000000008'));
  await a.ask('a sequential name taken', Opcode.create, znode('/q/w-', 'x', sequential));
  await a.ask('stat of the queue', Opcode.getChildren2, look('/q'));
  await a.ask('under the root', Opcode.create, znode('/root-', 'x', sequential));
}

async function parentStat(a: ScriptClient): Promise<void> {
  const at = (path: string, version = -1) => ({ path, version });
  const stat = (step: string): Promise<void> => a.ask(step, Opcode.exists, look('/p'));
  await a.ask('a parent', Opcode.create, znode('/p'));
  await stat('its stat');
  await a.ask('first child', Opcode.create, znode('/p/1'));
  await stat('after a create');
  await a.ask('grandchild', Opcode.create, znode('/p/1/1'));
  await stat('a grandchild changes nothing');
  await a.ask('set the child', Opcode.setData, { ...at('/p/1'), data: bytes('y') });
  await stat('setting a child changes nothing');
  await a.ask('delete the grandchild', Opcode.delete, at('/p/1/1'));
  await a.ask('delete the child', Opcode.delete, at('/p/1'));
  await stat('after a delete');
  await a.ask('set the parent', Opcode.setData, { ...at('/p'), data: bytes('yy') });
  await a.ask('set the ACL', Opcode.setAcl, { ...at('/p'), acl: openAcl });
  await stat('after both');
  await a.ask('delete the parent', Opcode.delete, at('/p'));
  await a.ask('create the parent again', Opcode.create2, znode('/p'));
  const sequential = znode('/p/s-', null, CreateMode.persistentSequential);
  await a.ask('its counter starts anew', Opcode.create2, sequential);
}
