/**
 * JAAS login configurations: the forms found in the field, and errors that keep passwords secret.
 */

import { describe, expect, test } from 'vitest';
import { digestUsers, isKerberosModule, JaasError, parseJaas } from '../../cli/jaas.ts';

const kazoo = `
Server {
  org.apache.zookeeper.server.auth.DigestLoginModule required
  user_super="super_secret"
  user_jaasuser="jaas_password";
};
`;

test('the users of a digest module are found', () => {
  const [section] = parseJaas(kazoo);

  expect(section?.name).toBe('Server');
  expect(section?.modules[0]?.line).toBe(3);
  expect([...digestUsers(section!)]).toEqual([
    ['super', 'super_secret'],
    ['jaasuser', 'jaas_password'],
  ]);
});

test('several sections and modules, comments, quoted and bare values, any case of the flag', () => {
  const text = `// first
    Client { a.DigestLoginModule REQUIRED username="x" password=y; }; /* two
    lines */ "Server" {
      com.sun.security.auth.module.Krb5LoginModule optional useKeyTab = true;
      a.DigestLoginModule sufficient user_a="p;}{=\\"\\\\q" serviceName="z";
    };`;

  const [client, server] = parseJaas(text);

  expect(client?.modules[0]?.options.get('password')).toBe('y');
  expect(server?.modules.map(isKerberosModule)).toEqual([true, false]);
  expect(server?.modules.map(({ line }) => line)).toEqual([4, 5]);
  expect([...digestUsers(server!)]).toEqual([['a', 'p;}{="\\q']]);
});

test('users of other modules do not count', () => {
  const [section] = parseJaas('Server { a.OtherModule required user_a="b"; };');

  expect(digestUsers(section!).size).toBe(0);
});

test('an empty text has no sections', () => {
  expect(parseJaas('')).toEqual([]);
  expect(parseJaas(' \n // nothing\n')).toEqual([]);
});

describe('a malformed text says line and fault', () => {
  const cases: [text: string, line: number, message: string][] = [
    ['Server', 1, 'expected {'],
    ['Server {\n', 1, 'expected a login module or } before the end'],
    ['Server {\n a.B\n };', 3, 'expected required, requisite, sufficient or optional'],
    ['Server {\n a.B must user_a="secret"; };', 2, '"must" is none of required'],
    ['Server {\n a.B required user_a "secret"; };', 2, 'expected ='],
    ['Server {\n a.B required\n user_a=; };', 3, 'expected the value of user_a'],
    ['Server {\n a.B required user_a="secret" };', 2, 'expected an option or ;'],
    ['Server {\n a.B required user_a="secret\n"; };', 2, 'quote or comment without end'],
    ["Server {\n a.B required user_a='secret'; };", 2, 'stray character'],
    [
      'Server {\n a.B required user_a="$'.concat('{secret}"; };'),
      2,
      'a property, which none expands',
    ],
    ['Server { a.B required; }\nClient { };', 2, 'expected ;'],
    ['Server { };\nServer { };', 2, 'section Server stands there twice'],
    ['};', 1, 'expected the name of a section'],
    ['Server {\n/* open', 2, 'comment without end'],
  ];
  for (const [text, line, message] of cases) {
    test(JSON.stringify(text), () => {
      let error: unknown;
      try {
        parseJaas(text);
      } catch (thrown) {
        error = thrown;
      }

      expect(error).toBeInstanceOf(JaasError);
      expect((error as JaasError).message).toContain(message);
      expect((error as JaasError).message).not.toContain('secret');
      expect((error as JaasError).line).toBe(line);
    });
  }
});
