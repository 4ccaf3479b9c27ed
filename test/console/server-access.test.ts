/** Who may ask the console, and who may write: names, origins, tokens and their end. */

import { describe, expect, test } from 'vitest';
import { Access, isLoopback } from '../../console/server/access.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { bearer, rightToken, startRig } from './rig.ts';

const wrongToken = 'a-token-of-the-wrong-value!';
const clock = { wallMs: () => 1_000 };
const accessAt = (address: string, allowedHosts: readonly string[] = []) =>
  new Access({ address, allowedHosts, token: null, tokenExpiresMs: null }, clock);

function isKnown(access: Access, host: string | undefined): boolean {
  try {
    access.checkHost(host);
    return true;
  } catch {
    return false;
  }
}

describe('the header Host', () => {
  test('must be a name of this machine, with any port', () => {
    const access = accessAt('127.0.0.1');
    const known = [
      'localhost',
      'LocalHost:80',
      'localhost.',
      '127.0.0.1:9',
      '127.1.2.3',
      '[::1]:8',
    ];
    const strange = ['evil.example', 'localhost.evil.example', '127.0.0.1.nip.example', '10.0.0.1'];
    const broken = [
      undefined,
      '',
      ':80',
      '[::1',
      'a b',
      'user@localhost',
      'localhost:80:80',
      '::1',
    ];

    for (const host of known) expect([host, isKnown(access, host)]).toEqual([host, true]);
    for (const host of [...strange, ...broken]) {
      expect([host, isKnown(access, host)]).toEqual([host, false]);
    }
  });

  test('may be the address that is bound, or a name that is configured', () => {
    const access = accessAt('10.1.2.3', ['Zoo.Example']);

    expect(isKnown(access, '10.1.2.3:8090')).toBe(true);
    expect(isKnown(access, 'zoo.example:8090')).toBe(true);
    expect(isKnown(access, '10.1.2.4')).toBe(false);
    expect(isKnown(access, 'other.example')).toBe(false);
  });

  test('may be any address where all are bound, but no name', () => {
    const access = accessAt('0.0.0.0');

    expect(isKnown(access, '10.1.2.3:8090')).toBe(true);
    expect(isKnown(access, '[fe80::1]:8090')).toBe(true);
    expect(isKnown(access, 'evil.example')).toBe(false);
  });

  test('of a name that was made to point here is refused everywhere', async () => {
    const { ask, post } = await startRig();
    const headers = { host: 'evil.example' };

    for (const path of ['/', '/api/about', '/drawings/peer.svg']) {
      const answer = await ask(path, { headers });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.json().error).toContain('console.allowedHosts');
    }
    expect((await post('/api/ask/1', { what: 'status' }, headers)).status).toBe(403);
  });
});

test('loopback is known in each of its forms', () => {
  for (const name of ['localhost', '127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) {
    expect([name, isLoopback(name)]).toEqual([name, true]);
  }
  for (const name of ['0.0.0.0', '::', '128.0.0.1', 'local', '', '::ffff:10.0.0.1']) {
    expect([name, isLoopback(name)]).toEqual([name, false]);
  }
});

describe('the Origin of a POST', () => {
  test('must be ourselves, by the name that was asked', async () => {
    const { post, console: running } = await startRig();
    const status = async (origin: string) =>
      (await post('/api/ask/1', { what: 'recent' }, { origin })).status;

    expect(await status(`http://127.0.0.1:${running.port}`)).toBe(200);
    expect(await status('http://127.0.0.1:1')).toBe(403);
    expect(await status(`http://localhost:${running.port}`)).toBe(403);
    expect(await status('http://evil.example')).toBe(403);
    expect(await status('null')).toBe(403);
  });

  test('is not sent by programs that are no browser', async () => {
    const { post } = await startRig();

    expect((await post('/api/ask/1', { what: 'recent' })).status).toBe(200);
  });
});

describe('a token', () => {
  test('makes an admin of whoever has it', async () => {
    const { ask } = await startRig({ token: rightToken });
    const about = await ask('/api/about', { headers: bearer(rightToken) });

    expect(about.json()).toMatchObject({ isAdmin: true, tokenFault: null });
    expect((await ask('/api/about')).json()).toMatchObject({ isAdmin: false, tokenFault: null });
  });

  test('decides how much is seen, whatever the question says', async () => {
    const { post, inspection } = await startRig({ token: rightToken });
    const question = { what: 'znode', path: '/a', viewer: 'admin' };
    await post('/api/ask/2', question);
    await post('/api/ask/2', question, bearer(rightToken));

    expect(inspection.asked.map((asked) => asked.question)).toEqual([
      { what: 'znode', path: '/a', viewer: 'world' },
      { what: 'znode', path: '/a', viewer: 'admin' },
    ]);
  });

  test('that is wrong gets a sentence, and the page can go on without it', async () => {
    const { ask, post } = await startRig({ token: rightToken });
    const answer = await post('/api/ask/1', { what: 'recent' }, bearer(wrongToken));
    const about = await ask('/api/about', { headers: bearer(wrongToken) });

    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
    expect(answer.json().error).toContain('not the right one');
    expect(about.json()).toMatchObject({ isAdmin: false });
    expect(about.json().tokenFault).toContain('not the right one');
    expect((await post('/api/ask/1', { what: 'recent' })).status).toBe(200);
  });

  test('in any other form is wrong', async () => {
    const { ask } = await startRig({ token: rightToken });
    const forms = [
      rightToken,
      `Basic ${rightToken}`,
      'Bearer',
      'Bearer ',
      `Bearer ${rightToken} x`,
    ];

    for (const authorization of forms) {
      const about = await ask('/api/about', { headers: { authorization } });
      expect([authorization, about.json().isAdmin]).toEqual([authorization, false]);
    }
  });

  test('ends when its time is over', async () => {
    const fake = new FakeClock();
    const tokenExpiresMs = fake.wallMs() + 1;
    const { ask, post } = await startRig({ token: rightToken, tokenExpiresMs, clock: fake });
    const right = await ask('/api/about', { headers: bearer(rightToken) });
    fake.nowMs++;
    const expired = await post('/api/ask/1', { what: 'recent' }, bearer(rightToken));
    const about = await ask('/api/about', { headers: bearer(rightToken) });

    expect(right.json().isAdmin).toBe(true);
    expect(expired.status).toBe(401);
    expect(expired.json().error).toContain('has expired');
    expect(about.json()).toMatchObject({ isAdmin: false, canWrite: false });
  });

  test('where none is configured is answered so', async () => {
    const { post } = await startRig();
    const answer = await post('/api/ask/1', { what: 'recent' }, bearer(wrongToken));

    expect(answer.status).toBe(401);
    expect(answer.json().error).toContain('console.token');
  });

  test('is in no answer', async () => {
    const { ask, post } = await startRig({ token: rightToken });
    const answers = [
      await ask('/api/about', { headers: bearer(rightToken) }),
      await post('/api/write', {}, bearer(rightToken)),
      await post('/api/ask/1', { what: 'no' }, bearer(rightToken)),
      await ask(`/api/${rightToken}`),
      await post('/api/write', {}, bearer(wrongToken)),
    ];

    for (const { text } of answers) {
      expect(text).not.toContain(rightToken);
      expect(text).not.toContain(wrongToken);
    }
  });
});
