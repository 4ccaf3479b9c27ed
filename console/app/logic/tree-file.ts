/**
 * The file that a sub-tree is exported to: JSON, values in base64, so that nothing is lost. What is
 * read from a file is checked field by field before anybody uses it.
 */

import type { AclEntry, ExportedZnode } from '../../../protocol/inspection.ts';

export interface TreeFile {
  readonly format: 'natskeeper-tree';
  readonly formatVersion: 1;
  readonly ensemble: string;
  readonly root: string;
  /** ISO time. */
  readonly exportedAt: string;
  /** Parents first. */
  readonly znodes: readonly ExportedZnode[];
}

export function treeFileText(file: Omit<TreeFile, 'format' | 'formatVersion'>): string {
  const whole: TreeFile = { format: 'natskeeper-tree', formatVersion: 1, ...file };
  return `${JSON.stringify(whole, null, 1)}\n`;
}

/** A name for the file: of the path, without what file systems do not like. */
export function treeFileName(ensemble: string, root: string, exportedAt: string): string {
  const place = root.replace(/[^\w.-]+/g, '-').replace(/^-+|-+$/g, '') || 'root';
  const time = exportedAt.slice(0, 19).replace(/:/g, '');
  return `${ensemble.replace(/[^\w.-]+/g, '-')}-${place}-${time}.json`;
}

/** The file, or a sentence that says what is wrong with it. */
export function readTreeFile(text: string): TreeFile | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'The file is not JSON.';
  }
  if (!isRecord(value) || value['format'] !== 'natskeeper-tree') {
    return 'The file is not an export of a tree: its "format" is not "natskeeper-tree".';
  }
  if (value['formatVersion'] !== 1) return 'The file has a format version that is not known here.';
  const { root, ensemble, exportedAt, znodes } = value;
  if (!isPath(root)) return 'The file has no valid "root".';
  if (!Array.isArray(znodes)) return 'The file has no list of "znodes".';
  const list: ExportedZnode[] = [];
  for (const [at, item] of znodes.entries()) {
    const znode = znodeOf(item);
    if (typeof znode === 'string') return `Entry ${at + 1} of "znodes" ${znode}.`;
    if (!isWithin(root, znode.path)) return `Entry ${at + 1} of "znodes" is not below ${root}.`;
    list.push(znode);
  }
  list.sort((a, b) => depthOf(a.path) - depthOf(b.path) || (a.path < b.path ? -1 : 1));
  const twice = list.find((znode, at) => at > 0 && list[at - 1]!.path === znode.path);
  if (twice !== undefined) return `The file has ${twice.path} twice.`;
  return {
    format: 'natskeeper-tree',
    formatVersion: 1,
    ensemble: String(ensemble ?? ''),
    root,
    exportedAt: String(exportedAt ?? ''),
    znodes: list,
  };
}

export const depthOf = (path: string): number => (path === '/' ? 0 : path.split('/').length - 1);

export const isWithin = (root: string, path: string): boolean =>
  root === '/' || path === root || path.startsWith(`${root}/`);

/** As ZooKeeper has it, but for the characters that it refuses: the replica says so itself. */
export function isPath(value: unknown): value is string {
  if (typeof value !== 'string' || !value.startsWith('/')) return false;
  if (value === '/') return true;
  const names = value.slice(1).split('/');
  return names.every((name) => name !== '' && name !== '.' && name !== '..');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const kinds = ['persistent', 'ephemeral', 'container', 'ttl'] as const;

function znodeOf(item: unknown): ExportedZnode | string {
  if (!isRecord(item)) return 'is not an object';
  const { path, data, acl, ttlMs } = item;
  const kind = kinds.find((known) => known === item['kind']);
  if (!isPath(path)) return 'has no valid "path"';
  if (typeof data !== 'string' || !isBase64(data)) return 'has no "data" in base64';
  if (kind === undefined) return `has no "kind" of ${kinds.join(', ')}`;
  if (kind === 'ttl' ? !isTtl(ttlMs) : ttlMs !== null) return 'has a wrong "ttlMs"';
  if (!Array.isArray(acl) || !acl.every(isAcl)) return 'has no valid "acl"';
  return { path, data, acl, kind, ttlMs: isTtl(ttlMs) ? ttlMs : null };
}

const isBase64 = (text: string): boolean =>
  text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);

const isTtl = (value: unknown): value is number => typeof value === 'number' && value > 0;

const isAcl = (value: unknown): value is AclEntry =>
  isRecord(value) &&
  typeof value['perms'] === 'string' &&
  typeof value['scheme'] === 'string' &&
  typeof value['id'] === 'string';
