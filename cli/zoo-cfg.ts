/**
 * The text of a zoo.cfg (or of its dynamic part) as a list of entries. The grammar is the one of
 * Java's properties files, as ZooKeeper reads them: `key=value`, `key: value`, `key value`,
 * comments after `#` or `!`, a backslash that continues a line, escapes. Pure; knows no key.
 *
 * Divergence: the text is taken as UTF-8, where Java takes ISO 8859-1.
 */

export interface CfgEntry {
  readonly key: string;
  readonly value: string;
  /** The line where the entry starts, from 1. */
  readonly line: number;
}

export class CfgSyntaxError extends Error {
  override readonly name = 'CfgSyntaxError';
  readonly line: number;

  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
  }
}

/** All entries in the order of the text; of two with the same key the later one counts. */
export function parseZooCfg(text: string): CfgEntry[] {
  const entries: CfgEntry[] = [];
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1;
    let logical = stripBlanks(lines[at]!);
    if (logical === '' || logical.startsWith('#') || logical.startsWith('!')) continue;
    while (isContinued(logical)) {
      at += 1;
      logical = logical.slice(0, -1) + stripBlanks(lines[at] ?? '');
    }
    if (logical !== '') entries.push(parseEntry(logical, line));
  }
  return entries;
}

function stripBlanks(line: string): string {
  return line.replace(/^[ \t\f]+/, '');
}

/** Does the line end with a backslash that is not itself escaped? */
function isContinued(line: string): boolean {
  let backslashes = 0;
  while (line.charAt(line.length - 1 - backslashes) === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function parseEntry(logical: string, line: number): CfgEntry {
  let end = 0;
  while (end < logical.length && !/[=: \t\f]/.test(logical.charAt(end))) {
    end += logical.charAt(end) === '\\' ? 2 : 1;
  }
  const rest = logical.slice(end).replace(/^[ \t\f]*[=:]?[ \t\f]*/, '');
  return {
    key: unescapeText(logical.slice(0, end), line).trim(),
    value: unescapeText(rest, line).trim(),
    line,
  };
}

const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f' };

function unescapeText(text: string, line: number): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(u[0-9a-fA-F]{4}|[\s\S]?)/g, (_match, escaped: string) => {
    if (escaped === 'u') throw new CfgSyntaxError(line, 'malformed \\uXXXX escape');
    if (escaped.length === 5) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
    return controls[escaped] ?? escaped;
  });
}
