/**
 * Users with and without rights: every operation of every user on znodes with different access
 * lists, held against what the lists say; and one list that changes, where who has lost a right has
 * lost it as soon as that was answered. Needs an ensemble that checks access.
 */

import { createHash } from 'node:crypto';
import {
  type Acl,
  type Client,
  ErrorCode,
  op,
  openAcl,
  Permission,
} from '../../../client/client.ts';
import { Crew } from './crew.ts';
import type { MakeWorkload } from './workload.ts';

const root = '/rights';
const shifting = `${root}/shifting`;
const pauseMs = 80;
const { noAuth, noNode, nodeExists, notEmpty } = ErrorCode;
const { read, write, create, delete: remove, admin, all } = Permission;

const users = ['alice', 'bob', null] as const;
type User = (typeof users)[number];

function acl(user: User, perms: number): Acl {
  if (user === null) return { perms, id: { scheme: 'world', id: 'anyone' } };
  const hash = createHash('sha1').update(`${user}:secret`).digest('base64');
  return { perms, id: { scheme: 'digest', id: `${user}:${hash}` } };
}

/** By name of a znode: who may do what. Alice administers each, so that it can be made again. */
const lists: { readonly [name: string]: readonly (readonly [User, number])[] } = {
  private: [['alice', all]],
  shared: [
    ['alice', all],
    ['bob', read | write],
  ],
  public: [
    ['alice', all],
    [null, read],
  ],
  inbox: [
    ['alice', all],
    ['bob', create],
    [null, write],
  ],
  tended: [
    ['alice', all],
    ['bob', read | remove | admin],
  ],
};
const names = Object.keys(lists);

function rightsOf(name: string, user: User): number {
  const own = lists[name]!.filter(([who]) => who === null || who === user);
  return own.reduce((perms, [, more]) => perms | more, 0);
}

function listOf(name: string): Acl[] {
  return lists[name]!.map(([user, perms]) => acl(user, perms));
}

export const makeRights: MakeWorkload = (parts) => {
  const crew = new Crew(parts);
  const { random } = parts;
  /** Since when nobody but alice may write the shifting znode, as answered; null: others may. */
  let revoked: number | null = null;
  let shifts = 0;

  function open(user: User): Client {
    const auth = user === null ? [] : [{ scheme: 'digest', auth: `${user}:secret` }];
    return crew.open({ auth, ...crew.someSids() });
  }

  /** Something to do with a znode, and the rights of which it needs one. */
  function someOperation(client: Client, name: string): [string, number, () => Promise<unknown>] {
    const path = `${root}/${name}`;
    const child = `${path}/child`;
    const operations: [string, number, () => Promise<unknown>][] = [
      ['getData', read, () => client.getData(path)],
      ['exists', read, () => client.exists(path)],
      ['getChildren', read, () => client.getChildren(path)],
      ['getAllChildrenNumber', read, () => client.getAllChildrenNumber(path)],
      ['getAcl', read | admin, () => client.getAcl(path)],
      ['setAcl', admin, () => client.setAcl(path, listOf(name))],
      ['setData', write, () => client.setData(path, 'x')],
      ['create', create, () => client.create(child)],
      ['delete', remove, () => client.delete(child)],
      ['multi of setData', write, () => client.multi([op.setData(path, 'y')])],
      ['multi of create', create, () => client.multi([op.create(child, 'z')])],
    ];
    return random.pick(operations);
  }

  function program(user: User): void {
    const client = open(user);
    crew.repeat(pauseMs, async () => {
      if (user !== 'alice' && random.chance(0.2)) return tryShifting(client, user);
      const name = random.pick(names);
      const [what, needed, operation] = someOperation(client, name);
      const may = (rightsOf(name, user) & needed) !== 0;
      const outcome = await crew.attempt(operation, noAuth, noNode, nodeExists, notEmpty);
      const text = () => `${what} of ${name} by ${user ?? 'anybody'} is ${JSON.stringify(outcome)}`;
      if (may) crew.expect(!('code' in outcome && outcome.code === noAuth), 'C14', text);
      else crew.expect(outcome.kind !== 'acknowledged', 'C14', text);
      if (outcome.kind === 'refused' && outcome.code === noAuth) crew.count('no right');
    });
  }

  async function tryShifting(client: Client, user: User): Promise<void> {
    const before = revoked;
    const outcome = await crew.attempt(() => client.setData(shifting, `${user}`), noAuth);
    // Revoked before it was asked for, and not granted again until it was answered.
    const isRevoked = before !== null && revoked === before;
    crew.expect(!(isRevoked && outcome.kind === 'acknowledged'), 'C14', () => {
      return `${user ?? 'anybody'} wrote ${shifting} after the right was taken away`;
    });
  }

  function shift(): void {
    const client = open('alice');
    const only = [acl('alice', all)];
    crew.repeat(600, async () => {
      revoked = null;
      await crew.attempt(() => client.setAcl(shifting, openAcl));
      await crew.pause(200);
      const outcome = await crew.attempt(() => client.setAcl(shifting, only));
      if (outcome.kind !== 'acknowledged') return;
      revoked = ++shifts;
      await crew.pause(300);
    });
  }

  return {
    name: 'rights',
    counts: crew.counts,
    start() {
      crew.launch(async () => {
        const alice = open('alice');
        await crew.ensure(alice, root);
        for (const name of names) {
          await crew.ensure(alice, `${root}/${name}`, '', { acl: listOf(name) });
        }
        await crew.ensure(alice, shifting, '', { acl: [acl('alice', all)] });
        if (crew.isStopped) return;
        for (const user of users) program(user);
        shift();
      });
    },
    stop: () => crew.stop(),
    check: () =>
      crew.check(async () => {
        const alice = open('alice');
        for (const name of names) {
          const path = `${root}/${name}`;
          if ((await crew.read(alice, path)) === null) continue;
          const { acl: found } = await crew.patiently(() => alice.getAcl(path));
          const text = () => `the list of ${path} is ${JSON.stringify(found)}`;
          crew.expect(JSON.stringify(found) === JSON.stringify(listOf(name)), 'C14', text);
        }
      }),
  };
};
