/**
 * A leader that does not know that another leads: it answers nothing that needs a quorum, and what
 * it has logged alone is cut when it comes back.
 */

import { expect, test } from 'vitest';
import { nobody, PendingRequest } from '../../actors/pending-request.ts';
import { getInt, JuteWriter } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { PacketKind } from '../../protocol/packet.ts';
import { openAcl } from '../../protocol/record.ts';
import { epochOf } from '../../protocol/zxid.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { childrenOf } from '../support/ensemble-load.ts';
import { RawClient } from '../support/raw-client.ts';

const create = (client: RawClient, path: string): number =>
  client.send(Opcode.create, { path, data: Buffer.from('x'), acl: openAcl, flags: 0 });
const sync = (client: RawClient): number => client.send(Opcode.sync, { path: '/' });
const xidOf = (frame: Buffer): number => getInt(frame, 0);
const errOf = (frame: Buffer): number => getInt(frame, 12);

async function anotherLeads(ensemble: TestEnsemble, than: number): Promise<number> {
  await ensemble.until(`another than ${than} leads`, () => {
    return ensemble.leader !== undefined && ensemble.leader.sid !== than;
  });
  return ensemble.leader!.sid;
}

test('a leader that is cut off answers neither a write nor a sync', async () => {
  const ensemble = await TestEnsemble.start();
  const old = ensemble.leader!.sid;
  const [writer, reader] = [
    await RawClient.session(ensemble.member(old).port),
    await RawClient.session(ensemble.member(old).port),
  ];
  ensemble.cut(old);
  create(writer, '/lost');
  sync(reader);

  const other = await anotherLeads(ensemble, old);
  const client = await ensemble.client(other);
  await client.create('/kept');
  await ensemble.until('it has noticed', () => ensemble.member(old).replica.mode !== 'leader');

  expect(await writer.poll(0)).toBe(null);
  expect(await reader.poll(0)).toBe(null);
});

test('what it has logged alone is cut, and asked anew while its client waits', async () => {
  const ensemble = await TestEnsemble.start();
  const old = ensemble.leader!.sid;
  const { replica, port } = ensemble.member(old);
  const client = await RawClient.session(port);
  await ensemble.agreement();
  const common = replica.history.lastZxid;
  ensemble.cut(old);
  for (let number = 1; number <= 3; number++) create(client, `/tail-${number}`);
  await ensemble.until('it is logged', () => replica.history.loggedZxid > common);
  await anotherLeads(ensemble, old);

  ensemble.heal(old);
  for (let number = 1; number <= 3; number++) {
    const frame = await client.next();
    if (frame === 'closed') throw new Error('the connection was closed');
    expect(errOf(frame)).toBe(0);
  }

  await ensemble.agreement();
  expect(replica.history.log.holds(common)).toBe(true);
  expect(replica.history.log.lastBatchEndAtOrBelow(common + 100)).toBe(common);
  expect(epochOf(replica.history.lastZxid)).toBeGreaterThan(epochOf(common));
  for (const member of ensemble.up) {
    const names = [...childrenOf(member.replica.state.tree, '/').keys()];
    expect(names).toEqual(['tail-1', 'tail-2', 'tail-3', 'zookeeper']);
  }
});

test('what it has logged alone is cut for good when it was killed meanwhile', async () => {
  const ensemble = await TestEnsemble.start();
  const old = ensemble.leader!.sid;
  const client = await RawClient.session(ensemble.member(old).port);
  await ensemble.agreement();
  const { history } = ensemble.member(old).replica;
  const common = history.lastZxid;
  ensemble.cut(old);
  create(client, '/tail');
  await ensemble.until('it is logged', () => history.loggedZxid > common);
  await ensemble.kill(old);
  const other = await ensemble.serving();
  await (await ensemble.client(other.sid)).create('/kept');

  await ensemble.startMember(old);
  await ensemble.agreement();

  for (const { replica } of ensemble.up) {
    expect([...childrenOf(replica.state.tree, '/').keys()]).toEqual(['kept', 'zookeeper']);
  }
});

test('a leader that was stopped for a while answers no sync from before', async () => {
  const ensemble = await TestEnsemble.start();
  const old = ensemble.leader!.sid;
  const client = await RawClient.session(ensemble.member(old).port);
  ensemble.pause(old);
  const other = await anotherLeads(ensemble, old);
  await (await ensemble.client(other)).create('/meanwhile');
  const synced = sync(client);
  const read = client.send(Opcode.exists, { path: '/meanwhile', watch: false });

  ensemble.resume(old);

  for (const xid of [synced, read]) {
    const frame = await client.next();
    if (frame === 'closed') throw new Error('the connection was closed');
    expect({ xid: xidOf(frame), err: errOf(frame) }).toEqual({ xid, err: 0 });
  }
});

test('a follower that was stopped for a while answers no sync from before', async () => {
  const ensemble = await TestEnsemble.start();
  const one = ensemble.followers[0]!;
  const client = await RawClient.session(one.port);
  ensemble.pause(one.sid);
  await (await ensemble.client(ensemble.leader!.sid)).create('/meanwhile');
  sync(client);
  client.send(Opcode.exists, { path: '/meanwhile', watch: false });

  ensemble.resume(one.sid);

  for (let reply = 0; reply < 2; reply++) {
    const frame = await client.next();
    if (frame === 'closed') throw new Error('the connection was closed');
    expect(errOf(frame)).toBe(0);
  }
});

test('who was elected and has lost those who followed does not stand in the way', async () => {
  const ensemble = await TestEnsemble.start();
  const old = ensemble.leader!.sid;
  const writer = await RawClient.session(ensemble.member(old).port);
  await ensemble.agreement();
  const { history } = ensemble.member(old).replica;
  const common = history.lastZxid;
  ensemble.cut(old);
  create(writer, '/tail');
  await ensemble.until('it is logged', () => history.loggedZxid > common);
  ensemble.loses = ({ kind }) => kind === PacketKind.promise;
  await ensemble.kill(old);
  const isJoining = (mode: string) => () =>
    ensemble.up.some(({ replica }) => replica.stateName === `member.${mode}.joining`);
  await ensemble.until('one is elected', isJoining('leading'));
  await ensemble.until('the other follows', isJoining('following'));
  const other = ensemble.up.find(({ replica }) => replica.mode === 'follower')!;
  await ensemble.until('its epoch is promised', () => {
    return other.replica.history.promises.acceptedEpoch > 1;
  });
  await ensemble.kill(other.sid);
  ensemble.loses = () => false;

  // It has the longer log, and follows nobody else.
  await ensemble.startMember(old);

  await ensemble.serving(4000);
  await ensemble.agreement();
});

test('what a leader has gathered when its term ends goes nowhere', async () => {
  const ensemble = await TestEnsemble.start();
  await ensemble.agreement();
  const { replica } = ensemble.leader!;
  const { lastZxid } = replica.history;

  const body = new JuteWriter(8).string('/').copy();
  replica.ensemble!.submit(PendingRequest.internal(nobody, Opcode.sync, body, 0));
  replica.ensemble!.leader!.resign('its turn has not ended');
  for (let turns = 3; turns > 0; turns--) await new Promise((done) => setImmediate(done));

  expect(replica.history.lastZxid).toBe(lastZxid);
  await ensemble.agreement();
});
