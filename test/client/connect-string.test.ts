/**
 * The connect string: what it may say, and the order in which its servers are tried.
 */

import { describe, expect, test } from 'vitest';
import { parseConnectString, ServerList } from '../../client/connect-string.ts';

describe('connect string', () => {
  test('names servers, ports and a chroot', () => {
    expect(parseConnectString('a:1, b,[::1]:3,::2/app/x')).toEqual({
      servers: [
        { host: 'a', port: 1 },
        { host: 'b', port: 2181 },
        { host: '::1', port: 3 },
        { host: '::2', port: 2181 },
      ],
      chroot: '/app/x',
    });
    expect(parseConnectString('a/').chroot).toBe('');
  });

  test.each(['', '/app', 'a:0', 'a:70000', 'a:x', 'a b', 'a/app/', 'a//x'])(
    'refuses %j',
    (text) => {
      expect(() => parseConnectString(text)).toThrow();
    },
  );

  test('is walked in a circle, in an order that chance decides', () => {
    const { servers } = parseConnectString('a,b,c');

    const list = new ServerList(servers, () => 0);
    const hosts = [1, 2, 3, 4].map(() => list.next().host);

    expect(hosts).toEqual(['b', 'c', 'a', 'b']);
  });
});
