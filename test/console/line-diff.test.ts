/** The diff that is shown before a znode is saved. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aroundChanges, lineDiff } from '../../console/app/logic/line-diff.ts';

const short = (before: string, after: string): string[] =>
  lineDiff(before, after).map(
    ({ kind, text }) => `${{ same: ' ', out: '-', in: '+' }[kind]}${text}`,
  );

describe('a diff', () => {
  test('of equal texts has no changes', () => {
    expect(short('a\nb', 'a\nb')).toEqual([' a', ' b']);
    expect(short('', '')).toEqual([]);
  });

  test('shows the lines that went and that came', () => {
    expect(short('a\nb\nc', 'a\nx\nc\nd')).toEqual([' a', '-b', '+x', ' c', '+d']);
    expect(short('', 'a')).toEqual(['+a']);
    expect(short('a', '')).toEqual(['-a']);
  });

  test('counts the lines of both texts', () => {
    expect(lineDiff('a\nb', 'x\na\nb').map((line) => [line.before, line.after])).toEqual([
      [null, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  const texts = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 30 });

  test('gives both texts back, whatever they are', () => {
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        const lines = lineDiff(a.join('\n'), b.join('\n'));
        const of = (kind: string): string =>
          lines
            .filter((line) => line.kind !== kind)
            .map((line) => line.text)
            .join('\n');
        expect(of('in')).toBe(a.join('\n'));
        expect(of('out')).toBe(b.join('\n'));
      }),
    );
  });

  test('of texts that have nothing in common ends, however long they are', () => {
    const lines = (mark: string): string =>
      Array.from({ length: 20_000 }, (_, at) => `${mark}${at}`).join('\n');

    expect(lineDiff(lines('a'), lines('b'))).toHaveLength(40_000);
  });
});

test('only lines around changes are shown, with the number of those left out', () => {
  const before = Array.from({ length: 20 }, (_, at) => `line ${at}`);
  const after = before.map((line, at) => (at === 10 ? 'changed' : line));
  const shown = aroundChanges(lineDiff(before.join('\n'), after.join('\n')), 1);

  expect(shown.map((line) => (typeof line === 'number' ? line : line.text))).toEqual([
    9,
    'line 9',
    'line 10',
    'changed',
    'line 11',
    8,
  ]);
});
