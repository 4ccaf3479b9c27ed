/**
 * Which four-letter words there are, who is answered and when, and the words that need no more than
 * a line.
 */

import { describe, expect, test } from 'vitest';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import { ask, facts, makeView, nothing } from '../support/replica-view.ts';

const notServing = 'This ZooKeeper instance is not currently serving requests\n';
const allWords =
  'ruok srvr stat mntr conf cons crst srst dump envi dirs wchs wchc wchp isro hash gtmk stmk';

describe('words', () => {
  test('are these and no others', () => {
    const words = new FourLetterWords(makeView({}), facts);

    for (const word of allWords.split(' ')) expect(words.isWord(word)).toBe(true);
    for (const word of ['lead', 'ruo', 'RUOK', 'size', '']) expect(words.isWord(word)).toBe(false);
  });

  test('outside the whitelist say so', () => {
    const settings = { dataDir: '/data', fourLetterWords: new Set(['ruok']) };
    const view = makeView({ settings });

    expect(ask(view, 'ruok')).toBe('imok');
    for (const word of allWords.split(' ').filter((word) => word !== 'ruok')) {
      expect(ask(view, word)).toBe(`${word} is not executed because it is not in the whitelist.\n`);
    }
  });

  test('while not serving tell nothing but of the process', () => {
    const view = makeView({ isServing: false });

    const rest = allWords.split(' ').filter((word) => ask(view, word) !== notServing);

    expect(rest).toEqual(['ruok', 'envi', 'isro', 'gtmk', 'stmk']);
    expect(ask(view, 'ruok')).toBe('imok');
    expect(ask(view, 'isro')).toBe('null');
  });
});

describe('ruok, isro, hash', () => {
  test('ruok', () => expect(ask(makeView({}), 'ruok')).toBe('imok'));

  test('isro', () => {
    expect(ask(makeView({}), 'isro')).toBe('rw');
    expect(ask(makeView({ mode: 'follower' }), 'isro')).toBe('rw');
    expect(ask(makeView({ mode: 'read-only' }), 'isro')).toBe('ro');
  });

  test('hash', () => {
    expect(ask(makeView({}), 'hash')).toBe('80: 5654362235\n100000001: 6841865404\n');
  });
});

describe('gtmk, stmk', () => {
  test('the mask is kept', () => {
    const words = new FourLetterWords(makeView({}), facts);

    expect(words.answer('gtmk', nothing)).toBe('306');
    expect(words.answer('stmk', Buffer.from([0, 0, 0, 0, 0, 0, 1, 7]))).toBe('263');
    expect(words.answer('gtmk', nothing)).toBe('263');
    expect(words.answer('stmk', Buffer.alloc(9, 0xff))).toBe('-1');
  });

  test('half a mask changes nothing', () => {
    const words = new FourLetterWords(makeView({}), facts);

    expect(words.answer('stmk', Buffer.alloc(7))).toBe('');
    expect(words.answer('gtmk', nothing)).toBe('306');
  });
});
