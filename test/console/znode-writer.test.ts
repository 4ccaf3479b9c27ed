/** The console's writer against a real replica: what is done, and what each error becomes. */

import { describe, expect, onTestFinished, test } from 'vitest';
import { type Client, connect } from '../../client/client.ts';
import { clientAddresses } from '../../console/server/client-addresses.ts';
import type { Refusal } from '../../console/server/refusal.ts';
import type { WriteRequest } from '../../console/server/write-request.ts';
import { ClientWriter, type WriteResult } from '../../console/server/znode-writer.ts';
import type { ReplicaStatus } from '../../protocol/inspection.ts';
import { Permission } from '../../protocol/record.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startReplica } from '../support/replica.ts';
import { FakeInspection, statusOf } from './fake-inspection.ts';

const write = (values: Partial<WriteRequest>): WriteRequest => ({
  op: 'set',
  path: '/a',
  data: null,
  version: -1,
  kind: 'persistent',
  ttlMs: null,
  acl: null,
  auth: null,
  ...values,
});

interface Stage {
  readonly client: Client;
  readonly clock: FakeClock;
  /** How many sessions there are, our own client's included. */
  sessions(): number;
  does(values: Partial<WriteRequest>): Promise<WriteResult>;
  /** The status and the sentence that a write ends with. */
  fault(values: Partial<WriteRequest>): Promise<string>;
}

/** A replica, its writer, and a client beside it to look and to prepare. */
async function stage(): Promise<Stage> {
  const server = await startReplica();
  const address = `127.0.0.1:${server.port}`;
  const client = await connect(address);
  const clock = new FakeClock();
  const writer = new ClientWriter(inspectionOf({ clientAddress: address }), clock);
  onTestFinished(async () => {
    await writer.close();
    await client.close();
    await server.remove();
  });
  return {
    client,
    clock,
    sessions: () => server.replica.sessions.size,
    does: (values) => written(writer, clock, values),
    fault: (values) => faultOf(writer, clock, values),
  };
}

/** Waits no real time until it is known which replicas are there. */
function written(writer: ClientWriter, clock: FakeClock, values: Partial<WriteRequest>) {
  const result = writer.write(write(values));
  clock.advance(600);
  return result;
}

async function faultOf(
  writer: ClientWriter,
  clock: FakeClock,
  values: Partial<WriteRequest>,
): Promise<string> {
  try {
    await written(writer, clock, values);
  } catch (failure) {
    const { status, message } = failure as Refusal;
    return `${status} ${message}`;
  }
  return 'done';
}

function inspectionOf(values: Partial<ReplicaStatus>): FakeInspection {
  const inspection = new FakeInspection();
  inspection.members = [1];
  inspection.answer = (sid) => statusOf(sid, values);
  return inspection;
}

describe('a write', () => {
  test('creates, sets and deletes', async () => {
    const { does, client } = await stage();
    const created = await does({ op: 'create', data: Buffer.from('one') });
    const set = await does({ data: Buffer.from('two'), version: 0 });
    const { data } = await client.getData('/a');
    const deleted = await does({ op: 'delete', version: 1 });

    expect(created).toEqual({ path: '/a' });
    expect(set).toEqual({
      stat: {
        czxid: expect.stringMatching(/^0x[1-9a-f][0-9a-f]*$/),
        mzxid: expect.stringMatching(/^0x/),
        pzxid: expect.stringMatching(/^0x/),
        ctimeMs: expect.any(Number),
        mtimeMs: expect.any(Number),
        version: 1,
        cversion: 0,
        aversion: 0,
        ephemeralOwner: '0x0',
        dataLength: 3,
        numChildren: 0,
      },
    });
    expect(String(data)).toBe('two');
    expect(deleted).toEqual({ path: '/a' });
    expect(await client.exists('/a')).toBeNull();
  });

  test('creates containers, and znodes with an ACL', async () => {
    const { does, client } = await stage();
    const acl = [{ perms: Permission.read, id: { scheme: 'world', id: 'anyone' } }];
    await does({ op: 'create', path: '/c', kind: 'container' });
    await does({ op: 'create', path: '/r', acl });

    expect(await client.exists('/c')).not.toBeNull();
    expect((await client.getAcl('/r')).acl).toEqual(acl);
  });

  test('uses one session for many, and lets it go when nothing follows', async () => {
    const { does, clock, sessions } = await stage();
    const paths = Array.from({ length: 20 }, (_, at) => `/n${at}`);
    await Promise.all(paths.map((path) => does({ op: 'create', path })));
    const busy = sessions();
    clock.advance(10_000);
    while (sessions() > 1) await new Promise((resolve) => setImmediate(resolve));

    expect(busy).toBe(2);
    expect(clock.timerCount).toBe(0);
  });

  test('has the rights of its own credentials, and of no other write', async () => {
    const { does, client, fault } = await stage();
    await client.addAuth('digest', 'ann:secret');
    const acl = [{ perms: Permission.all, id: { scheme: 'auth', id: '' } }];
    await client.create('/hers', null, { acl });
    const auth = { scheme: 'digest', credentials: 'ann:secret' };
    const data = Buffer.from('x');

    expect(await fault({ path: '/hers', data })).toMatch(/^403 the ACL does not permit/);
    expect(await fault({ path: '/hers', data, auth })).toBe('done');
    expect(await fault({ path: '/hers', data })).toMatch(/^403/);
    expect(await does({ path: '/hers', data, auth })).toHaveProperty('stat');
  });
});

describe('what was not done is told with its reason', () => {
  test('by the ensemble', async () => {
    const { client, fault } = await stage();
    await client.create('/a');
    await client.create('/a/b');
    await client.create('/e', null, { mode: 1 });
    const auth = { scheme: 'nonsense', credentials: 'x' };
    const large = Buffer.alloc(1_100_000);
    const acl = [{ perms: 31, id: { scheme: 'nonsense', id: 'x' } }];

    expect(await fault({ version: 7 })).toBe('409 /a is not at version 7 any more');
    expect(await fault({ path: '/none' })).toBe('404 /none does not exist');
    expect(await fault({ op: 'create' })).toBe('409 /a exists already');
    expect(await fault({ op: 'create', path: '/x/y' })).toBe(
      '404 the parent of /x/y does not exist',
    );
    expect(await fault({ op: 'delete' })).toBe('409 /a has children');
    expect(await fault({ op: 'create', path: '/e/x' })).toMatch(/^409 the parent is ephemeral/);
    expect(await fault({ auth })).toBe('403 the credentials were refused');
    expect(await fault({ op: 'create', path: '/i', acl })).toBe('400 the ACL is not valid');
    expect(await fault({ op: 'create', path: 'no path' })).toMatch(/^400 /);
    expect(await fault({ op: 'create', path: '/t', kind: 'ttl', ttlMs: 5 })).toMatch(/^501 /);
    expect(await fault({ data: large })).toMatch(/^400 /);
  });

  test('when no replica answers, and when none takes clients', async () => {
    const nobody = new FakeInspection();
    nobody.answer = () => {
      throw new Error('no answer');
    };
    const clock = new FakeClock();

    for (const inspection of [nobody, inspectionOf({ clientAddress: null })]) {
      const writer = new ClientWriter(inspection, clock);
      expect(await faultOf(writer, clock, {})).toBe(
        '503 no replica with a port for clients answers',
      );
      await writer.close();
    }
    expect(clock.timerCount).toBe(0);
  });

  test('when the replica goes away; the next write looks for another', async () => {
    const [first, second] = [await startReplica(), await startReplica()];
    const inspection = inspectionOf({ clientAddress: `127.0.0.1:${first.port}` });
    const clock = new FakeClock();
    const writer = new ClientWriter(inspection, clock);
    onTestFinished(async () => {
      await writer.close();
      await second.remove();
    });
    await written(writer, clock, { op: 'create' });
    await first.remove();
    inspection.answer = (sid) => statusOf(sid, { clientAddress: `127.0.0.1:${second.port}` });
    const outcomes: string[] = [];
    while (outcomes.at(-1) !== 'done' && outcomes.length < 3) {
      outcomes.push(await faultOf(writer, clock, { op: 'create', path: '/b' }));
    }

    // Whether the loss was seen before the write or by it.
    expect(outcomes.at(-1)).toBe('done');
    expect(outcomes.slice(0, -1).every((outcome) => outcome.startsWith('503 '))).toBe(true);
  });
});

describe('where clients reach a replica', () => {
  const addresses = (values: Partial<ReplicaStatus>, ownSid = 1) => {
    const inspection = inspectionOf(values);
    return clientAddresses(Object.assign(inspection, { sid: ownSid }), [1]);
  };
  const members = ['server.1=zoo1:2888:3888:participant;2181', 'server.2=[fe80::2]:2888:3888'];

  test('is what it says', async () => {
    expect(await addresses({ clientAddress: '10.0.0.1:2181' })).toEqual(['10.0.0.1:2181']);
    expect(await addresses({ clientAddress: '[fe80::1]:2181' })).toEqual(['[fe80::1]:2181']);
  });

  test('that listens everywhere is loopback for ours, else what the list has', async () => {
    const everywhere = { clientAddress: '0.0.0.0:2181', members };

    expect(await addresses(everywhere)).toEqual(['127.0.0.1:2181']);
    expect(await addresses(everywhere, 0)).toEqual(['zoo1:2181']);
    expect(await addresses({ ...everywhere, sid: 2 })).toEqual(['[fe80::2]:2181']);
    expect(await addresses({ clientAddress: '[::]:2181' })).toEqual(['127.0.0.1:2181']);
  });

  test('is nowhere while it takes no writes', async () => {
    const clientAddress = '10.0.0.1:2181';

    expect(await addresses({ clientAddress, mode: 'looking' })).toEqual([]);
    expect(await addresses({ clientAddress, mode: 'read-only' })).toEqual([]);
  });
});
