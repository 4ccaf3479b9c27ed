/**
 * The members: the config znode once it says more than the files, and who makes a quorum of them.
 */

import { describe, expect, test } from 'vitest';
import { Members, quorumOf } from '../../actors/members.ts';
import { settingsWith } from '../../actors/settings.ts';
import { isQuorum, mayLead } from '../../machines/quorum.ts';
import { formatMembership, parseMembership } from '../../protocol/membership.ts';
import { configPath } from '../../protocol/path.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { ReplicatedState } from '../../storage/replicated-state.ts';

const line = (sid: number, type = 'participant') => `server.${sid}=h${sid}:2888:3888:${type}`;
const text = (lines: readonly string[], version: number) =>
  [...lines, `version=${version.toString(16)}`].join('\n');

function rig(configured: readonly string[], configVersion = 0) {
  const state = ReplicatedState.initial();
  const { servers, groups, weights } = parseMembership(configured.join('\n'));
  const numbers = <T>(map: { readonly [key: string]: T }) =>
    new Map(Object.entries(map).map(([key, value]) => [Number(key), value]));
  const settings = settingsWith({
    ...{ dataDir: 'none', sid: 1, servers, configVersion },
    ...{ groups: numbers(groups), weights: numbers(weights) },
  });
  const members = new Members(state, settings);
  /** What a txn has put into the config znode. */
  const agree = (agreed: string) => {
    const bytes = Buffer.from(agreed);
    state.tree.replaceData(state.tree.findPath(configPath), bytes, 0, bytes.length);
    members.refresh();
  };
  return { state, settings, members, agree };
}

const sids = (members: Members) => members.current.servers.map(({ sid }) => sid);
const three = [line(1), line(2), line(3)];

describe('members', () => {
  test('are those of the files while nobody has agreed on others', () => {
    const { members } = rig([...three, line(4, 'observer')]);

    expect([sids(members), members.agreedText]).toEqual([[1, 2, 3, 4], '']);
    expect([1, 4, 5].map((sid) => members.isVoter(sid))).toEqual([true, false, false]);
    expect(members.text).toBe(formatMembership(members.current));
  });

  test('are those of the files while the znode only repeats the first ones', () => {
    const { members, agree } = rig(three);

    agree(text([line(1), line(2)], 0));

    expect(sids(members)).toEqual([1, 2, 3]);
    expect(members.agreedText).not.toBe('');
  });

  test('are those of the znode once a reconfig has put them there', () => {
    const { members, agree } = rig(three);

    agree(text([line(1), line(2), line(5), line(3, 'observer')], 0x1_0000_0002));

    expect([sids(members), members.current.version]).toEqual([[1, 2, 3, 5], 2 ** 32 + 2]);
    expect([3, 5].map((sid) => members.isVoter(sid))).toEqual([false, true]);
  });

  test('are those of the files where these are newer than the znode', () => {
    const { members, agree } = rig(three, 0x200);

    agree(text([line(1)], 0x100));
    expect(sids(members)).toEqual([1, 2, 3]);
    agree(text([line(1)], 0x300));
    expect(sids(members)).toEqual([1]);
  });

  test('stay who they were when the znode cannot be read', () => {
    const { members, agree } = rig(three);
    agree(text([line(1), line(2)], 0x100));

    agree('nonsense');

    expect(sids(members)).toEqual([1, 2]);
  });

  test('are told apart by a sum over all that is said of them', () => {
    const { members } = rig(three);
    const sums = [
      rig([line(3), line(1), line(2)]).members.sum,
      rig([line(1), line(2)]).members.sum,
      rig([line(1), line(2), line(3, 'observer')]).members.sum,
      rig([line(1), line(2), 'server.3=elsewhere:2888:3888:participant']).members.sum,
    ];

    expect(sums.map((sum) => sum === members.sum)).toEqual([true, false, false, false]);
    expect(sums.every((sum) => sum === (sum | 0))).toBe(true);
  });
});

describe('who has to agree', () => {
  const has =
    (...some: number[]) =>
    (sid: number) =>
      some.includes(sid);

  test('is a majority of the voters, whoever observes', () => {
    const { members } = rig([...three, line(4, 'observer'), line(5, 'observer')]);

    expect(isQuorum(members.quorum, has(1, 2))).toBe(true);
    expect(isQuorum(members.quorum, has(1, 4, 5))).toBe(false);
    expect([1, 4].map((sid) => mayLead(members.quorum, sid))).toEqual([true, false]);
  });

  test('is a majority of weight in a majority of groups', () => {
    const { members } = rig([
      ...[1, 2, 3, 4, 5].map((sid) => line(sid)),
      ...['group.1=1:2:3', 'group.2=4', 'group.3=5'],
      ...['weight.1=1', 'weight.2=1', 'weight.3=3', 'weight.4=1', 'weight.5=0'],
    ]);

    expect(isQuorum(members.quorum, has(3, 4)), 'group 3 has no weight').toBe(true);
    expect(isQuorum(members.quorum, has(1, 2, 4, 5))).toBe(false);
    expect(isQuorum(members.quorum, has(1, 2, 3, 5))).toBe(false);
    expect(mayLead(members.quorum, 5)).toBe(false);
  });

  test('of a group are only those who vote', () => {
    const config = quorumOf(
      parseMembership(
        [line(1), line(2, 'observer'), line(3), 'group.1=1:2:3', 'weight.2=1'].join('\n'),
      ),
    );

    expect(config).toEqual({ groups: [{ 1: 1, 3: 1 }] });
  });

  test('are old and new members while a reconfig is proposed, then the new ones', () => {
    const { members, agree } = rig(three);
    const next = text([line(3), line(4), line(5)], 0x100);
    members.pending = parseMembership(next);

    expect(isQuorum(members.quorum, has(1, 2))).toBe(false);
    expect(isQuorum(members.quorum, has(4, 5))).toBe(false);
    expect(isQuorum(members.quorum, has(2, 3, 4))).toBe(true);
    agree(next);

    expect(members.pending).toBeNull();
    expect(isQuorum(members.quorum, has(4, 5))).toBe(true);
  });
});

test('the members of a settings’ file are the ones that it lists', () => {
  const servers = [2, 1].map((sid) => parseServerSpec(sid, `h${sid}:1:2`));
  const settings = settingsWith({ dataDir: 'none', sid: 1, servers });

  expect(sids(new Members(ReplicatedState.initial(), settings))).toEqual([1, 2]);
});
