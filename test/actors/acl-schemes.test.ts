/** Digest ids, valid ACL ids and matching, with the values that the spec and kazoo's tests use. */

import { describe, expect, test } from 'vitest';
import {
  addressIdentity,
  digestAlgorithmName,
  digestId,
  ipMatches,
  isValidAclId,
  matches,
  superIdentity,
} from '../../actors/acl-schemes.ts';

test('a digest id is the user and the hash of all', () => {
  expect(digestId(Buffer.from('bob:secret'))).toBe('bob:fyVmFCwVbTJYrznoSu1koqYEYF0=');
  expect(digestId(Buffer.from('super:test'))).toBe('super:D/InIHSb7yEEbrWz8b9l71RjZJU=');
  expect(digestId(Buffer.from('a:b:c'))).toMatch(/^a:[^:]+$/);
  expect(digestId(Buffer.from('zoë:ключ'))).toMatch(/^zoë:/);
});

test('a payload without a colon is hashed as a whole', () => {
  expect(digestId(Buffer.from('bob'))).toBe('bob:SBgazSKz7a68ikR4aKfffOYpkgo=');
  expect(digestId(Buffer.from(''))).toBe(':2jmj7l5rSw0yVb/vlWAYkK/YBwk=');
});

test('another hash may be chosen, by the name that Java gives it', () => {
  expect(digestAlgorithmName('SHA1')).toBe('sha1');
  expect(digestAlgorithmName('SHA-1')).toBe('sha1');
  expect(digestAlgorithmName('SHA-256')).toBe('sha256');
  expect(digestAlgorithmName('SHA3-512')).toBe('sha3-512');
  expect(digestAlgorithmName('rot13')).toBeNull();
  expect(digestId(Buffer.from('a:b'), 'sha256')).toHaveLength(2 + 44);
});

describe('valid and invalid ids of an ACL', () => {
  const valid: [scheme: string, id: string][] = [
    ['world', 'anyone'],
    ['auth', ''],
    ['auth', 'anything'],
    ['digest', 'bob:fyVmFCwVbTJYrznoSu1koqYEYF0='],
    ['digest', ':hash'],
    ['ip', '127.0.0.1'],
    ['ip', '10.0.0.0/8'],
    ['ip', '0.0.0.0/0'],
    ['ip', '::1'],
    ['ip', 'fe80::/10'],
    ['ip', '1:2:3:4:5:6:7:8/128'],
    ['ip', '::ffff:10.0.0.0/104'],
    ['sasl', 'jaasuser'],
    ['sasl', 'zookeeper/host@REALM'],
    ['sasl', 'a/b'],
    ['x509', 'CN=client,O=Example\\, Inc.,C=US'],
    ['x509', 'CN="a,b" + OU=c'],
    ['x509', ''],
  ];
  const invalid: [scheme: string, id: string][] = [
    ['world', 'everyone'],
    ['world', ''],
    ['digest', 'bob'],
    ['digest', 'bob:'],
    ['digest', 'a:b:c'],
    ['digest', ''],
    ['ip', ''],
    ['ip', 'localhost'],
    ['ip', '10.0.0'],
    ['ip', '10.0.0.256'],
    ['ip', '10.0.0.1/33'],
    ['ip', '10.0.0.1/-1'],
    ['ip', '10.0.0.1/'],
    ['ip', '10.0.0.1/8/8'],
    ['ip', '::1/129'],
    ['ip', '1::2::3'],
    ['ip', '1:2:3:4:5:6:7'],
    ['ip', '1:2:3:4:5:6:7:8:9'],
    ['ip', '1:2:3:4:5:6:7::8:9'],
    ['ip', '12345::'],
    ['ip', '::1.2.3'],
    ['ip', '1.2.3.4::'],
    ['ip', `${'0'.repeat(100)}`],
    ['sasl', 'a@b@c'],
    ['sasl', 'a/b/c@d'],
    ['x509', 'client'],
    ['x509', 'CN=a,,O=b'],
    ['x509', `CN=${'a'.repeat(5000)}`],
    ['super', ''],
    ['ensemble', 'x'],
    ['key', 'x'],
    ['toString', 'x'],
    ['', ''],
  ];
  for (const [scheme, id] of valid) {
    test(`${scheme}:${id} is valid`, () => expect(isValidAclId(scheme, id)).toBe(true));
  }
  for (const [scheme, id] of invalid) {
    test(`${scheme}:${id.slice(0, 40)} is not`, () => expect(isValidAclId(scheme, id)).toBe(false));
  }
});

describe('an address matches a prefix', () => {
  const cases: [aclId: string, address: string, expected: boolean][] = [
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.4', false],
    ['10.1.2.3', '::ffff:10.1.2.3', true],
    ['10.0.0.0/8', '10.9.9.9', true],
    ['10.9.9.9/8', '10.0.0.1', true],
    ['10.0.0.0/8', '11.0.0.0', false],
    ['10.0.0.128/25', '10.0.0.200', true],
    ['10.0.0.128/25', '10.0.0.127', false],
    ['192.168.0.0/23', '192.168.1.255', true],
    ['192.168.0.0/23', '192.168.2.0', false],
    ['0.0.0.0/0', '1.2.3.4', true],
    ['0.0.0.0/0', '::1', false],
    ['::1', '::1', true],
    ['::1', '0:0:0:0:0:0:0:1', true],
    ['::/0', 'fe80::1%eth0', true],
    ['::/0', '::ffff:1.2.3.4', false],
    ['2001:db8::/33', '2001:db8:7fff::1', true],
    ['2001:db8::/33', '2001:db8:8000::1', false],
    ['::ffff:10.0.0.0/104', '10.1.1.1', true],
    ['::ffff:10.0.0.0/104', '11.1.1.1', false],
    ['nonsense', '10.1.1.1', false],
    ['10.0.0.0/8', 'nonsense', false],
  ];
  for (const [aclId, address, expected] of cases) {
    test(`${aclId} and ${address}: ${expected}`, () =>
      expect(ipMatches(aclId, address)).toBe(expected));
  }
});

test('the address of a connection is its identity, printed as Java prints it', () => {
  expect(addressIdentity('127.0.0.1')).toEqual({ scheme: 'ip', id: '127.0.0.1' });
  expect(addressIdentity('::ffff:127.0.0.1')).toEqual({ scheme: 'ip', id: '127.0.0.1' });
  expect(addressIdentity('fe80::1%lo')).toEqual({ scheme: 'ip', id: 'fe80:0:0:0:0:0:0:1' });
  expect(addressIdentity('pipe')).toEqual({ scheme: 'ip', id: 'pipe' });
});

describe('an ACL entry is for an identity', () => {
  const bob = { scheme: 'digest', id: 'bob:hash' };
  const user = { scheme: 'sasl', id: 'jaasuser' };

  test('by scheme and id', () => {
    expect(matches('digest', 'bob:hash', bob)).toBe(true);
    expect(matches('digest', 'eve:hash', bob)).toBe(false);
    expect(matches('sasl', 'bob:hash', bob)).toBe(false);
    expect(matches('sasl', 'jaasuser', user)).toBe(true);
    expect(matches('x509', 'CN=a', { scheme: 'x509', id: 'CN=a' })).toBe(true);
    expect(matches('ip', '10.0.0.0/8', { scheme: 'ip', id: '10.1.1.1' })).toBe(true);
    expect(matches('ip', '10.0.0.0/8', { scheme: 'ip', id: '11.1.1.1' })).toBe(false);
  });

  test('world is for all, super passes all, auth and strange schemes are for nobody', () => {
    expect(matches('world', 'anyone', bob)).toBe(true);
    expect(matches('world', 'someone', bob)).toBe(false);
    expect(matches('digest', 'eve:hash', superIdentity)).toBe(true);
    expect(matches('auth', '', bob)).toBe(false);
    expect(matches('odd', 'x', { scheme: 'odd', id: 'x' })).toBe(false);
  });

  test('the SASL user super and letAnySaslUserDoX, for sasl entries only', () => {
    const options = { letAnySaslUserDoX: 'all' };

    expect(matches('sasl', 'jaasuser', { scheme: 'sasl', id: 'super' })).toBe(true);
    expect(matches('digest', 'bob:hash', { scheme: 'sasl', id: 'super' })).toBe(false);
    expect(matches('sasl', 'all', user, options)).toBe(true);
    expect(matches('sasl', 'all', user)).toBe(false);
    expect(matches('sasl', 'other', user, options)).toBe(false);
    expect(matches('sasl', 'all', user, { letAnySaslUserDoX: null })).toBe(false);
  });
});
