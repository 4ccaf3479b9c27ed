/** Texts and replicas by number. */

import { describe, expect, test } from 'vitest';
import { smallest } from './bounds.ts';
import { Model } from './model.ts';
import { TextIds } from './text-ids.ts';

describe('texts', () => {
  test('equal ones have one number, different ones different ones, and come back', () => {
    const texts = new TextIds();
    const all = Array.from(
      { length: 20_000 },
      (_, at) => `{"a":${at},"b":"${'x'.repeat(at % 99)}"}`,
    );

    const ids = all.map((text) => texts.id(text));

    expect(new Set(ids).size).toBe(all.length);
    expect(all.map((text) => texts.id(text))).toEqual(ids);
    expect(ids.map((id) => texts.text(id))).toEqual(all);
    expect(texts.size).toBe(all.length);
  });

  test('over more than one chunk', () => {
    const texts = new TextIds();
    const long = (letter: string) => letter.repeat(7 << 20);

    const ids = ['a', 'b', 'c', 'd', 'e'].map((letter) => texts.id(long(letter)));

    expect(ids.map((id) => texts.text(id)[0])).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(texts.text(ids[3]!)).toBe(long('d'));
  });

  test('one that would not come back is refused', () => {
    expect(() => new TextIds().id('1 €')).toThrow('one byte for each letter');
    expect(new TextIds().id('')).toBe(0);
  });
});

test('a replica comes back as it was', () => {
  const model = new Model({ ...smallest, isFounded: true });
  const state = model.initial();
  const record = model.replica(state, 2);

  expect(model.known(structuredClone(record))).toBe(state[1]);
  expect(model.known({ ...record, committed: 2 ** 32 + 5 })).not.toBe(state[1]);
  expect(model.record(model.known({ ...record, committed: 2 ** 32 + 5 }))).toEqual({
    ...record,
    committed: 2 ** 32 + 5,
  });
});
