/**
 * SASL DIGEST-MD5 against the examples of RFC 2831, against exchanges recorded from Apache
 * ZooKeeper 3.8.0 with kazoo, and against a client of our own that can also misbehave.
 */

import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { DigestServerOptions } from '../../actors/sasl-digest.ts';
import { DigestServer, SaslFailure } from '../../actors/sasl-digest.ts';

const zookeeper: DigestServerOptions = {
  users: new Map([
    ['bob', 'secret'],
    ['zoë', 'pässword'],
    ['łuk', 'ключ'],
    ['quo"te', 'a\\b'],
  ]),
  realm: 'zk-sasl-md5',
  protocol: 'zookeeper',
  serverName: 'zk-sasl-md5',
  randomBytes: (count) => new Uint8Array(count).fill(7),
};
const nothing = Buffer.alloc(0);

describe('the examples of RFC 2831, section 4', () => {
  const cases: [protocol: string, nonce: string, cnonce: string, response: string, auth: string][] =
    [
      [
        'imap',
        'OA6MG9tEQGm2hh',
        'OA6MHXh6VqTrRk',
        'd388dad90d4bbd760a152321f2143af7',
        'ea40f60335c427b5527b84dbabcdfffd',
      ],
      [
        'acap',
        'OA9BSXrbuRhWay',
        'OA9BSuZWMSpW8m',
        '6084c6db3fede7352c551284490fd0fc',
        '2f0b3d7c3c2e486600ef710726aa2eae',
      ],
    ];
  for (const [protocol, nonce, cnonce, response, auth] of cases) {
    test(protocol, () => {
      const host = 'elwood.innosoft.com';
      const server = new DigestServer({
        ...zookeeper,
        users: new Map([['chris', 'secret']]),
        realm: host,
        protocol,
        serverName: host,
        nonce,
      });

      server.step(nothing);
      const last = server.step(
        Buffer.from(
          `charset=utf-8,username="chris",realm="${host}",nonce="${nonce}",nc=00000001,` +
            `cnonce="${cnonce}",digest-uri="${protocol}/${host}",response=${response},qop=auth`,
        ),
      );

      expect(last).toEqual({ token: Buffer.from(`rspauth=${auth}`), done: true, user: 'chris' });
    });
  }
});

test('an exchange between kazoo and Apache ZooKeeper 3.8.0 is repeated byte by byte', () => {
  const nonce = 'nyPDOwWjFnTH6dJJrN+pAwGLelg1Fgi54pQfHCUt';
  const users = new Map([['jaasuser', 'jaas_password']]);
  const server = new DigestServer({ ...zookeeper, users, nonce });

  const challenge = server.step(nothing);
  const last = server.step(
    Buffer.from(
      `qop=auth,realm="zk-sasl-md5",username="jaasuser",nonce="${nonce}",` +
        'cnonce="5516661702017226",nc=00000001,digest-uri="zookeeper/zk-sasl-md5",' +
        'response=7cee27fad9feaee1a7ee036745557805',
    ),
  );

  expect(challenge.token?.toString()).toBe(
    `realm="zk-sasl-md5",nonce="${nonce}",charset=utf-8,algorithm=md5-sess`,
  );
  expect(challenge.done).toBe(false);
  expect(last.token?.toString()).toBe('rspauth=7065442be6be93a14e04f108efca338c');
  expect(last.user).toBe('jaasuser');
});

/** A client by the RFC's text; `change` may spoil its fields before they are sent. */
function respond(
  challenge: Buffer,
  user: string,
  password: string,
  change: (fields: Map<string, string>) => void = () => {},
  authzid?: string,
): Buffer {
  const nonce = /nonce="([^"]*)"/.exec(challenge.toString())![1]!;
  const realm = 'zk-sasl-md5';
  const uri = 'zookeeper/zk-sasl-md5';
  const cnonce = 'c2FsdA==';
  const md5 = (...parts: (Buffer | string)[]) => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash;
  };
  const isLatin = (text: string) => [...text].every((letter) => letter.codePointAt(0)! < 256);
  const bytes = (text: string) => Buffer.from(text, isLatin(text) ? 'latin1' : 'utf8');
  const secret = md5(bytes(user), ':', realm, ':', bytes(password)).digest();
  const tail = authzid === undefined ? '' : `:${authzid}`;
  const a1 = md5(secret, `:${nonce}:${cnonce}${tail}`).digest('hex');
  const a2 = md5(`AUTHENTICATE:${uri}`).digest('hex');
  const fields = new Map([
    ['charset', 'utf-8'],
    ['username', `"${user.replace(/["\\]/g, '\\$&')}"`],
    ['realm', `"${realm}"`],
    ['nonce', `"${nonce}"`],
    ['nc', '00000001'],
    ['cnonce', `"${cnonce}"`],
    ['digest-uri', `"${uri}"`],
    ['qop', 'auth'],
    ['response', md5(`${a1}:${nonce}:00000001:${cnonce}:auth:${a2}`).digest('hex')],
  ]);
  if (authzid !== undefined) fields.set('authzid', `"${authzid}"`);
  change(fields);
  return Buffer.from([...fields].map(([key, value]) => `${key}=${value}`).join(','));
}

function begin(): { server: DigestServer; challenge: Buffer } {
  const server = new DigestServer(zookeeper);
  return { server, challenge: server.step(nothing).token! };
}

test('the nonce is 30 random bytes in base64', () => {
  const { challenge } = begin();

  const nonce = Buffer.alloc(30, 7).toString('base64');
  expect(challenge.toString()).toContain(`nonce="${nonce}"`);
});

describe('a user of the table logs in', () => {
  for (const [user, password] of zookeeper.users) {
    test(user, () => {
      const { server, challenge } = begin();

      const last = server.step(respond(challenge, user, password));

      expect(last.done).toBe(true);
      expect(last.user).toBe(user);
      expect(last.token?.toString()).toMatch(/^rspauth=[0-9a-f]{32}$/);
    });
  }

  test('with blanks, upper-case keys, unknown fields and without the optional ones', () => {
    const { server, challenge } = begin();
    const token = respond(challenge, 'bob', 'secret', (fields) => {
      for (const key of ['charset', 'qop', 'nc']) fields.delete(key);
      fields.set('NONCE', fields.get('nonce')!);
      fields.delete('nonce');
      fields.set('auth-param', '"x"');
    });

    const spaced = Buffer.from(` ,${token.toString().replaceAll(',', ' ,, ')} , `);

    expect(server.step(spaced).user).toBe('bob');
  });

  test('with an authorization id, which enters the hash and changes nothing else', () => {
    const { server, challenge } = begin();

    expect(server.step(respond(challenge, 'bob', 'secret', undefined, 'eve')).user).toBe('bob');
  });
});

describe('a login fails', () => {
  type Change = (fields: Map<string, string>) => void;
  const set =
    (key: string, value: string): Change =>
    (fields) =>
      void fields.set(key, value);
  const cases: [name: string, change: Change, message: string][] = [
    ['no user name', (fields) => fields.delete('username'), 'has no username'],
    ['no cnonce', (fields) => fields.delete('cnonce'), 'has no cnonce'],
    ['no response', (fields) => fields.delete('response'), 'has no response'],
    ['no digest-uri', (fields) => fields.delete('digest-uri'), 'has no digest-uri'],
    ['no nonce', (fields) => fields.delete('nonce'), 'has no nonce'],
    ['no realm', (fields) => fields.delete('realm'), 'realm is another'],
    ['another nonce', set('nonce', '"abc"'), 'nonce is another'],
    ['another realm', set('realm', '"abc"'), 'realm is another'],
    ['another service', set('digest-uri', '"kafka/zk-sasl-md5"'), 'names another service'],
    ['a used nonce', set('nc', '00000002'), 'nonce count'],
    ['a nonce count that is none', set('nc', 'zz'), 'nonce count'],
    ['a layer that is not offered', set('qop', 'auth-int'), 'only qop=auth'],
    ['another charset', set('charset', 'latin1'), 'charset'],
    ['another response', set('response', '0'.repeat(32)), 'unknown user or wrong password'],
    ['a short response', set('response', '0'), 'unknown user or wrong password'],
    ['a response that is not ASCII', set('response', 'é'.repeat(16)), 'unknown user or wrong'],
    ['a field twice', set('Realm', '"zk-sasl-md5"'), 'has realm twice'],
    ['an open quote', set('x', '"abc'), 'malformed'],
    ['no value', set('x', ''), 'malformed'],
    ['a quote within', set('x', 'a"b"'), 'malformed'],
    ['too many bytes', set('x', 'a'.repeat(5000)), 'too long'],
  ];
  for (const [name, change, message] of cases) {
    test(name, () => {
      const { server, challenge } = begin();
      const token = respond(challenge, 'bob', 'secret', change);

      expect(() => server.step(token)).toThrow(message);
      expect(() => server.step(respond(challenge, 'bob', 'secret'))).toThrow(SaslFailure);
    });
  }

  test('by a wrong password and by an unknown user alike', () => {
    for (const [user, password] of [
      ['bob', 'wrong'],
      ['eve', ''],
      ['eve', 'secret'],
    ] as const) {
      const { server, challenge } = begin();

      expect(() => server.step(respond(challenge, user, password))).toThrow(
        new SaslFailure('unknown user or wrong password'),
      );
    }
  });

  test('when the first token is not empty, and when there are more than two', () => {
    expect(() => new DigestServer(zookeeper).step(Buffer.from('x'))).toThrow('must be empty');

    const { server, challenge } = begin();
    server.step(respond(challenge, 'bob', 'secret'));
    expect(() => server.step(nothing)).toThrow('no token is expected: login is done');
  });
});
