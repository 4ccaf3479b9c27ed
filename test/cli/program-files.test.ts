/** The built program: few files, with the console's page found from where they lie. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { startServer, whyNoServer } from '../support/server.ts';
import { treeTop } from '../support/tidy-source.ts';
import { pause } from '../support/zoo-process.ts';

const folder = join(treeTop, 'dist/cli');
const staticImport = /^(?:import|export)\b[^'"\n]*["']([^"']+)["'];?$/gm;

/** The page may be served a moment later than clients. */
async function asked(address: string): Promise<Response> {
  for (;;) {
    const answer = await fetch(address).catch(() => null);
    if (answer !== null) return answer;
    await pause(10);
  }
}

describe.skipIf(whyNoServer !== null)('the built program', () => {
  test('imports Node, lmdb and its own few files', () => {
    const isPart = (name: string): boolean => /^main\..*js$/.test(name);
    const parts = readdirSync(folder).filter(isPart);
    expect(parts).toContain('main.js');
    expect(parts.length).toBeLessThan(20);
    for (const part of parts) {
      const text = readFileSync(join(folder, part), 'utf8');
      for (const [, from = ''] of text.matchAll(staticImport)) {
        expect(from).toMatch(/^(node:.*|lmdb|\.\/main\..*js)$/);
      }
    }
  });

  test('serves the page', async () => {
    const port = await freePort();
    const server = await startServer([`console.port=${port}`]);
    onTestFinished(async () => void (await server.stop()));

    const answer = await asked(`http://127.0.0.1:${port}/`);

    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('<!doctype html>');
  });
});
