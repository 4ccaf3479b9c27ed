/**
 * Questions as JSON: good ones pass, and of each bad one a sentence says what is wrong.
 */

import { describe, expect, test } from 'vitest';
import { questionFault } from '../../protocol/question.ts';

const page = { offset: 0, limit: 100 };
const search = { root: '/', text: 'a', isRegex: false, in: 'path', limit: 10, viewer: 'world' };

describe('a good question has no fault', () => {
  const good: object[] = [
    { what: 'status' },
    { what: 'actors' },
    { what: 'recent' },
    { what: 'sessions', text: '', ...page },
    { what: 'session', id: '0x1000035dffb0000' },
    { what: 'session', id: '0xFF00000000000001' },
    { what: 'watches', by: 'path', text: '/a', ...page },
    { what: 'watches', by: 'session', text: '', offset: 5000, limit: 1000 },
    { what: 'children', path: '/', viewer: 'world', ...page },
    { what: 'znode', path: '/a/<b>/ü', viewer: 'admin' },
    { what: 'search', ...search },
    { what: 'search', ...search, isRegex: true, in: 'content', limit: 1000 },
    { what: 'export', root: '/a', viewer: 'admin' },
    { what: 'status', more: 'is not looked at' },
  ];
  for (const question of good) {
    test(JSON.stringify(question), () => {
      expect(questionFault(question)).toBeNull();
    });
  }
});

describe('a bad question is told what is wrong and what would be right', () => {
  const bad: [value: unknown, fault: RegExp][] = [
    [null, /JSON object with a field "what"/],
    ['status', /JSON object/],
    [[{ what: 'status' }], /JSON object/],
    [{}, /"what" is missing, it must be one of: status, /],
    [{ what: 'everything' }, /"what" is "everything", it must be one of/],
    [{ what: 'toString' }, /it must be one of/],
    [{ what: ['status'] }, /"what" is an object/],
    [{ what: 'sessions', ...page }, /"text" is missing, it must be a text/],
    [{ what: 'sessions', text: '', offset: -1, limit: 1 }, /"offset" is -1, .* at least 0/],
    [{ what: 'sessions', text: '', offset: 0.5, limit: 1 }, /"offset" is 0.5/],
    [{ what: 'sessions', text: '', offset: Number.NaN, limit: 1 }, /"offset" is null/],
    [{ what: 'sessions', text: '', offset: 0, limit: 0 }, /"limit" is 0, .* from 1 to 1000/],
    [{ what: 'sessions', text: '', offset: 0, limit: 1001 }, /"limit" is 1001/],
    [{ what: 'sessions', text: 'a'.repeat(1001), ...page }, /"text" is "a+…, .* at most 1000/],
    [{ what: 'session', id: '1000035dffb0000' }, /"id" is "1000.*in hex, like "0x1000/],
    [{ what: 'session', id: 7 }, /"id" is 7/],
    [{ what: 'watches', by: 'name', text: '', ...page }, /"by" is "name", .*"path" or "session"/],
    [{ what: 'children', path: 'a', viewer: 'world', ...page }, /"path" is no path .* start with/],
    [{ what: 'children', path: '/a/', viewer: 'world', ...page }, /must not end with/],
    [{ what: 'children', path: '/a', viewer: 'root', ...page }, /"viewer" is "root"/],
    [{ what: 'znode', path: 5, viewer: 'world' }, /"path" is 5, it must be the path/],
    [{ what: 'znode', path: `/${'a'.repeat(2 ** 16)}`, viewer: 'world' }, /"path" is longer/],
    [{ what: 'znode', path: '/a\u0000', viewer: 'world' }, /is not allowed/],
    [{ what: 'search', ...search, text: '' }, /"text" is empty/],
    [{ what: 'search', ...search, isRegex: 'yes' }, /"isRegex" is "yes", .*true or false/],
    [{ what: 'search', ...search, in: 'acl' }, /"in" is "acl", .*"path" or "content"/],
    [{ what: 'search', ...search, root: '/../a' }, /"root" is no path/],
    [{ what: 'export', viewer: 'admin' }, /"root" is missing/],
  ];
  for (const [value, fault] of bad) {
    test(JSON.stringify(value).slice(0, 80), () => {
      expect(questionFault(value)).toMatch(fault);
    });
  }

  test('a long value is cut', () => {
    const fault = questionFault({ what: 'x'.repeat(100_000) });

    expect(fault!.length).toBeLessThan(300);
  });
});
