/** Patterns find what they describe, in bounded time, and say what they do not understand. */

import { describe, expect, test } from 'vitest';
import { Pattern } from '../../actors/inspect/pattern.ts';

test.each([
  ['b+', 'aabbbc', { start: 2, end: 5 }],
  ['^/a/[^/]*$', '/a/some-name', { start: 0, end: 12 }],
  ['^/a/[^/]*$', '/a/b/c', null],
  ['(?i)CAT', 'a cat', { start: 2, end: 5 }],
  ['ü+', 'füüß', { start: 1, end: 3 }],
  ['=\\s*"[^"]*"', 'key = "some <b>value</b>"', { start: 4, end: 25 }],
])('/%s/ in %s', (pattern, text, found) => {
  expect(new Pattern(pattern).find(text)).toEqual(found);
});

describe('patterns that make others explode', () => {
  const long = `${'a'.repeat(4096)}!`;
  for (const pattern of ['(a+)+$', '(a|a)*b', '(a*)*b', '(.*)(.*)(.*)=x', '(x?){40}b']) {
    test(`/${pattern}/ does not`, () => {
      const one = new Pattern(pattern);
      expect(one.find(long)).toBeNull();
      expect(one.work).toBeLessThan(4097 * 300);
    });
  }
});

test.each([
  ['(', /cannot be used: .*missing closing \)/],
  ['[b-a]', /invalid character class range/],
  ['*a', /missing argument to repetition operator/],
  ['(a)\\1', /invalid escape sequence/],
  ['(?=a)', /invalid or unsupported/],
  ['a{100000}', /invalid repeat count/],
  ['x'.repeat(300), /longer than 256/],
])('/%s/ is refused in a sentence', (pattern, message) => {
  expect(() => new Pattern(pattern)).toThrow(message);
});
