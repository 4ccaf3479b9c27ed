/**
 * Patterns find what JavaScript's regular expressions find, take a bounded time for patterns that
 * make those explode, and say what they do not understand.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Pattern } from '../../actors/pattern.ts';

const theirs = (pattern: string, text: string) => {
  const found = new RegExp(pattern).exec(text);
  return found === null ? null : { start: found.index, end: found.index + found[0].length };
};

function patternOf(text: string): Pattern | null {
  try {
    return new Pattern(text);
  } catch {
    return null;
  }
}

describe('what is found is what JavaScript finds', () => {
  const cases: [pattern: string, text: string][] = [
    ['b+', 'aabbbc'],
    ['b+?', 'aabbbc'],
    ['(a|ab)(c|bcd)', 'xabcd'],
    ['^/a/[^/]*$', '/a/some-name'],
    ['^/a/[^/]*$', '/a/b/c'],
    ['\\d{2,3}', 'a1b1234'],
    ['\\d{2,3}?', 'a1b1234'],
    ['\\d{4,}', 'a1b12345'],
    ['x{0}y', 'xy'],
    ['(?:ab){2}', 'ababab'],
    ['(?<name>ab)c', 'xabc'],
    ['\\bcat\\b', 'concat cat'],
    ['\\Bcat', 'cat concat'],
    ['[a-c\\d_-]+', '!!b3-_x'],
    ['[^\\s\\S]', 'anything'],
    ['[\\D]+', '12ab34'],
    ['[]', 'a'],
    ['[^]', '\n'],
    ['a.c', 'a\nc abc'],
    ['\\x41\\u00fc\\t', 'xAü\ty'],
    ['a{,5}', 'aa{,5}'],
    ['{}]', 'a{}]'],
    ['a||b', 'b'],
    ['', 'abc'],
    ['(a*)*b', 'aaab'],
    ['ü+', 'füüß'],
    ['$', 'abc'],
    ['[[]a]', 'xx[a]'],
    ['=\\s*"[^"]*"', 'key = "some <b>value</b>"'],
  ];
  for (const [pattern, text] of cases) {
    test(`/${pattern}/ in ${JSON.stringify(text)}`, () => {
      expect(new Pattern(pattern).find(text)).toEqual(theirs(pattern, text));
    });
  }

  const { pattern } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
    part: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '^', '$', '\\b', 'ab'),
      tie('pattern').map((inner) => `(${inner})`),
    ),
    pattern: fc
      .array(fc.tuple(tie('part'), fc.constantFrom('', '', '', '*', '+', '?', '{2}', '+?', '|')), {
        maxLength: 4,
      })
      .map((parts) =>
        parts
          .map(([part, suffix]) => (/[$^b]$/.test(part) && suffix !== '|' ? part : part + suffix))
          .join(''),
      ),
  }));

  test('any pattern, any text: found or not, and where it begins', () => {
    fc.assert(
      fc.property(pattern, fc.string({ unit: fc.constantFrom('a', 'b', ' ') }), (text, sought) => {
        const own = patternOf(text);
        // Some are too long for us.
        fc.pre(own !== null);
        expect(own.find(sought)?.start).toBe(theirs(text, sought)?.start);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the work is bounded', () => {
  const long = 'a'.repeat(4096);
  for (const pattern of [
    '(a+)+$',
    '(a|a)*b',
    '(a*)*b',
    'a*a*a*a*a*a*b',
    '(.*)(.*)(.*)=x',
    '(x?){40}b',
  ]) {
    test(`/${pattern}/ over 4,096 characters that do not match`, () => {
      const one = new Pattern(pattern);

      expect(one.find(`${long}!`)).toBeNull();
      expect(one.work).toBeLessThan(4098 * 300);
    });
  }
});

describe('what is not understood is said, and where', () => {
  const bad: [pattern: string, message: RegExp][] = [
    ['(', /a \( is not closed \(character 1\)/],
    ['a)', /a \) without a \( \(character 2\)/],
    ['[ab', /a \[ is not closed/],
    ['[b-a]', /out of order/],
    ['*a', /nothing to repeat \(character 1\)/],
    ['a**', /nothing to repeat/],
    ['^*', /nothing to repeat/],
    ['a{2,1}', /out of order/],
    ['(a)\\1', /a number is not supported/],
    ['\\k<a>', /not supported/],
    ['(?=a)', /looking ahead or back/],
    ['(?<!a)b', /looking ahead or back/],
    ['(?i)a', /group is not known/],
    ['\\p{L}', /\\p is not known/],
    ['a\\', /stands at the end/],
    ['a{1000}', /repeats too much/],
    ['((a{50}){50}){50}', /repeats too much/],
    ['x'.repeat(300), /longer than 256/],
  ];
  for (const [pattern, message] of bad) {
    test(`/${pattern.slice(0, 30)}/`, () => {
      expect(() => new Pattern(pattern)).toThrow(message);
    });
  }

  test('nothing, repeated without end, is nothing', () => {
    expect(new Pattern(`${'('.repeat(20)}a?${'){0}'.repeat(20)}`).find('b')).not.toBeNull();
    expect(new Pattern(`${'('.repeat(20)}${'){9999}'.repeat(20)}`).find('b')).not.toBeNull();
  });
});
