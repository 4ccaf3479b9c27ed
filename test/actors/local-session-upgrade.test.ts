/**
 * How a local session becomes a global one ahead of its first ephemeral, in whatever order a close,
 * an expiry or another leader comes between; and what the leader takes on trust.
 */

import { describe, expect, test } from 'vitest';
import { localSessionsPort } from '../../actors/local-sessions.ts';
import { SessionTracker } from '../../actors/session-tracker.ts';
import { settingsWith } from '../../actors/settings.ts';
import { noTap } from '../../actors/tap.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import { CreateMode } from '../../protocol/requests.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { FakePort } from '../support/fake-port.ts';
import { counts, ephemeralBody, opName, rig, tickMs } from '../support/local-rig.ts';
import { createBody, frameOf, multiBody } from '../support/pipeline.ts';

describe('an ephemeral', () => {
  const part = (op: typeof Opcode.create | typeof Opcode.create2, flags: number) => {
    return { op, body: { path: '/m', data: null, acl: openAcl, flags } };
  };
  const cases: [name: string, op: number, body: Buffer, upgrades: boolean][] = [
    ['create', Opcode.create, ephemeralBody, true],
    ['create, sequential', Opcode.create, createBody('/e', 3), true],
    ['create2', Opcode.create2, ephemeralBody, true],
    ['a multi', Opcode.multi, multiBody([part(Opcode.create, 0), part(Opcode.create2, 1)]), true],
    ['create of a plain znode', Opcode.create, createBody('/p', 2), false],
    ['a multi of plain ones', Opcode.multi, multiBody([part(Opcode.create, 2)]), false],
    ['createContainer', Opcode.createContainer, createBody('/c', 4), false],
    ['createTTL', Opcode.createTtl, Buffer.concat([createBody('/t', 5), Buffer.alloc(8)]), false],
    ['bytes that are no request', Opcode.create, Buffer.from([0, 0, 0, 9, 1]), false],
    ['bytes that are no multi', Opcode.multi, ephemeralBody, false],
    ['setData', Opcode.setData, ephemeralBody, false],
  ];
  for (const [name, op, body, upgrades] of cases) {
    test(`${name} makes its session ${upgrades ? 'global' : 'nothing else'}`, () => {
      const { write, asked, session } = rig();

      write(op, body);

      const itself = `${opName(op)} 1`;
      expect(asked()).toEqual(upgrades ? ['createSession 0', itself] : [itself]);
      expect(session.reach).toBe(upgrades ? 'proposed' : 'local');
    });
  }

  test('follows the createSession, once; id and timeout stay', () => {
    const made = rig({ timeoutMs: 12_000 });
    const { write, apply, submitted, session, state, port } = made;
    write();
    write(Opcode.create, ephemeralBody);
    write(Opcode.create, createBody('/e2', CreateMode.ephemeral));
    expect(submitted.map(({ op }) => op)).toEqual([Opcode.create, Opcode.createSession, 1, 1]);
    expect(new JuteReader(submitted[1]!.buffer).int()).toBe(12_000);

    while (submitted.length > 0) apply();

    expect(state.sessions.timeoutMs(session.id)).toBe(12_000);
    expect([session.reach, session.stateName]).toEqual(['global', 'idle']);
    expect(counts(made)).toEqual({ local: 0, global: 1, known: 1 });
    expect([made.sessions.expiry.size, made.sessions.local.expiry.size]).toEqual([1, 0]);
    expect(port.seen, 'it is granted once').toEqual([
      ...['granted', 'reply 1 zxid 1 err 0', 'reply 2 zxid 3 err 0', 'reply 3 zxid 4 err 0'],
    ]);
    expect(made.sessions.isAlive(session.id)).toBe(true);
  });

  test('is left to the leader to refuse where sessions stay local', () => {
    const { write, asked, session } = rig({ mayUpgrade: false });

    write(Opcode.create, ephemeralBody);

    expect([asked(), session.reach]).toEqual([['create 1'], 'local']);
  });

  test('goes with its session when that is closed right behind it (ZOOKEEPER-3471)', () => {
    const { write, close, apply, asked, submitted, pipeline, port, sessions } = rig();
    write(Opcode.create, ephemeralBody);
    close();
    expect(asked()).toEqual(['createSession 0', 'create 1', 'closeSession 2']);

    while (submitted.length > 0) apply();

    expect(pipeline.stat('/e')).toBeNull();
    expect([sessions.size, sessions.local.size, sessions.expiry.size]).toEqual([0, 0, 0]);
    expect(port.seen.at(-1)).toBe('session.closed');
  });

  test('goes with its session when that falls silent right behind it', () => {
    const { write, apply, asked, submitted, clock, sessions, session } = rig();
    const local = new SessionTracker(sessions.local, clock, { tickMs, stallTicks: 8 }, noTap);
    const global = new SessionTracker(sessions, clock, { tickMs, stallTicks: 8 }, noTap);
    for (const tracker of [local, global]) tracker.start();
    write(Opcode.create, ephemeralBody);
    clock.advance(60_000);
    expect(asked(), 'nobody decides while it is neither').toEqual(['createSession 0', 'create 1']);
    while (submitted.length > 0) apply();

    clock.advance(10_000 + tickMs);

    expect([asked(), session.stateName]).toEqual([['closeSession 0'], 'closing']);
  });

  test('is refused to a session that is ending: it is not made global any more', () => {
    const { write, close, asked, session } = rig();
    write();
    close();
    write(Opcode.create, ephemeralBody);

    expect([asked(), session.reach]).toEqual([['create 1'], 'local']);
  });
});

describe('a new leader', () => {
  test('is asked for the unfinished writes of a local session, and not for its close', () => {
    const { sessions, submitted, write, close, apply, asked, port } = rig();
    write();
    close();
    submitted.length = 0;

    sessions.resubmit([]);
    expect(asked()).toEqual(['create 1']);
    apply();

    expect(port.seen.at(-1)).toBe('session.closed');
  });

  test('is not asked for what no client waits for any more: a session that ends is over', () => {
    const { sessions, submitted, write, session, port, asked } = rig();
    write();
    session.receiveClose(null);
    submitted.length = 0;
    port.isOpen = false;

    sessions.resubmit([]);

    expect([asked(), session.stateName, sessions.size]).toEqual([[], 'closed', 0]);
  });

  test('is asked for a createSession that got lost, ahead of what it is for', () => {
    const { sessions, submitted, write, close, asked, pipeline } = rig();
    write();
    write(Opcode.create, ephemeralBody);
    close();
    const plain = submitted[0]!;
    submitted.length = 0;
    const body = plain.buffer.subarray(plain.start, plain.end);
    const known = frameOf([pipeline.prepare(plain.op, body, plain)]);

    sessions.resubmit([known]);

    expect(asked()).toEqual(['createSession 0', 'create 2', 'closeSession 3']);
  });

  test('is not asked for a createSession that it knows', () => {
    const { sessions, submitted, write, asked, pipeline } = rig();
    write(Opcode.create, ephemeralBody);
    const creation = submitted[0]!;
    submitted.length = 0;
    const body = creation.buffer.subarray(creation.start, creation.end);
    const known = frameOf([pipeline.prepare(creation.op, body, creation)]);

    sessions.resubmit([known]);

    expect(asked()).toEqual(['create 1']);
  });
});

describe('while its session becomes global', () => {
  test('a client that comes back waits until it is', () => {
    const { sessions, session, write, apply } = rig();
    const seen: string[] = [];
    write(Opcode.create, ephemeralBody);
    sessions.whenCreated(session.id, () => void seen.push('created'));
    expect(seen).toEqual([]);

    apply();

    expect(seen).toEqual(['created']);
    expect(sessions.resume(session.id, 4000, new FakePort())).toBe(session);
  });
});

describe('the leader', () => {
  const own = '0100000000000001';
  const foreign = '0200000000000001';

  test('trusts others about their local sessions, and itself about its own', () => {
    const servers = [1, 2, 3].map((sid) => parseServerSpec(sid, `127.0.0.1:2888:3888`));
    const settings = { dataDir: 'none', sid: 1, servers, localSessionsEnabled: true };
    const { sessions, session } = rig();
    const find = (id: string) => sessions.get(id);
    const mayExist = (changes: object, id: string) =>
      localSessionsPort(settingsWith({ ...settings, ...changes }), find).mayExist(id);

    expect([foreign, session.id, own].map((id) => mayExist({}, id))).toEqual([true, true, false]);
    for (const changes of [{ localSessionsEnabled: false }, { servers: [] }]) {
      expect(mayExist(changes, foreign)).toBe(false);
    }
  });
});
