/**
 * Questions to a whole replica with clients of its own: what the answers say is what the clients
 * did, by the rights that the replica itself gives.
 */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { InspectAnswers } from '../../actors/inspect/inspect-answers.ts';
import { viewOf } from '../../actors/replica-view.ts';
import { type Client, CreateMode, connect, Permission } from '../../client/client.ts';
import type { Viewer } from '../../protocol/inspection.ts';
import { startReplica, type TestReplica } from '../support/replica.ts';

let server: TestReplica;
let clients: Client[];
let answers: InspectAnswers;

beforeAll(async () => {
  server = await startReplica();
  const address = `127.0.0.1:${server.port}`;
  clients = [await connect(address), await connect(address)];
  answers = new InspectAnswers(viewOf(server.replica), server.replica.clock);
  const [one, two] = clients as [Client, Client];
  await one.create('/app', 'config');
  await one.create('/app/member', 'here', { mode: CreateMode.ephemeral });
  await two.addAuth('digest', 'me:secret');
  const mine = [{ perms: Permission.all, id: { scheme: 'auth', id: '' } }];
  await two.create('/app/mine', 'mine alone', { acl: mine });
  for (const client of clients) await client.addWatch('/app', 'persistent', () => {});
  await two.addWatch('/app/member', 'recursive', () => {});
});

afterAll(async () => {
  for (const client of clients) await client.close();
  await server.remove();
});

test('sessions, their connections, ephemerals and watches', async () => {
  const asked = { what: 'sessions', text: '127.0.0.1', offset: 0, limit: 10 } as const;
  const page = await answers.answer(asked);

  expect(page.total).toBe(2);
  expect(page.rows.map(({ ephemerals, watches }) => [ephemerals, watches])).toEqual([
    [1, 2],
    [0, 3],
  ]);
  expect(page.rows[0]).toMatchObject({ state: 'idle', connectionState: 'serving.flowing' });
  const id = page.rows[0]!.id;
  const detail = await answers.answer({ what: 'session', id });
  expect(detail?.ephemeralPaths).toEqual(['/app/member']);
  expect(detail?.watchList.map(({ path, session }) => [path, session])).toEqual([
    ['/app', id],
    ['/app', id],
  ]);
});

test('watches by path', async () => {
  const asked = { what: 'watches', by: 'path', text: '', offset: 0, limit: 10 } as const;
  const { groups } = await answers.answer(asked);

  expect(groups.map(({ key, count }) => [key, count])).toEqual([
    ['/app', 4],
    ['/app/member', 1],
  ]);
  expect(groups[1]?.entries[0]?.state).toContain('recursive.armed');
});

test('a znode whose ACL names one user is his, and the admin’s', async () => {
  const ask = (viewer: Viewer) => answers.answer({ what: 'znode', path: '/app/mine', viewer });

  expect((await ask('world'))?.data).toBeNull();
  const seen = await ask('admin');
  expect(Buffer.from(seen!.data!, 'base64').toString()).toBe('mine alone');
  expect(seen?.acl[0]?.id).toMatch(/^me:/);
});
