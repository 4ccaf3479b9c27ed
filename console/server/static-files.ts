/**
 * The files of the built page and the machines' drawings, from two folders and nothing else: a
 * path is taken apart into plain names first, and links that lead out of the folder are not
 * followed.
 */

import { readFile, realpath } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { Refusal } from './refusal.ts';
import type { Reply } from './reply.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
};
const notFound = 404;
const unavailable = 503;
/** Their names change with their contents. */
const hashed = /^assets\/.+-[\w-]{8,}\.\w+$/;
const plainName = /^[\w-][\w.-]*$/;

export interface StaticFolders {
  readonly app: string;
  readonly drawings: string;
}

/** The file of a path of the page. @throws Refusal when there is none */
export async function staticFile(folders: StaticFolders, path: string): Promise<Reply> {
  const [first, ...rest] = path.slice(1).split('/');
  if (first === 'drawings') return fileReply(folders.drawings, rest);
  if (path !== '/') return fileReply(folders.app, [first ?? '', ...rest]);
  try {
    return await fileReply(folders.app, ['index.html']);
  } catch (failure) {
    if (!(failure instanceof Refusal)) throw failure;
    throw new Refusal(unavailable, 'the page is not built: npm run build makes it');
  }
}

async function fileReply(folder: string, names: readonly string[]): Promise<Reply> {
  const none = new Refusal(notFound, 'there is no such file');
  const type = types[extname(names.at(-1) ?? '').toLowerCase()];
  if (type === undefined || !names.every((name) => plainName.test(name))) throw none;
  const body = await readInside(folder, names);
  if (body === null) throw none;
  const kept = hashed.test(names.join('/')) ? 'public, max-age=31536000, immutable' : 'no-cache';
  return { status: 200, type, body, headers: { 'cache-control': kept } };
}

async function readInside(folder: string, names: readonly string[]): Promise<Buffer | null> {
  try {
    const top = await realpath(folder);
    const file = await realpath(join(top, ...names));
    return file.startsWith(top + sep) ? await readFile(file) : null;
  } catch (failure) {
    const { code } = failure as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return null;
    throw failure;
  }
}
