/**
 * The client program's part on who may do what: identities, ACLs of every scheme and their faults,
 * which permission each operation asks for and where in the order of checks, the super user,
 * quotas.
 */

import { Opcode, Xid } from '../../protocol/opcode.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl, Permission } from '../../protocol/record.ts';
import { bytes, look, znode } from './program-znodes.ts';
import type { Script, ScriptClient } from './script.ts';

/** digest of `super:secret`, for DigestAuthenticationProvider.superDigest. */
export const superDigest = 'super:lK75jTNcA+U9vtVEw5vB51mj/w4=';
const { read, write, create, delete: remove, admin, all } = Permission;

const at = (path: string, version = -1) => ({ path, version });
const set = (path: string, version = -1) => ({ path, data: bytes('x'), version });
const acl = (...list: [perms: number, scheme: string, id: string][]): Acl[] =>
  list.map(([perms, scheme, id]) => ({ perms, id: { scheme, id } }));
const withAcl = (path: string, list: Acl[]) => ({ ...znode(path), acl: list });
const auth = (scheme: string, text: string) => ({ type: 0, scheme, auth: bytes(text) });

export async function access(script: Script, a: ScriptClient, b: ScriptClient): Promise<void> {
  await identities(script, a);
  await lists(a);
  await permissions(a, b);
  await superUser(script);
  await quotas(a);
  await a.ask('reconfig is switched off', Opcode.reconfig, {
    ...{ joiningServers: null, leavingServers: '1', newMembers: null, curConfigId: -1 },
  });
}

async function identities(script: Script, a: ScriptClient): Promise<void> {
  await a.askRaw('who am I at first', Opcode.whoAmI);
  await a.ask('an identity', Opcode.auth, auth('digest', 'bob:secret'), { xid: Xid.auth });
  await a.ask('a second, ordinary xid', Opcode.auth, auth('digest', 'eve:pass'));
  await a.ask('a payload without a colon', Opcode.auth, auth('digest', 'plain'));
  await a.ask('the same again', Opcode.auth, auth('digest', 'bob:secret'));
  await a.askRaw('who am I now', Opcode.whoAmI);
  await a.ask('ip is no fault', Opcode.auth, auth('ip', ''));
  for (const [scheme, text] of [
    ['world', 'anyone'],
    ['auth', ''],
    ['nonsense', 'x'],
  ] as const) {
    const client = await script.client(`with ${scheme}`);
    await client.ask(`scheme ${scheme}`, Opcode.auth, auth(scheme, text), { isLast: true });
  }
  await a.ask('sasl is not set up', Opcode.sasl, { token: bytes('') });
}

async function lists(a: ScriptClient): Promise<void> {
  const good: [string, Acl[]][] = [
    ['auth', acl([all, 'auth', ''])],
    ['auth-with-text', acl([read, 'auth', 'ignored'])],
    ['digest', acl([all, 'digest', 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0='])],
    ['ip', acl([all, 'ip', '127.0.0.1'])],
    ['ip-range', acl([all, 'ip', '127.0.0.0/8'])],
    ['twice', acl([all, 'world', 'anyone'], [read, 'ip', '1.2.3.4'], [all, 'world', 'anyone'])],
    ['no-perms', acl([0, 'world', 'anyone'])],
    ['more-perms', acl([0xff, 'world', 'anyone'])],
  ];
  await a.ask('a place for ACLs', Opcode.create, znode('/acl'));
  for (const [name, list] of good) {
    await a.ask(`create with ${name}`, Opcode.create, withAcl(`/acl/${name}`, list));
    await a.ask(`ACL of ${name}`, Opcode.getAcl, { path: `/acl/${name}` });
  }
  await a.ask(
    'create with an IPv6 address',
    Opcode.create,
    withAcl('/v6', acl([all, 'ip', '::1'])),
  );
  await a.ask('the ACL of that', Opcode.getAcl, { path: '/v6' });
  const bad: [string, Acl[]][] = [
    ['nobody of the world', acl([all, 'world', 'nobody'])],
    ['an unknown scheme', acl([all, 'nonsense', 'x'])],
    ['super', acl([all, 'super', 'x'])],
    ['an ip that is none', acl([all, 'ip', 'host'])],
    ['an ip range too wide', acl([all, 'ip', '127.0.0.1/99'])],
    ['a digest without a colon', acl([all, 'digest', 'bob'])],
    ['a digest with two colons', acl([all, 'digest', 'bob:x:y'])],
    ['one good and one bad', acl([all, 'world', 'anyone'], [all, 'nonsense', 'x'])],
  ];
  for (const [name, list] of bad) {
    await a.ask(`create with ${name}`, Opcode.create, withAcl('/acl/bad', list));
  }
  const setAcl = (path: string, list: Acl[] | null, version = -1) => ({
    ...at(path, version),
    acl: list,
  });
  await a.ask('set an ACL', Opcode.setAcl, setAcl('/acl', [...openAcl], 0));
  await a.ask('at an old version', Opcode.setAcl, setAcl('/acl', [...openAcl], 0));
  await a.ask('an empty ACL', Opcode.setAcl, setAcl('/acl', []));
  await a.ask('a null ACL', Opcode.setAcl, setAcl('/acl', null));
  await a.ask('on nothing', Opcode.setAcl, setAcl('/none', [...openAcl]));
  await a.ask('an empty ACL on nothing', Opcode.setAcl, setAcl('/none', []));
  await a.ask('on a bad path', Opcode.setAcl, setAcl('bad', []));
}

async function permissions(a: ScriptClient, b: ScriptClient): Promise<void> {
  const bobs = (perms: number): Acl[] =>
    acl([perms, 'world', 'anyone'], [all, 'digest', 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0=']);
  for (const perms of [0, read, write, create, remove, admin]) {
    const path = `/acl/p${perms}`;
    await a.ask(`only ${perms} for others`, Opcode.create, withAcl(path, bobs(perms)));
    await a.ask('a child of it', Opcode.create, znode(`${path}/c`));
    await b.ask(`exists where others may ${perms}`, Opcode.exists, look(path));
    await b.ask('get', Opcode.getData, look(path));
    await b.ask('children', Opcode.getChildren2, look(path));
    await b.ask('count', Opcode.getAllChildrenNumber, { path });
    await b.ask('set', Opcode.setData, set(path));
    await b.ask('set at a wrong version', Opcode.setData, set(path, 77));
    await b.ask('create', Opcode.create, znode(`${path}/d`));
    await b.ask('create what exists', Opcode.create, znode(`${path}/c`));
    await b.ask('delete', Opcode.delete, at(`${path}/c`));
    await b.ask('delete what is missing', Opcode.delete, at(`${path}/none`));
    await b.ask('get the ACL', Opcode.getAcl, { path });
    await b.ask('set the ACL', Opcode.setAcl, { ...at(path), acl: bobs(perms) });
    await b.askMulti('check', [{ op: Opcode.check, body: at(path) }]);
    await b.askMultiRead('read in a multiRead', [
      { op: Opcode.getData, body: look(path) },
      { op: Opcode.getChildren, body: look(path) },
    ]);
  }
  await b.ask('watch all of it', Opcode.addWatch, { path: '/acl', mode: 1 });
  await a.ask('set what others may not read', Opcode.setData, set('/acl/p0'));
  await a.ask('set what others may read', Opcode.setData, set('/acl/p1'));
  await b.ping('events of unreadable znodes');
  await b.ask('watch no more', Opcode.removeWatches, { path: '/acl', type: 3 });
  await b.ask('auth without an identity', Opcode.create, withAcl('/acl/x', acl([1, 'auth', ''])));
  await a.askMulti('an ACL set in the same multi counts', [
    { op: Opcode.create, body: withAcl('/acl/m', acl([create, 'world', 'anyone'])) },
    { op: Opcode.create, body: znode('/acl/m/c') },
    { op: Opcode.check, body: at('/acl/m') },
  ]);
}

async function superUser(script: Script): Promise<void> {
  const s = await script.client('s');
  await s.ask('before', Opcode.getData, look('/acl/p0'));
  await s.ask('the super user', Opcode.auth, auth('digest', 'super:secret'), { xid: Xid.auth });
  await s.askRaw('who is that', Opcode.whoAmI);
  await s.ask('after', Opcode.getData, look('/acl/p0'));
  await s.ask('the whole ACL', Opcode.getAcl, { path: '/acl/p0' });
  await s.ask('may write the config', Opcode.setData, set('/zookeeper/config'));
  await s.askRaw('close', Opcode.closeSession, undefined, { isLast: true });
}

async function quotas(a: ScriptClient): Promise<void> {
  const quota = '/zookeeper/quota/quota';
  await a.ask('a place with a quota', Opcode.create, znode('/quota'));
  await a.ask('its quota', Opcode.create, znode(quota));
  const limits = 'count=-1,bytes=-1=;byteHardLimit=20;countHardLimit=3';
  await a.ask('limits', Opcode.create, znode(`${quota}/zookeeper_limits`, limits));
  await a.ask('stats', Opcode.create, znode(`${quota}/zookeeper_stats`, 'count=0,bytes=0'));
  await a.ask('stats are counted', Opcode.getData, look(`${quota}/zookeeper_stats`));
  await a.ask('second znode', Opcode.create, znode('/quota/a', '1234567890'));
  await a.ask('stats follow', Opcode.getData, look(`${quota}/zookeeper_stats`));
  await a.ask('too many bytes', Opcode.create, znode('/quota/b', '1234567890'));
  await a.ask('too many bytes by set', Opcode.setData, {
    ...{ path: '/quota/a', version: -1 },
    data: bytes('x'.repeat(30)),
  });
  await a.ask('quota comes before the version', Opcode.setData, {
    ...{ path: '/quota/a', version: 9 },
    data: bytes('x'.repeat(30)),
  });
  await a.ask('third znode', Opcode.create, znode('/quota/b', ''));
  await a.ask('one too many', Opcode.create, znode('/quota/c', ''));
  await a.askMulti('one too many in a multi', [{ op: Opcode.create, body: znode('/quota/c', '') }]);
  await a.ask('make room', Opcode.delete, at('/quota/b'));
  await a.ask('it fits', Opcode.create, znode('/quota/c', ''));
  await a.ask('stats at last', Opcode.getData, look(`${quota}/zookeeper_stats`));
}
