/**
 * What is wrong with a question that somebody sent as JSON, in a sentence that also says what would
 * be right. What passes here is a `Question`; whether there is such a znode or session, and whether
 * a pattern can be read, is for those who answer.
 */

import { pathFault } from './path.ts';

/** Rows, groups or hits that one answer holds at most. */
export const answerRowsMax = 1000;
/** Characters of what is looked for. */
export const searchTextMax = 1000;
const pathCharsMax = 64 * 1024;

type Fields = Readonly<Record<string, unknown>>;
type Check = (fields: Fields) => string | null;

const checks: { readonly [what: string]: readonly Check[] } = {
  status: [],
  actors: [],
  recent: [],
  sessions: [text, ...paging()],
  session: [sessionId],
  watches: [oneOf('by', ['path', 'session']), text, ...paging()],
  children: [path('path'), viewer, ...paging()],
  znode: [path('path'), viewer],
  search: [
    path('root'),
    text,
    soughtText,
    boolean('isRegex'),
    oneOf('in', ['path', 'content']),
    whole('limit', 1, answerRowsMax),
    viewer,
  ],
  export: [path('root'), viewer],
};

/** Why `value` is no question, as a sentence; null when it is one. */
export function questionFault(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return 'a question is a JSON object with a field "what"';
  }
  const fields = value as Fields;
  const { what } = fields;
  if (typeof what !== 'string' || !Object.hasOwn(checks, what)) {
    return `"what" is ${shown(what)}, it must be one of: ${Object.keys(checks).join(', ')}`;
  }
  for (const check of checks[what]!) {
    const fault = check(fields);
    if (fault !== null) return fault;
  }
  return null;
}

function path(name: string): Check {
  return (fields) => {
    const value = fields[name];
    if (typeof value !== 'string') return mustBe(name, value, 'the path of a znode, like "/a/b"');
    if (value.length > pathCharsMax) return `"${name}" is longer than ${pathCharsMax} characters`;
    const fault = pathFault(value);
    return fault === null ? null : `"${name}" is no path of a znode: ${fault}`;
  };
}

function whole(name: string, min: number, max: number): Check {
  return (fields) => {
    const value = fields[name];
    const isValid = Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
    if (isValid) return null;
    const bounds = max === Number.MAX_SAFE_INTEGER ? `of at least ${min}` : `from ${min} to ${max}`;
    return mustBe(name, value, `a whole number ${bounds}`);
  };
}

function paging(): Check[] {
  return [whole('offset', 0, Number.MAX_SAFE_INTEGER), whole('limit', 1, answerRowsMax)];
}

function boolean(name: string): Check {
  return (fields) =>
    typeof fields[name] === 'boolean' ? null : mustBe(name, fields[name], 'true or false');
}

function oneOf(name: string, values: readonly string[]): Check {
  return (fields) => {
    const isValid = values.some((value) => value === fields[name]);
    return isValid ? null : mustBe(name, fields[name], values.map(shown).join(' or '));
  };
}

function viewer(fields: Fields): string | null {
  return oneOf('viewer', ['world', 'admin'])(fields);
}

function text(fields: Fields): string | null {
  const { text: value } = fields;
  if (typeof value === 'string' && value.length <= searchTextMax) return null;
  return mustBe('text', value, `a text of at most ${searchTextMax} characters`);
}

function soughtText(fields: Fields): string | null {
  return fields['text'] === '' ? '"text" is empty, it must say what to look for' : null;
}

function sessionId({ id }: Fields): string | null {
  if (typeof id === 'string' && /^0x[0-9a-f]{1,16}$/i.test(id)) return null;
  return mustBe('id', id, 'a session id in hex, like "0x1000035dffb0000"');
}

function mustBe(name: string, value: unknown, what: string): string {
  return `"${name}" is ${shown(value)}, it must be ${what}`;
}

/** A value in a sentence, cut short: it may be anything. */
function shown(value: unknown): string {
  if (value === undefined) return 'missing';
  const json = typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value);
  return json.length > 60 ? `${json.slice(0, 60)}…` : json;
}
