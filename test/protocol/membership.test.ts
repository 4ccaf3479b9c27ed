/**
 * The members of an ensemble as data and as text; every text here is one that Apache ZooKeeper
 * 3.8.0 printed, took or refused.
 */

import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import {
  formatMembership,
  MembershipError,
  membershipFrom,
  observersOf,
  parseMembership,
  votersOf,
} from '../../protocol/membership.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';

const three = [
  'server.1=127.0.0.1:27501:27601:participant;127.0.0.1:27401',
  'server.2=127.0.0.1:27502:27602:participant;127.0.0.1:27402',
  'server.3=127.0.0.1:27503:27603:participant;127.0.0.1:27403',
];
const nine = 'server.9=10.9.8.7:27509:27609:observer;0.0.0.0:27409';
const text = (...lines: string[]): string => lines.join('\n');

describe('a text is read and printed alike', () => {
  const texts: [name: string, text: string][] = [
    ['of a static ensemble', text(...three, 'version=0')],
    ['of a reconfigured one', text(...three, nine, 'version=100000017')],
    ['without client ports', text('server.1=a:1:2:participant', 'version=0')],
    [
      'of a hierarchical one',
      text(
        ...three,
        nine,
        ...['group.1=1:2', 'group.2=3'],
        ...['weight.1=1', 'weight.2=1', 'weight.3=5', 'weight.9=4'],
        'version=100000003',
      ),
    ],
  ];
  for (const [name, form] of texts) {
    test(name, () => {
      const membership = parseMembership(form);

      expect(formatMembership(membership)).toBe(form);
      expect(JSON.parse(JSON.stringify(membership))).toEqual(membership);
    });
  }
});

test('lines come sorted by number, roles and weights filled in', () => {
  const given = text('server.20=c:1:2', 'group.10=3', 'server.3=b:1:2;5', 'group.9=20:1');

  expect(formatMembership(parseMembership(`${given}\nserver.1=a:1:2\nweight.3=0\n`))).toBe(
    text(
      ...['server.1=a:1:2:participant', 'server.3=b:1:2:participant;0.0.0.0:5'],
      ...['server.20=c:1:2:participant', 'group.9=1:20', 'group.10=3'],
      ...['weight.1=1', 'weight.3=0', 'weight.20=1', 'version=0'],
    ),
  );
});

test('a list is read like a file of properties', () => {
  const given = text(
    '# all',
    '! of them',
    '',
    ' server.1 : a:1:2 ',
    'server.2 b:1:2',
    'version=1f',
  );
  const replaced = text('server.1=a:1:2', 'server.1=b:1:2:observer');

  expect(formatMembership(parseMembership(given))).toBe(
    text('server.1=a:1:2:participant', 'server.2=b:1:2:participant', 'version=1f'),
  );
  expect(formatMembership(parseMembership(replaced))).toBe('server.1=b:1:2:observer\nversion=0');
  expect(parseMembership('').servers).toEqual([]);
});

test('voters and observers are told apart', () => {
  const membership = parseMembership(text(nine, ...three));

  expect(votersOf(membership)).toEqual([1, 2, 3]);
  expect(observersOf(membership)).toEqual([9]);
});

test('one is made of what the settings hold', () => {
  const servers = [parseServerSpec(2, 'b:1:2'), parseServerSpec(1, 'a:1:2')];
  const none = new Map<number, never>();

  expect(membershipFrom(servers, none, none, 5)).toEqual({
    version: 5,
    servers: [servers[1], servers[0]],
    groups: {},
    weights: {},
  });
  expect(membershipFrom(servers, new Map([[1, [2, 1]]]), new Map([[2, 3]]), 0)).toMatchObject({
    groups: { 1: [1, 2] },
    weights: { 1: 1, 2: 3 },
  });
});

describe('a list that is wrong says so, with the code that ZooKeeper answers', () => {
  const { badArguments, marshallingError } = ErrorCode;
  const cases: [lines: string[], message: string, code: number][] = [
    [['foo=bar'], '"foo" is none of server.N', badArguments],
    [['garbage'], '"garbage" is none of', badArguments],
    [['server.1=127.0.0.1:1'], 'server.1: "127.0.0.1:1" is not of the form', badArguments],
    [['server.1=a:1:2:leader'], 'server.1: unknown peer type', badArguments],
    [['server.x=a:1:2'], '"x" is not a server id', marshallingError],
    [['server.=a:1:2'], '"" is not a server id', marshallingError],
    [['server.0=a:1:2'], '0 is no server id', badArguments],
    [['server.2147483648=a:1:2'], '2147483648 is no server id', badArguments],
    [['version=zz'], 'version "zz" is no zxid', marshallingError],
    [['version=ffffffffffffffff'], 'is no zxid', marshallingError],
    [[...three, 'weight.1=2'], 'a weight needs groups', badArguments],
    [[...three, 'group.1=1:2'], 'participant 3 is in no group', badArguments],
    [[...three, 'group.1=1:2', 'group.2=2:3'], 'server 2 is in two groups', badArguments],
    [[...three, 'group.1=1:2:2:3'], 'server 2 is in two groups', badArguments],
    [[...three, 'group.1=1:2:3:7'], 'server 7 is in a group, but is no p', marshallingError],
    [[...three, 'group.1=1:2:3:7', 'weight.7=1'], '7 is in a group, but not in', badArguments],
    [[...three, nine, 'group.1=1:2:3:9'], 'server 9 is in a group, but is no', marshallingError],
    [[...three, 'group.1=1:2:x'], '"x" is not a server id', marshallingError],
    [[...three, 'group.1='], '"" is not a server id', marshallingError],
    [[...three, 'group.x=1:2:3'], '"x" is not a number for group.x', marshallingError],
    [[...three, 'group.1=1:2:3', 'weight.1=x'], '"x" is not a number', marshallingError],
    [[...three, 'group.1=1:2:3', 'weight.1=-1'], 'weight.1: -1 is negative', badArguments],
  ];
  for (const [lines, message, code] of cases) {
    test(lines.slice(-2).join(' '), () => {
      let failure: unknown = null;
      try {
        parseMembership(text(...lines));
      } catch (error) {
        failure = error;
      }

      expect(failure).toBeInstanceOf(MembershipError);
      expect((failure as MembershipError).message).toContain(message);
      expect((failure as MembershipError).code).toBe(code);
    });
  }
});
