/**
 * Znode paths against the rules of ZooKeeper's PathUtils, held to a slow and obvious twin.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSystemPath, parentPath, pathFault, sequenceSuffix } from '../../protocol/path.ts';

/** The rules as the specification lists them, one by one. */
function isValid(path: string): boolean {
  if (path === '/') return true;
  if (!path.startsWith('/') || path.endsWith('/')) return false;
  if (
    path
      .slice(1)
      .split('/')
      .some((part) => ['', '.', '..'].includes(part))
  ) {
    return false;
  }
  return [...Array(path.length).keys()]
    .map((at) => path.charCodeAt(at))
    .every(
      (unit) =>
        unit > 0x1f &&
        !(unit >= 0x7f && unit <= 0x9f) &&
        !(unit >= 0xd800 && unit <= 0xf8ff) &&
        unit < 0xfff0,
    );
}

describe('pathFault', () => {
  const good = [
    '/',
    '/a',
    '/a/b',
    '/...',
    '/.a',
    '/a.',
    '/..a',
    '/a b',
    '/é',
    '/\u00a0',
    '/\uf900',
  ];
  for (const path of good) {
    test(`${JSON.stringify(path)} is valid`, () => {
      expect(pathFault(path)).toBeNull();
      expect(isValid(path)).toBe(true);
    });
  }

  const bad = [
    ...['', 'a', 'a/b', '/a/', '//', '//a', '/a//b', '/.', '/..', '/a/.', '/a/..', '/./a', '/../a'],
    ...[
      '/\0',
      '/a\0b',
      '/\u0001',
      '/\u001f',
      '/\u007f',
      '/\u009f',
      '/\ud800',
      '/\uf8ff',
      '/\ufff0',
    ],
    ...['/\u{1f600}', '/\uffff'],
  ];
  for (const path of bad) {
    test(`${JSON.stringify(path)} is not`, () => {
      expect(pathFault(path)).toBeTypeOf('string');
      expect(isValid(path)).toBe(false);
    });
  }

  test('agrees with the rules (any path)', () => {
    const unit = fc.oneof(
      { weight: 5, arbitrary: fc.constantFrom('/', '.', 'a') },
      fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    );
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 8 }), fc.boolean(), (text, hasSlash) => {
        const path = hasSlash ? `/${text}` : text;

        expect(pathFault(path) === null).toBe(isValid(path));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parents, system paths and suffixes', () => {
  test('the parent is what stands before the last slash', () => {
    expect(['/a', '/a/b', '/a/b/c', '/a/'].map(parentPath)).toEqual(['/', '/a', '/a/b', '/a']);
    expect(['/', '', 'a'].map(parentPath)).toEqual(['/', '', '']);
  });

  test('four znodes cannot be deleted', () => {
    const paths = ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config'];

    expect(paths.every(isSystemPath)).toBe(true);
    expect(['/zookeeper/', '/a', '', '/zookeeper/quota/a'].some(isSystemPath)).toBe(false);
  });

  test('a suffix has ten digits, and wraps as a signed counter does', () => {
    expect([0, 7, 2 ** 31 - 1].map(sequenceSuffix)).toEqual([
      '0000000000',
      '0000000007',
      '2147483647',
    ]);
    expect([2 ** 31, -5].map(sequenceSuffix)).toEqual(['-2147483648', '-000000005']);
  });
});
