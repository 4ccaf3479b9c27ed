/**
 * Questions to a replica, as a page sends them: every field is checked before anything goes on the
 * bus, and fields that are not asked for are left out. Who looks is said by the server, never by
 * the page.
 */

import type { Paging, Question, Viewer } from '../../protocol/inspection.ts';
import { pathFault } from '../../protocol/path.ts';
import {
  booleanField,
  integerField,
  type JsonObject,
  textField,
  wordField,
} from './json-fields.ts';
import { Refusal } from './refusal.ts';

const badRequest = 400;
const textLengthMax = 1_000;
const patternLengthMax = 200;
const pathLengthMax = 100_000;
const pageMax = 1_000;
const offsetMax = 2 ** 31 - 1;

const kinds = [
  'status',
  'actors',
  'recent',
  'sessions',
  'session',
  'watches',
  'children',
  'znode',
  'search',
  'export',
] as const;

/** @throws Refusal that names the field */
export function questionOf(body: JsonObject, viewer: Viewer): Question {
  const what = wordField(body, 'what', kinds);
  switch (what) {
    case 'status':
    case 'actors':
    case 'recent':
      return { what };
    case 'sessions':
      return { what, text: textField(body, 'text', textLengthMax), ...pagingOf(body) };
    case 'session':
      return { what, id: sessionIdOf(body) };
    case 'watches': {
      const by = wordField(body, 'by', ['path', 'session']);
      return { what, by, text: textField(body, 'text', textLengthMax), ...pagingOf(body) };
    }
    case 'children':
      return { what, path: pathOf(body, 'path'), viewer, ...pagingOf(body) };
    case 'znode':
      return { what, path: pathOf(body, 'path'), viewer };
    case 'search':
      return { ...searchOf(body), viewer };
    case 'export':
      return { what, root: pathOf(body, 'root'), viewer };
  }
}

function searchOf(body: JsonObject) {
  const isRegex = booleanField(body, 'isRegex');
  const text = textField(body, 'text', isRegex ? patternLengthMax : textLengthMax);
  if (text === '') throw new Refusal(badRequest, '"text" must not be empty');
  if (isRegex) checkPattern(text);
  return {
    what: 'search',
    root: pathOf(body, 'root'),
    text,
    isRegex,
    in: wordField(body, 'in', ['path', 'content']),
    limit: integerField(body, 'limit', { min: 1, max: pageMax }),
  } as const;
}

function checkPattern(text: string): void {
  try {
    new RegExp(text);
  } catch (failure) {
    throw new Refusal(badRequest, `"text" is no regular expression: ${(failure as Error).message}`);
  }
}

function pagingOf(body: JsonObject): Paging {
  return {
    offset: integerField(body, 'offset', { min: 0, max: offsetMax }),
    limit: integerField(body, 'limit', { min: 1, max: pageMax }),
  };
}

function sessionIdOf(body: JsonObject): string {
  const id = textField(body, 'id', 18);
  if (/^0x[0-9a-f]{1,16}$/i.test(id)) return id;
  throw new Refusal(badRequest, '"id" must be a session id such as 0x100001a2b3c0000');
}

function pathOf(body: JsonObject, name: string): string {
  const path = textField(body, name, pathLengthMax);
  const fault = pathFault(path);
  if (fault !== null) throw new Refusal(badRequest, `"${name}" is no path of a znode: ${fault}`);
  return path;
}
