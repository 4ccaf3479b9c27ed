/**
 * Rules about a single file's text (style, sections 5.1, 5.2 and 5.4): calls that belong to one
 * home, sizes, the opening comment, names, leftovers, and nothing that names a machine or a
 * registry. The forbidden words are put together here from pieces, so that these rules hold for
 * this file too.
 */

import type { SourceFile, Violation } from './tidy-source.ts';
import { lineOf } from './tidy-source.ts';

const linesMax = 400;
const columnsMax = 100;

interface CallRule {
  readonly call: RegExp;
  readonly homes: readonly string[];
  readonly instead: string;
}

const rim = ['cli/', 'bench/', 'test/'];
const clock = {
  homes: ['actors/clock.ts', 'console/app/clock.ts', 'client/', ...rim],
  instead: 'take a Clock (clock.ts)',
};
const random = {
  homes: ['actors/random.ts', 'client/', ...rim],
  instead: 'take a Random (random.ts)',
};
const exit = { homes: rim, instead: 'leave it to cli/, and hand in what it says' };

const callRules: readonly CallRule[] = [
  { call: /\bDate\.now\b|\bnew Date\(\s*\)/g, ...clock },
  { call: /\bperformance\.now\b/g, ...clock },
  { call: /\bprocess\.hrtime\b/g, ...clock },
  { call: /(?<![\w.]|function )(setTimeout|setInterval|setImmediate)\s*\(/g, ...clock },
  { call: /\bglobalThis\.(setTimeout|setInterval|setImmediate)\b/g, ...clock },
  { call: /\bMath\.random\b/g, ...random },
  { call: /(?<![\w])(randomBytes|randomUUID|getRandomValues)\s*\(/g, ...random },
  { call: /\bprocess\.(exit|env)\b/g, ...exit },
  { call: /\bconsole\./g, homes: rim, instead: 'report through actors/trace.ts' },
];

const words = (...pairs: string[][]): string => pairs.map((pair) => pair.join('')).join('|');

const leftovers: readonly { mark: RegExp; instead: string }[] = [
  {
    mark: new RegExp(
      `\\b(${words(['TO', 'DO'], ['FIX', 'ME'], ['XX', 'X'], ['HA', 'CK'])})\\b`,
      'g',
    ),
    instead: 'do it, or open an issue',
  },
  { mark: /\b(it|test|describe|suite)\.only\(/g, instead: 'run all tests' },
  { mark: new RegExp(words(['@ts-', 'ignore']), 'g'), instead: 'fix the type' },
  { mark: new RegExp(words(['@ts-', 'nocheck']), 'g'), instead: 'fix the types' },
];

const places: readonly { mark: RegExp; instead: string }[] = [
  {
    mark: new RegExp(`(?<![\\w./])/(${words(['wo', 'rk'], ['ho', 'me'], ['ro', 'ot'])})/`, 'g'),
    instead: 'use a path relative to the repository or a temporary folder',
  },
  {
    mark: new RegExp(words(['registry', '\\.[\\w-]+\\.'], ['npm', 'js\\.(org|com)']), 'g'),
    instead: 'name no registry: the user has one configured',
  },
  { mark: /"resolved":\s*"https?:/g, instead: 'write the lock file without registry addresses' },
];

const isIn = (path: string, homes: readonly string[]): boolean =>
  homes.some((home) => (home.endsWith('/') ? path.startsWith(home) : path === home));

export function textViolations(file: SourceFile): Violation[] {
  const found = everywhere(file, file.text, places);
  if (!file.isCode) return found;
  found.push(...everywhere(file, file.text, leftovers));
  for (const { call, homes, instead } of callRules) {
    if (isIn(file.path, homes)) continue;
    found.push(...everywhere(file, file.code, [{ mark: call, instead }]));
  }
  found.push(...shape(file));
  return found;
}

function everywhere(
  { path }: SourceFile,
  text: string,
  marks: readonly { mark: RegExp; instead: string }[],
): Violation[] {
  const found: Violation[] = [];
  for (const { mark, instead } of marks) {
    for (const match of text.matchAll(mark)) {
      const message = `contains '${match[0].trim()}': ${instead}`;
      found.push({ path, line: lineOf(text, match.index), message });
    }
  }
  return found;
}

function shape({ path, text }: SourceFile): Violation[] {
  const found: Violation[] = [];
  const add = (line: number, message: string): unknown => found.push({ path, line, message });
  const lines = text.replace(/\n$/, '').split('\n');
  if (lines.length > linesMax) {
    add(linesMax + 1, `has ${lines.length} lines, at most ${linesMax}: split it by nouns`);
  }
  lines.forEach((line, at) => {
    // The first line of a program cannot be wrapped.
    if (at === 0 && line.startsWith('#!')) return;
    const columns = [...line].length;
    if (columns > columnsMax) add(at + 1, `has ${columns} columns, at most ${columnsMax}: wrap it`);
  });
  const start = lines[0]?.startsWith('#!') ? 1 : 0;
  if (!lines[start]?.startsWith('/**')) {
    add(start + 1, 'opens without a comment: say in three to eight lines what the file owns');
  }
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.\w+$/.test(name)) {
    add(1, `is named '${name}': kebab-case, please`);
  }
  if (name === 'index.ts' && path !== 'machines/index.ts') {
    add(1, 'is a barrel: import the file you mean');
  }
  return found;
}
