/**
 * The client program's part on sessions and on bytes that are wrong: handshakes of all kinds, the
 * ends of sessions, requests that cannot be decoded, frames that cannot be.
 */

import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteWriter } from '../../protocol/jute.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';
import { framed } from '../support/raw-client.ts';
import { look, znode } from './program-znodes.ts';
import type { Script, ScriptClient } from './script.ts';

const record = (write: (writer: JuteWriter) => unknown): Buffer => {
  const writer = new JuteWriter();
  write(writer);
  return writer.copy();
};

export async function sessions(script: Script, a: ScriptClient): Promise<void> {
  const timeouts = [-1, 0, 1, 4000, 9000, 40_000, 2 ** 31 - 1];
  for (const timeOut of timeouts) await script.client(`timeout ${timeOut}`, { timeOut });
  for (const passwd of [null, Buffer.alloc(0), Buffer.alloc(5), Buffer.alloc(100)]) {
    await script.client(`password of ${passwd?.length ?? 'null'}`, { passwd });
  }
  await script.client('read-only will do', { readOnly: true });
  await script.client('protocol version 7', { protocolVersion: 7 });
  await shortHandshake(script);
  await attach(script, a);
  const ahead = await script.connection('from the future');
  await ahead.connect('a zxid that is ahead', { lastZxidSeen: 2 ** 50 });
  const stranger = await script.connection('stranger');
  await stranger.connect('a session that never was', { sessionId: '00000000000000aa' });
  await stranger.isClosed('and the connection ends');
}

async function shortHandshake(script: Script): Promise<void> {
  const client = await script.connection('old client');
  const hello = record((writer) => {
    writer.int(0).long(0).int(8000).long(0).bytes(Buffer.alloc(16));
  });
  client.raw.sendFrame(hello);
  const answer = await client.raw.next();
  const length = answer === 'closed' ? answer : answer.length;
  script.add({ step: 'no readOnly byte', client: 'old client', op: 'connect', got: [length] });
}

async function attach(script: Script, a: ScriptClient): Promise<void> {
  const first = await script.client('e', { timeOut: 20_000 });
  const { sessionId, passwd } = first.raw;
  await first.ask('an ephemeral', Opcode.create, znode('/session-e', 'x', CreateMode.ephemeral));
  await first.ask('a watch', Opcode.exists, look('/session-e', true));
  first.raw.drop();
  const wrong = await script.connection('e, wrong password');
  await wrong.connect('refused', { sessionId, passwd: Buffer.alloc(16, 1) });
  await wrong.isClosed('and closed');
  const again = await script.connection('e again');
  await again.connect('taken up', { sessionId, passwd, timeOut: 10_000 });
  await again.ask('its ephemeral lives', Opcode.exists, look('/session-e'));
  await again.ask('it is its own', Opcode.getEphemerals, { prefixPath: '/session' });
  await a.ask('somebody changes it', Opcode.setData, {
    ...{ path: '/session-e', version: -1 },
    data: Buffer.from('y'),
  });
  await again.ping('the watch went with its connection');
  const third = await script.connection('e a third time');
  await third.connect('taken over', { sessionId, passwd, timeOut: 10_000 });
  await again.isClosed('the older connection ends');
  await third.pipeline('close behind a create', (raw) => {
    raw.send(Opcode.create, znode('/session-e2', 'x', CreateMode.ephemeral));
    raw.sendRaw(Opcode.closeSession);
    return [Opcode.create, Opcode.closeSession];
  });
  await third.isClosed('the connection ends');
  await a.ask('the first is gone', Opcode.exists, look('/session-e'));
  await a.ask('the second is gone', Opcode.exists, look('/session-e2'));
  const late = await script.connection('e too late');
  await late.connect('a closed session', { sessionId, passwd });
  await late.isClosed('stays closed');
}

export async function faults(script: Script, a: ScriptClient): Promise<void> {
  await undecodable(a);
  await xids(a);
  for (const op of [0, 99, -1, 10, 108, Opcode.createContainer + 1000]) {
    const client = await script.client(`operation ${op}`);
    await client.askRaw(`unknown operation ${op}`, op, undefined, { isLast: true });
  }
  const noHeader = await script.client('no header');
  await noHeader.sendsNonsense('a frame without a header', framed(Buffer.alloc(3)));
  const empty = await script.client('empty');
  await empty.sendsNonsense('an empty frame', framed(Buffer.alloc(0)));
  for (const length of [-1, 0x7fffffff, 1_048_576 + 1024]) {
    const client = await script.client(`length ${length}`);
    await client.sendsNonsense(
      `a frame of length ${length}`,
      record((w) => w.int(length)),
    );
    const greeting = await script.connection(`first length ${length}`);
    await greeting.sendsNonsense(
      `a first frame of length ${length}`,
      record((w) => w.int(length)),
    );
  }
  const tiny = await script.connection('tiny');
  await tiny.sendsNonsense('a handshake too short', framed(Buffer.alloc(20)));
  await a.ping('the server is well');
}

async function undecodable(a: ScriptClient): Promise<void> {
  const path = record((writer) => writer.string('/a'));
  const bodies: [name: string, op: number, body: Buffer][] = [
    ['create, nothing', Opcode.create, Buffer.alloc(0)],
    ['create, half', Opcode.create, path],
    ['create, null path', Opcode.create, record((w) => w.int(-1).int(-1).int(0).int(0))],
    ['delete, half', Opcode.delete, path],
    ['setData, half', Opcode.setData, path],
    ['getData, nothing', Opcode.getData, Buffer.alloc(0)],
    ['getData, half', Opcode.getData, path],
    ['getData, length past the end', Opcode.getData, record((w) => w.int(100).int(0))],
    ['getData, length -2', Opcode.getData, record((w) => w.int(-2).int(0))],
    ['getData, huge length', Opcode.getData, record((w) => w.int(0x7fffffff).int(0))],
    ['exists, null path', Opcode.exists, record((w) => w.int(-1).boolean(false))],
    ['getData, null path', Opcode.getData, record((w) => w.int(-1).boolean(false))],
    ['getChildren, null path', Opcode.getChildren, record((w) => w.int(-1).boolean(false))],
    ['getAcl, null path', Opcode.getAcl, record((w) => w.int(-1))],
    ['delete, null path', Opcode.delete, record((w) => w.int(-1).int(-1))],
    ['setData, null path', Opcode.setData, record((w) => w.int(-1).int(-1).int(-1))],
    ['sync, null path', Opcode.sync, record((w) => w.int(-1))],
    ['setAcl, half', Opcode.setAcl, path],
    ['multi, no end', Opcode.multi, record((w) => w.int(13).boolean(false).int(-1))],
    ['multi, nothing', Opcode.multi, Buffer.alloc(0)],
    [
      'multi of exists',
      Opcode.multi,
      record((w) => w.int(3).boolean(false).int(-1).raw(path, 0, 6)),
    ],
    ['setWatches, null lists', Opcode.setWatches, record((w) => w.long(0).int(-1).int(-1).int(-1))],
    ['setWatches, half', Opcode.setWatches, record((w) => w.long(0))],
    ['addWatch, half', Opcode.addWatch, path],
    ['removeWatches, half', Opcode.removeWatches, path],
    ['create, bytes behind', Opcode.delete, record((w) => w.string('/none').int(0).long(7))],
  ];
  for (const [name, op, body] of bodies) await a.askRaw(name, op, body);
}

/** Any xid is echoed; only a ping has its own. */
async function xids(a: ScriptClient): Promise<void> {
  for (const xid of [0, -5, -1000, 2 ** 31 - 1, 5, 5]) {
    await a.ask(`xid ${xid}`, Opcode.exists, look('/a'), { xid });
  }
  await a.askRaw('a ping with another xid', Opcode.ping, undefined, { xid: 77 });
  await a.askRaw('a ping with bytes behind', Opcode.ping, Buffer.alloc(9), { xid: Xid.ping });
}

/** Programs for servers that are set up otherwise. */
export async function withoutIdentity(script: Script): Promise<void> {
  const a = await script.client('a');
  await a.ask('an identity', Opcode.auth, {
    ...{ type: 0, scheme: 'digest', auth: Buffer.from('bob:secret') },
  });
  await a.ask('welcome', Opcode.exists, look('/'));
  const b = await script.client('b');
  await b.ask(`refused (${ErrorCode.sessionClosedRequireSaslAuth})`, Opcode.exists, look('/'), {
    isLast: true,
  });
}

export async function reconfigured(script: Script): Promise<void> {
  const a = await script.client('a');
  const nothing = { joiningServers: null, leavingServers: null, newMembers: null };
  await a.ask('reconfig alone', Opcode.reconfig, { ...nothing, curConfigId: -1 });
  await a.ask('with a server', Opcode.reconfig, {
    ...{ ...nothing, curConfigId: 5 },
    joiningServers: 'server.2=localhost:1:2;3',
  });
  await a.ask('TTL is switched off', Opcode.createTtl, { ...znode('/t', 'x', 5), ttl: 1000 });
  await a.ask('also by create', Opcode.create, znode('/t', 'x', 5));
  await a.ask('any session', Opcode.getEphemerals, { prefixPath: noSession });
}
