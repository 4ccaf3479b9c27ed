/** Questions to replicas through the console: what is passed on, what is refused, what fails. */

import { describe, expect, test } from 'vitest';
import { statusOf } from './fake-inspection.ts';
import { startRig } from './rig.ts';

const paging = { offset: 0, limit: 100 };
const search = { what: 'search', root: '/', text: 'a', isRegex: false, in: 'path', limit: 10 };

describe('a question', () => {
  test('goes to its replica, and the answer comes back', async () => {
    const { post, inspection } = await startRig();
    inspection.answer = (sid) => statusOf(sid);
    const answer = await post('/api/ask/3', { what: 'status' });

    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual(statusOf(3));
    expect(inspection.asked).toMatchObject([{ sid: 3, question: { what: 'status' } }]);
  });

  test('may be answered by nothing', async () => {
    const { post, inspection } = await startRig();
    inspection.answer = () => null;

    expect((await post('/api/ask/1', { what: 'znode', path: '/none' })).text).toBe('null');
  });

  test('of each kind is passed on, without what no question has', async () => {
    const { post, inspection } = await startRig();
    const questions = [
      { what: 'status' },
      { what: 'actors' },
      { what: 'recent' },
      { what: 'sessions', text: '', ...paging },
      { what: 'session', id: '0x100001a2b3c0000' },
      { what: 'watches', by: 'path', text: 'a', ...paging },
      { what: 'children', path: '/', ...paging },
      { what: 'znode', path: '/a/b' },
      search,
      { what: 'export', root: '/a' },
    ];
    for (const question of questions) {
      const answer = await post('/api/ask/1', { ...question, viewer: 'admin', more: 1 });
      expect([question.what, answer.status]).toEqual([question.what, 200]);
    }

    const asked = inspection.asked.map(({ question }) => question);
    expect(asked).toEqual(questions.map((question) => ({ ...question, viewer: 'world' })));
  });
});

describe('a bad question is refused with its field', () => {
  const cases: readonly (readonly [body: unknown, part: string])[] = [
    [{}, '"what"'],
    [{ what: 'constructor' }, '"what"'],
    [{ what: 'sessions', text: 1, ...paging }, '"text"'],
    [{ what: 'sessions', text: '', offset: -1, limit: 1 }, '"offset"'],
    [{ what: 'sessions', text: '', offset: 0, limit: 1001 }, '"limit"'],
    [{ what: 'sessions', text: '', offset: 0.5, limit: 1 }, '"offset"'],
    [{ what: 'session', id: '1; drop' }, '"id"'],
    [{ what: 'watches', by: 'name', text: '', ...paging }, '"by"'],
    [{ what: 'children', path: 'a', ...paging }, '"path"'],
    [{ what: 'znode', path: '/a//b' }, '"path"'],
    [{ what: 'znode', path: '/a/../b' }, '"path"'],
    [{ what: 'znode', path: ['/a'] }, '"path"'],
    [{ ...search, text: '' }, '"text"'],
    [{ ...search, text: '(', isRegex: true }, 'the pattern cannot be used'],
    [{ ...search, text: 'a'.repeat(257), isRegex: true }, '"text"'],
    [{ ...search, in: 'acl' }, '"in"'],
    [{ ...search, isRegex: 'yes' }, '"isRegex"'],
    [{ what: 'export', root: '' }, '"root"'],
    [[], 'JSON object'],
    ['null', 'JSON object'],
    ['{', 'no JSON'],
    ['', 'no JSON'],
  ];
  for (const [body, part] of cases) {
    test(JSON.stringify(body).slice(0, 70), async () => {
      const { post, inspection } = await startRig();
      const answer = await post('/api/ask/1', body);

      expect(answer.status).toBe(400);
      expect(answer.json().error).toContain(part);
      expect(inspection.asked).toEqual([]);
    });
  }

  test('bytes that are no UTF-8', async () => {
    const { ask } = await startRig();
    const headers = { 'content-type': 'application/json' };
    const body = Buffer.from([0x22, 0xff, 0x22]);

    expect((await ask('/api/ask/1', { method: 'POST', headers, body })).status).toBe(400);
  });
});

describe('a body', () => {
  test('must be said to be JSON', async () => {
    const { ask } = await startRig();
    const types = ['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''];

    for (const type of types) {
      const headers = type === '' ? {} : { 'content-type': type };
      const answer = await ask('/api/ask/1', { method: 'POST', headers, body: '{}' });
      expect([type, answer.status]).toEqual([type, 415]);
    }
  });

  test('that is too large is refused by its announced length, and by its real one', async () => {
    const { ask, post } = await startRig();
    const text = JSON.stringify({ what: 'status', fill: 'a'.repeat(65_536) });
    const headers = { 'content-type': 'application/json', 'transfer-encoding': 'chunked' };
    const announced = await post('/api/ask/1', text, { 'content-length': String(text.length) });
    const streamed = await ask('/api/ask/1', { method: 'POST', headers, body: text });

    expect(announced.status).toBe(413);
    expect(streamed.status).toBe(413);
    expect(streamed.headers.connection).toBe('close');
  });
});

describe('a replica', () => {
  test('that cannot be is not asked', async () => {
    const { post, inspection } = await startRig();

    for (const sid of ['0', '01', '1.0', '-1', 'one', '1000', '%2e%2e']) {
      const answer = await post(`/api/ask/${sid}`, { what: 'status' });
      expect([sid, answer.status]).toEqual([sid, 404]);
    }
    expect(inspection.asked).toEqual([]);
  });

  test('that says no, or nothing, is quoted', async () => {
    const { post, inspection } = await startRig();
    inspection.answer = () => {
      throw new Error('replica 2 has not answered within 5 s');
    };
    const answer = await post('/api/ask/2', { what: 'status' });

    expect(answer.status).toBe(502);
    expect(answer.json()).toEqual({ error: 'replica 2 has not answered within 5 s' });
  });

  test('that hangs is asked only so much at one time', async () => {
    const { post, inspection } = await startRig();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    inspection.answer = async () => {
      if (inspection.asked.length === 64) full();
      await held;
      return null;
    };
    let full = (): void => {};
    const isFull = new Promise<void>((resolve) => {
      full = resolve;
    });
    const waiting = Array.from({ length: 64 }, () => post('/api/ask/1', { what: 'status' }));
    await isFull;
    const refused = await post('/api/ask/1', { what: 'status' });
    release();

    expect(refused.status).toBe(503);
    expect((await Promise.all(waiting)).every(({ status }) => status === 200)).toBe(true);
    expect((await post('/api/ask/1', { what: 'status' })).status).toBe(200);
  });
});

test('a question is a POST', async () => {
  const { ask } = await startRig();

  expect((await ask('/api/ask/1')).status).toBe(405);
});
