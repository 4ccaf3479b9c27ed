/** The console's server as a browser sees it: files, headers, paths that lead nowhere, its port. */

import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { silentNotes } from '../../actors/note.ts';
import { startConsoleServer } from '../../console/server/console-server.ts';
import { contentPolicy } from '../../console/server/headers.ts';
import { FakeInspection } from './fake-inspection.ts';
import { startRig } from './rig.ts';

describe('files', () => {
  test('the page is at the top, and is asked for anew each time', async () => {
    const { ask } = await startRig();
    const page = await ask('/');

    expect(page.status).toBe(200);
    expect(page.text).toContain('<title>page</title>');
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8');
    expect(page.headers['cache-control']).toBe('no-cache');
  });

  test('files whose names tell their contents are kept', async () => {
    const { ask } = await startRig();
    const script = await ask('/assets/index-Ab12_-xY.js');

    expect(script.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(script.headers['cache-control']).toContain('immutable');
  });

  test('drawings and their style come from their own folder', async () => {
    const { ask } = await startRig();
    const drawing = await ask('/drawings/peer.svg');

    expect(drawing.text).toBe('<svg/>');
    expect(drawing.headers['content-type']).toBe('image/svg+xml; charset=utf-8');
    expect((await ask('/drawings/chart.css')).status).toBe(200);
  });

  test('HEAD has the headers and no body', async () => {
    const { ask } = await startRig();
    const head = await ask('/', { method: 'HEAD' });

    expect(head.status).toBe(200);
    expect(head.text).toBe('');
  });

  test('nothing beside the two folders is served, by any spelling', async () => {
    const { ask, appFolder } = await startRig();
    symlinkSync(join(appFolder, '..', 'secret.css'), join(appFolder, 'link.css'));
    const paths = [
      '/../secret.css',
      '/..%2fsecret.css',
      '/%2e%2e/secret.css',
      '/drawings/..%2f..%2fsecret.css',
      '/..%5csecret.css',
      '/link.css',
      '/drawings/draw.ts',
      '/drawings',
      '/drawings/',
      '/assets',
      '/no-such.js',
      '/index.html/more.js',
      '/%00.css',
      '//secret.css',
    ];

    for (const path of paths) {
      const answer = await ask(path);
      expect([path, answer.status]).toEqual([path, 404]);
      expect(answer.text).not.toContain('secret');
    }
  });

  test('a path that cannot be read is a bad request', async () => {
    const { ask } = await startRig();

    expect((await ask('/%E0%A4%A')).status).toBe(400);
    expect((await ask('/%zz.css')).status).toBe(400);
  });

  test('a page that was never built is told so', async () => {
    const { ask, appFolder } = await startRig();
    rmSync(appFolder, { recursive: true });
    const answer = await ask('/');

    expect(answer.status).toBe(503);
    expect(answer.json().error).toContain('npm run build');
  });

  test('files are only read', async () => {
    const { ask } = await startRig();

    expect((await ask('/', { method: 'DELETE' })).status).toBe(405);
    expect((await ask('/', { method: 'POST' })).status).toBe(405);
  });
});

describe('headers', () => {
  test('every answer carries the same protection', async () => {
    const { ask } = await startRig();
    const paths = ['/', '/no-such', '/api/about', '/api/no-such', '/api/demo', '/%zz'];

    for (const path of paths) {
      const { headers } = await ask(path);
      expect(headers['content-security-policy']).toBe(contentPolicy);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  test('the policy lets nothing in from elsewhere, and nothing inline', () => {
    expect(contentPolicy).toContain("default-src 'none'");
    expect(contentPolicy).not.toMatch(/unsafe|\*|data:|https?:/);
  });
});

describe('about', () => {
  test('says what this is', async () => {
    const { ask } = await startRig();
    const answer = await ask('/api/about');

    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.json()).toEqual({
      ensemble: 'blue',
      sid: 1,
      isDemo: false,
      canWrite: false,
      isAdmin: false,
      version: '9.9.9',
      tokenFault: null,
    });
  });

  test('is only read', async () => {
    const { post } = await startRig();

    expect((await post('/api/about', {})).status).toBe(405);
  });
});

test('paths of the API that mean nothing are not found', async () => {
  const { ask } = await startRig();

  for (const path of ['/api/', '/api/no-such', '/api/about/more', '/api/ask', '/api/ask/1/2']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404]);
  }
});

test('a port that another program has is named', async () => {
  const { console: running, appFolder } = await startRig();
  const start = startConsoleServer({
    inspection: new FakeInspection(),
    address: '127.0.0.1',
    port: running.port,
    appFolder,
    drawingsFolder: appFolder,
    token: null,
    writer: null,
    demo: null,
    notes: silentNotes,
    version: '1',
  });

  const sentence = `cannot listen on 127.0.0.1:${running.port}: another program has this port`;
  await expect(start).rejects.toThrow(sentence);
});

test('a fault of ours is noted, and not shown', async () => {
  const lines: string[] = [];
  const notes = {
    ...silentNotes,
    error: (message: string, fields?: object) =>
      void lines.push(`${message} ${JSON.stringify(fields)}`),
  };
  const { ask } = await startRig({
    notes,
    demo: {
      status: () => {
        throw new Error('inner details');
      },
      act: async () => ({}),
    },
  });
  const answer = await ask('/api/demo');

  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain('inner details');
  expect(lines).toEqual([expect.stringContaining('inner details')]);
});
