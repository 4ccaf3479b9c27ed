/**
 * What `npm start` and `npm test` say before anything runs: usage, arguments that make no sense, a
 * port in use. The rest of bootstrap.mjs is shown by running it on a fresh clone.
 */

import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { treeTop } from '../support/tidy-source.ts';

const script = join(treeTop, 'cli/bootstrap.mjs');

function bootstrap(...args: string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { code: status, said: stdout + stderr };
}

test('without a task it shows how it is used', () => {
  expect(bootstrap()).toEqual({ code: 0, said: expect.stringContaining('npm start -- --port') });
  expect(bootstrap('start', '--help').code).toBe(0);
  expect(bootstrap('dance').code).toBe(2);
});

test('arguments that make no sense are named', () => {
  const cases: [args: string[], said: string][] = [
    [['--speed', '9'], "cannot use '--speed'"],
    [['--port'], "cannot use '--port'"],
    [['--port', 'x'], 'from 1 to 65535'],
    [['--port=70000'], 'from 1 to 65535'],
  ];
  for (const [args, said] of cases) {
    expect(bootstrap('start', ...args)).toEqual({ code: 2, said: expect.stringContaining(said) });
  }
});

test('a port in use is named, and another is proposed', async () => {
  const other = createServer();
  await new Promise<void>((done) => other.listen(0, done));
  const address = other.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;

  const { code, said } = bootstrap('start', '--port', String(port));

  expect(code).toBe(1);
  expect(said).toMatch(new RegExp(`port ${port} is in use; .* npm start -- --port \\d+`));
  await new Promise((done) => other.close(done));
});
