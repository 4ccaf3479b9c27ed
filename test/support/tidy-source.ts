/**
 * Reads our own tree for tidy.test.ts: which files there are, what they import, and their code with
 * comments and strings blanked out, so that a rule about calls does not trip over a sentence.
 * A rough lexer of TypeScript is enough here: no package may be asked for a syntax tree.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';

export const treeTop = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface ImportOf {
  readonly line: number;
  /** The specifier as written. */
  readonly from: string;
  /** Path in our tree for a relative import, else null. */
  readonly path: string | null;
  readonly isType: boolean;
  /** What stands between `import` and `from`. */
  readonly names: string;
}

export interface SourceFile {
  /** Relative to the top of the tree, with slashes. */
  readonly path: string;
  /** First component of the path; '' for files at the top. */
  readonly folder: string;
  readonly text: string;
  readonly isCode: boolean;
  /** The text with comments and the insides of strings blanked; line numbers stay. */
  readonly code: string;
  readonly imports: readonly ImportOf[];
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

const skippedFolders = new Set(['node_modules', 'dist', 'data', 'coverage', '.git']);
const textEndings = /(\.(ts|tsx|mts|mjs|js|json|md|yml|yaml|cfg|sh|c|html|css)|^\.ci\/run)$/;
const codeEndings = /\.(ts|tsx|mts|mjs|js)$/;

/** All files of our tree that we write by hand. */
export function readTree(top = treeTop): SourceFile[] {
  const files: SourceFile[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(top, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory() && !skippedFolders.has(entry.name)) walk(path);
      else if (entry.isFile() && textEndings.test(path)) {
        files.push(sourceFile(path, readFileSync(join(top, path), 'utf8')));
      }
    }
  };
  walk('');
  return files;
}

export function sourceFile(path: string, text: string): SourceFile {
  const isCode = codeEndings.test(path);
  const folder = path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
  const blanked = isCode ? blank(text, { strings: false }) : '';
  const code = isCode ? blank(text, { strings: true }) : '';
  return { path, folder, text, isCode, code, imports: isCode ? importsOf(path, blanked) : [] };
}

export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

const importPattern =
  /(?:^|[\n;])\s*(?:import|export)\s+(type\s+)?([^'";]*?)\s*from\s*['"]([^'"]+)['"]/g;
const bareImportPattern = /(?:^|[\n;])\s*import\s+()()['"]([^'"]+)['"]/g;
const dynamicImportPattern = /\bimport\(\s*()()['"]([^'"]+)['"]\s*\)/g;

function importsOf(path: string, text: string): ImportOf[] {
  const list: ImportOf[] = [];
  for (const pattern of [importPattern, bareImportPattern, dynamicImportPattern]) {
    for (const match of text.matchAll(pattern)) {
      const from = match[3]!;
      list.push({
        line: lineOf(text, match.index + match[0].length),
        from,
        path: from.startsWith('.') ? posix.join(posix.dirname(path), from) : null,
        isType: match[1] !== undefined,
        names: match[2] ?? '',
      });
    }
  }
  return list;
}

const spaces = (text: string): string => text.replace(/[^\n]/g, ' ');

/** Blanks comments and, if asked, the insides of strings, templates and regular expressions. */
function blank(text: string, { strings }: { strings: boolean }): string {
  let out = '';
  let at = 0;
  /** Depth of braces at which each open template expression ends. */
  const templates: number[] = [];
  let depth = 0;
  const take = (end: number, isString: boolean): void => {
    const part = text.slice(at, end);
    const inside = part.length > 1 ? part[0] + spaces(part.slice(1, -1)) + part.at(-1) : part;
    out += isString ? (strings ? inside : part) : spaces(part);
    at = end;
  };
  while (at < text.length) {
    const char = text[at]!;
    if (text.startsWith('//', at)) take(endOf(text, at, '\n'), false);
    else if (text.startsWith('/*', at)) take(endOf(text, at + 2, '*/') + 2, false);
    else if (char === "'" || char === '"') take(stringEnd(text, at, char), true);
    else if (char === '/' && startsRegExp(out)) take(regExpEnd(text, at), true);
    else if (char === '`' || (char === '}' && templates.at(-1) === depth)) {
      if (char === '}') templates.pop();
      const end = templateEnd(text, at + 1);
      if (text[end - 1] === '{') templates.push(depth);
      take(end, true);
    } else {
      if (char === '{') depth++;
      if (char === '}') depth--;
      out += char;
      at++;
    }
  }
  return out;
}

function endOf(text: string, from: number, mark: string): number {
  const at = text.indexOf(mark, from);
  return at < 0 ? text.length : at;
}

function stringEnd(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote || text[at] === '\n') return at + 1;
  }
  return text.length;
}

/** Where a template's text ends: behind its backtick, or behind the `{` of an expression. */
function templateEnd(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '`') return at + 1;
    else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
  }
  return text.length;
}

function regExpEnd(text: string, start: number): number {
  let inClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') inClass = true;
    else if (text[at] === ']') inClass = false;
    else if (text[at] === '/' && !inClass) return at + 1;
  }
  return start + 1;
}

/** A slash opens a regular expression where no value stands before it. */
function startsRegExp(before: string): boolean {
  return /(?:^|[(,=:[!&|?{};+>]|\breturn|\bcase)\s*$/.test(before.slice(-80));
}
