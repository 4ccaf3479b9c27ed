/**
 * Reconfig on the leader of an ensemble: each check in its order and each answer as Apache
 * ZooKeeper 3.8.0 gave it, and what follows from a txn.
 */

import { describe, expect, test } from 'vitest';
import { ErrorCode as E } from '../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { formatMembership, type Membership, parseMembership } from '../../protocol/membership.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { configPath } from '../../protocol/path.ts';
import { readReply } from '../../protocol/replies.ts';
import { makeZxid } from '../../protocol/zxid.ts';
import { silentListener } from '../../storage/apply.ts';
import type { PrepareRules, ReconfigPort } from '../../storage/prepare-context.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';
import { bodyOf, Pipeline, type PipelineOptions, setDataBody } from '../support/pipeline.ts';

const version = 0x100000007;
const member = (sid: number, role = 'participant'): string =>
  `server.${sid}=127.0.0.1:${2800 + sid}:${3800 + sid}:${role};127.0.0.1:${2100 + sid}`;
const far = (sid: number, host = `10.0.0.${sid}`): string =>
  `server.${sid}=${host}:2888:3888:observer;0.0.0.0:2181`;
const three = [member(1), member(2), member(3)];
const hierarchical = [...three, 'group.1=1:2', 'group.2=3'];
const boss = { caller: { ids: [{ scheme: 'super', id: '' }], isSuper: true } };

interface Change {
  joining?: string | null;
  leaving?: string | null;
  members?: string | null;
  from?: number;
}

const bodyFor = ({ joining, leaving, members, from }: Change): Buffer =>
  bodyOf(Opcode.reconfig, {
    joiningServers: joining ?? null,
    leavingServers: leaving ?? null,
    newMembers: members ?? null,
    curConfigId: from ?? -1,
  });

interface Bench {
  readonly lines?: readonly string[];
  readonly port?: Partial<ReconfigPort>;
  readonly rules?: Partial<PrepareRules>;
  readonly options?: PipelineOptions;
}

/** A leader of `lines` at `version`, whose followers are all in step. */
function leader({ lines = three, port, rules, options }: Bench = {}): Pipeline {
  const current = parseMembership([...lines, `version=${version.toString(16)}`].join('\n'));
  return new Pipeline({
    rules: { reconfigEnabled: true, ...rules },
    reconfig: {
      ...{ current, isPending: false, isQuorumSynced: () => true, proposed: () => {} },
      ...port,
    },
    ...options,
  });
}

/** The error, or the lines of the new config but for the version. */
function outcome(change: Change, bench: Bench = {}): number | string[] {
  const pipeline = leader(bench);
  const { zxid, error } = pipeline.prepare(Opcode.reconfig, bodyFor(change), boss);
  pipeline.applyAll();
  if (error !== 0) return error;
  const lines = pipeline.data(configPath)!.split('\n');
  expect(lines.pop()).toBe(`version=${zxid.toString(16)}`);
  return lines;
}

test('each check comes before all later ones', () => {
  const faults = {
    from: 5,
    joining: 'garbage',
    body: bodyFor({ joining: 'garbage', from: 5 }),
    session: '0300000000000099',
  };
  const lame = { current: null, isPending: true, isQuorumSynced: () => false };
  const error = (bench: Bench, body: Buffer, session?: string, caller = {}): number =>
    leader(bench).prepare(Opcode.reconfig, body, { ...(session ? { session } : {}), ...caller })
      .error;
  const off = { rules: { reconfigEnabled: false }, port: lame };
  const { body, session } = faults;

  expect(error(off, body.subarray(0, -1), session)).toBe(E.marshallingError);
  expect(error(off, body, session)).toBe(E.reconfigDisabled);
  expect(error({ port: lame }, body, session)).toBe(E.sessionExpired);
  expect(error({ port: lame }, body)).toBe(E.unimplemented);
  const { current: _, ...pending } = lame;
  expect(error({ port: pending }, body)).toBe(E.reconfigInProgress);
  const alone = { port: { isQuorumSynced: () => false } };
  expect(error(alone, body)).toBe(E.badVersion);
  expect(error(alone, bodyFor({ joining: 'garbage' }))).toBe(E.badArguments);
  expect(error(alone, bodyFor({ leaving: '2,3' }))).toBe(E.badArguments);
  expect(error(alone, bodyFor({ leaving: '3' }))).toBe(E.newConfigNoQuorum);
  expect(error({}, bodyFor({ leaving: '3' }))).toBe(E.noAuth);
  expect(error({}, bodyFor({ leaving: '3' }), undefined, boss)).toBe(0);
});

test('it may be tied to the version of the present members', () => {
  expect(outcome({ from: version })).toEqual(three);
  expect(outcome({ from: -1 })).toEqual(three);
  expect(outcome({ from: version - 1 })).toBe(E.badVersion);
  expect(outcome({ from: 0 })).toBe(E.badVersion);
  expect(outcome({ from: -2 })).toBe(E.badVersion);
});

describe('changes to the present members', () => {
  const [nine, eight] = [far(9), far(8)];
  const cases: [name: string, change: Change, result: number | string[]][] = [
    ['none', {}, three],
    ['empty ones', { joining: '', leaving: '' }, three],
    ['empty ones, members too', { joining: '', leaving: '3', members: '' }, three.slice(0, 2)],
    ['a joiner', { joining: nine }, [...three, nine]],
    ['two, with spaces', { joining: ` ${nine} , ${eight} ,` }, [...three, eight, nine]],
    ['a space around =', { joining: nine.replace('=', ' = ') }, [...three, nine]],
    ['a role in capitals', { joining: nine.replace('observer', 'OBSERVER') }, [...three, nine]],
    ['an id alone', { joining: nine.replace('server.', '') }, [...three, nine]],
    ['the same id twice', { joining: `${far(9, 'h')},${nine}` }, [...three, nine]],
    ['one that leaves and joins', { joining: member(3), leaving: '3' }, three],
    ['one with a new role', { joining: member(3, 'observer') }, [...three.slice(0, 2), far3()]],
    ['an address that every host has', { joining: clash(9, 'localhost') }, [...three, clash9()]],
    ['one that leaves', { leaving: ' 3 ' }, three.slice(0, 2)],
    ['one that is not there', { leaving: '77,,+8,-5,0' }, three],
    ['too many that leave', { leaving: '2,3' }, E.badArguments],
    ['all that leave', { leaving: '1,2,3' }, E.badArguments],
    ['a leaver that is no number', { leaving: '3,x' }, E.marshallingError],
    ['a leaver, then a joiner that is none', { leaving: 'x', joining: 'y' }, E.marshallingError],
    ['a joiner without =', { joining: 'garbage' }, E.badArguments],
    ['a joiner with two =', { joining: `${nine}=3` }, E.badArguments],
    ['a joiner without id', { joining: 'garbage=10.0.0.9:1:2;3' }, E.marshallingError],
    ['a joiner without client port', { joining: 'server.9=h:1:2' }, E.badArguments],
    ['a joiner with one port', { joining: 'server.9=h:1;3' }, E.badArguments],
    ['a joiner with equal ports', { joining: 'server.9=h:1:1;3' }, E.badArguments],
    ['a joiner with id 2^31', { joining: far(2 ** 31) }, E.badArguments],
    ['more joiners than ids', { joining: new Array(256).fill(nine).join() }, E.badArguments],
    ['joiners with one address', { joining: `${nine},${far(8, '10.0.0.9')}` }, E.badArguments],
  ];
  for (const [name, change, result] of cases) {
    test(name, () => {
      expect(outcome(change)).toEqual(result);
    });
  }

  function far3(): string {
    return member(3, 'observer');
  }
  function clash(sid: number, host: string): string {
    return `server.${sid}=${host}:2801:3801:observer;0.0.0.0:2101`;
  }
  function clash9(): string {
    return clash(9, 'localhost');
  }
});

test('a joiner may have one address for two uses, and a secure client port alone', () => {
  const own = 'server.9=10.0.0.9:2888:3888:observer;10.0.0.9:2888';
  const secure = 'server.9=10.0.0.9:2888:3888:observer;;0.0.0.0:2281';

  expect(outcome({ joining: own })).toEqual([...three, own]);
  expect(outcome({ joining: secure })).toEqual([...three, secure]);
});

describe('a whole new list', () => {
  const whole = (...lines: string[]): Change => ({ members: lines.join(',') });
  const [nine, eight] = [far(9), far(8)];
  const cases: [name: string, change: Change, result: number | string[]][] = [
    ['in commas', whole(member(3), member(1)), [member(1), member(3)]],
    ['in lines', { members: ['# new', ...three].join('\n') }, three],
    ['beside changes that are not looked at', { ...whole(...three), joining: 'garbage' }, three],
    ['with a version that does not count', whole(...three, 'version=77'), three],
    ['without client ports', whole('server.2=a:1:2', member(1)), [member(1), plain()]],
    ['with one address twice', whole(...three, nine, far(8, '10.0.0.9')), withTwins()],
    ['with a line twice', whole(...three, nine, member(9, 'observer')), withNine()],
    ['empty', { members: '' }, E.badArguments],
    ['of one', whole(member(1)), E.badArguments],
    ['of one and an observer', whole(member(1), nine), E.marshallingError],
    ['of observers', whole(nine, eight), E.marshallingError],
    ['with a bad line', whole(...three, 'server.4=h:1'), E.badArguments],
    ['with another key', whole(...three, 'clientPort=2181'), E.badArguments],
    ['with an id that is none', whole(...three, 'server.x=h:1:2'), E.marshallingError],
    ['with a version that is none', whole(...three, 'version=zz'), E.marshallingError],
  ];
  for (const [name, change, result] of cases) {
    test(name, () => {
      expect(outcome(change)).toEqual(result);
    });
  }

  function plain(): string {
    return 'server.2=a:1:2:participant';
  }
  function withTwins(): string[] {
    return [...three, far(8, '10.0.0.9'), nine];
  }
  function withNine(): string[] {
    return [...three, member(9, 'observer')];
  }
});

test('one voter is enough where none may run without an ensemble', () => {
  const rules = { standaloneEnabled: false };

  expect(outcome({ leaving: '2,3' }, { rules })).toEqual([member(1)]);
  expect(outcome({ members: [member(1), far(9)].join() }, { rules })).toEqual([member(1), far(9)]);
  expect(outcome({ leaving: '1,2,3' }, { rules })).toBe(E.badArguments);
  expect(outcome({ members: '' }, { rules })).toBe(E.marshallingError);
});

test('groups come and go by a whole list only', () => {
  const weights = ['weight.1=1', 'weight.2=1', 'weight.3=1'];
  const lines = hierarchical;

  expect(outcome({ members: hierarchical.join() })).toEqual([...hierarchical, ...weights]);
  expect(outcome({ members: three.join() }, { lines })).toEqual(three);
  for (const change of [{}, { leaving: 'x' }, { joining: 'garbage' }]) {
    expect(outcome(change, { lines })).toBe(E.badArguments);
  }
});

test('the port is asked about the members as they would be', () => {
  const asked: Membership[] = [];
  const port = {
    isQuorumSynced: (next: Membership) => {
      asked.push(next);
      return true;
    },
  };
  const pipeline = leader({ port });
  const { zxid } = pipeline.prepare(Opcode.reconfig, bodyFor({ leaving: '3' }), boss);
  pipeline.applyAll();

  expect(asked.map(({ servers }) => servers.map(({ sid }) => sid))).toEqual([[1, 2]]);
  expect(asked[0]!.version).toBe(zxid);
  expect(formatMembership(asked[0]!)).toBe(pipeline.data(configPath));
});

test('it sets the config znode, fires its watches, and answers text and Stat', () => {
  const fired: string[] = [];
  const listener = {
    ...silentListener,
    dataChanged: (bytes: Buffer, start: number, end: number) =>
      fired.push(bytes.toString('utf8', start, end)),
  };
  const pipeline = leader({ options: { listener } });
  pipeline.run(Opcode.setData, setDataBody(configPath, 'overwritten'), boss);
  expect(pipeline.stat(configPath)!.version).not.toBe(-1);

  const { zxid, err, body } = pipeline.run(Opcode.reconfig, bodyFor({ leaving: '3' }), boss);

  const reader = new JuteReader(body);
  const { data, stat } = readReply(Opcode.reconfig, reader);
  expect(err).toBe(0);
  expect(reader.position).toBe(body.length);
  expect(data!.toString()).toBe(`${member(1)}\n${member(2)}\nversion=${zxid.toString(16)}`);
  expect(data!.toString()).toBe(pipeline.data(configPath));
  expect(stat).toEqual(pipeline.stat(configPath));
  expect(stat).toMatchObject({ version: -1, mzxid: zxid, dataLength: data!.length, czxid: 0 });
  expect(fired).toEqual([configPath, configPath]);
});

describe('a second one', () => {
  const body = bodyFor({ leaving: '3' });

  test('waits until the first is applied, proposed or not', () => {
    const pipeline = leader();
    const again = (): number => pipeline.prepare(Opcode.reconfig, body, boss).error;

    expect([again(), again(), again()]).toEqual([0, E.reconfigInProgress, E.reconfigInProgress]);
    pipeline.applyNext();
    expect(again()).toBe(0);
  });

  test('is not kept off by one that was refused', () => {
    const pipeline = leader();

    expect(pipeline.prepare(Opcode.reconfig, body).error).toBe(E.noAuth);
    expect(pipeline.prepare(Opcode.reconfig, body, boss).error).toBe(0);
  });

  test('is not kept off by one that an earlier term left behind', () => {
    const pipeline = leader();
    const { preparer } = pipeline;
    const request = (start: number) => ({
      ...{ op: Opcode.reconfig, session: '01000000000000aa', sessionHigh: 0x01000000 },
      ...{ sessionLow: 0xaa, cxid: 1, origin: 0, time: start, ...boss },
      ...{ buffer: body, start: 0, end: body.length },
    });
    const prepare = (zxid: number): number => preparer.prepare(request(1), zxid, new JuteWriter());

    expect(prepare(makeZxid(1, 9))).toBe(0);
    expect(prepare(makeZxid(1, 10))).toBe(E.reconfigInProgress);
    preparer.outstanding.clear();
    expect(prepare(makeZxid(2, 1))).toBe(0);
  });
});

describe('the members that an ensemble starts with', () => {
  const start = [...three, 'version=0'].join('\n');
  const body = new JuteWriter().string(start).copy();

  test('are fixed by a txn of the leader, whatever is allowed', () => {
    const pipeline = leader({ port: { current: null }, rules: { reconfigEnabled: false } });

    const {
      zxid,
      err,
      body: reply,
    } = pipeline.run(Opcode.setMembership, body, {
      session: '0000000000000000',
    });

    expect(err).toBe(0);
    expect(reply.length).toBe(68);
    expect(pipeline.data(configPath)).toBe(start);
    expect(pipeline.stat(configPath)).toMatchObject({ version: -1, mzxid: zxid });
    expect(formatMembership(parseMembership(pipeline.data(configPath)!))).toBe(start);
  });

  test('are the same after a replay', () => {
    const pipeline = leader();
    pipeline.run(Opcode.setMembership, body);
    pipeline.run(Opcode.reconfig, bodyFor({ joining: far(9) }), boss);
    const replica = new Pipeline({ state: ReplicatedState.initial(), sessions: [] });
    replica.txns.push(...pipeline.txns);
    replica.applyAll();

    expect(replica.data(configPath)).toBe(pipeline.data(configPath));
    expect(replica.stat(configPath)).toEqual(pipeline.stat(configPath));
    expect(replica.state.tree.digest.value).toBe(pipeline.state.tree.digest.value);
  });
});
