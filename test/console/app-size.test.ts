/**
 * The console's app as it is built: small, of files only, and its page says nothing that the
 * strictest content security policy would refuse. Its sources put no text into the page as HTML.
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTree, treeTop } from '../support/tidy-source.ts';

const bytesMax = 200_000;
const above = mkdtempSync(join(tmpdir(), 'natskeeper-app-'));
const folder = join(above, 'app');

beforeAll(async () => {
  const configFile = join(treeTop, 'console/vite.config.ts');
  await build({ configFile, build: { outDir: folder } });
});

afterAll(() => rmSync(above, { recursive: true, force: true }));

const builtFiles = (): { name: string; text: string }[] =>
  readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => /\.\w+$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(folder, name), 'utf8') }));

describe('the built app', () => {
  test('is less than 200 KB of script, style and page together', () => {
    const own = builtFiles().filter(({ name }) => /\.(js|css|html)$/.test(name));
    const bytes = own.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);

    expect(own.map(({ name }) => name.split('.').at(-1)).sort()).toEqual(
      expect.arrayContaining(['css', 'html', 'js']),
    );
    expect(bytes).toBeLessThan(bytesMax);
  });

  test('has nothing inline in its page, and names only files of its own', () => {
    const page = readFileSync(join(folder, 'index.html'), 'utf8');
    const addresses = [...page.matchAll(/\b(?:src|href)="([^"]*)"/g)].map((match) => match[1]!);

    expect(page).not.toMatch(/<style|\sstyle=|\son\w+=/i);
    for (const script of page.matchAll(/<script([^>]*)>([^<]*)/g)) {
      expect(script[1]).toContain(' src=');
      expect(script[2]).toBe('');
    }
    expect(addresses.length).toBeGreaterThan(1);
    for (const address of addresses) {
      expect(address).toMatch(/^\.\//);
      expect(existsSync(join(folder, address)), address).toBe(true);
    }
  });

  test('asks nothing of any other host, and evaluates no text', () => {
    // Names of XML are no addresses that anything is fetched from.
    const names =
      /https?:\/\/www\.w3\.org\/(1998\/Math\/MathML|1999\/xhtml|1999\/xlink|2000\/svg)/g;
    for (const { name, text } of builtFiles()) {
      const rest = text.replace(names, '');
      expect(rest, name).not.toMatch(/https?:\/\/|["'`(]\/\/[\w-]+\.|\bdata:[a-z]+\//);
      expect(rest, name).not.toMatch(/\beval\(|\bnew Function\(/);
    }
  });

  test('has all drawings beside it', () => {
    const drawings = readdirSync(join(treeTop, 'console/drawings'));
    const wanted = drawings.filter((name) => /\.(svg|css)$/.test(name)).sort();

    expect(readdirSync(join(folder, '../drawings')).sort()).toEqual(wanted);
  });
});

test('no source of the app writes HTML', () => {
  const forbidden = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|srcdoc/;
  const sources = readTree().filter(({ path }) => path.startsWith('console/app/'));

  expect(sources.length).toBeGreaterThan(20);
  for (const { path, text } of sources) {
    expect(text, path).not.toMatch(forbidden);
    // Parsing as XML is for our own drawings.
    if (path !== 'console/app/parts/drawing.ts') expect(text, path).not.toContain('DOMParser');
  }
});
