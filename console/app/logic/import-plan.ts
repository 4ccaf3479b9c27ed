/**
 * What an import would do, before it does anything: each znode of the file is created, changed,
 * left as it is, or stands in conflict with what is there. Writes carry the version that was seen,
 * so that what changes in between is not overwritten.
 */

import type { ExportedZnode, ZnodeView } from '../../../protocol/inspection.ts';
import { isWithin, type TreeFile } from './tree-file.ts';
import { parentPath } from './tree-rows.ts';
import type { ZnodeWrite } from './znode-change.ts';
import { creationOf, type UndoStep, undoOfCreate, undoOfSet } from './znode-change.ts';

export type ImportAction = 'create' | 'change' | 'same' | 'conflict' | 'skip';

export interface ImportEntry {
  readonly path: string;
  readonly action: ImportAction;
  /** Why it is in conflict or left out; else null. */
  readonly reason: string | null;
  readonly write: ZnodeWrite | null;
  /** Takes the write back; made from what the write came to. */
  readonly undo: ((version: number) => UndoStep | null) | null;
  readonly versionBefore: number;
}

/** Where a path of the file goes when its root is put at `root`. */
export function movedPath(from: string, root: string, path: string): string {
  if (path === from) return root;
  const rest = from === '/' ? path : path.slice(from.length);
  return root === '/' ? rest : root + rest;
}

/** Looks each znode up (null: not there) and says what would happen, parents first. */
export async function planImport(
  file: TreeFile,
  root: string,
  look: (path: string) => Promise<ZnodeView | null>,
  progress: (done: number) => void,
): Promise<ImportEntry[]> {
  const entries: ImportEntry[] = [];
  /** What there will be: true for parents that can have children. */
  const parents = new Map<string, boolean>();
  const absent = new Set<string>();
  const lookAt = async (path: string): Promise<ZnodeView | null> =>
    absent.has(parentPath(path)) ? null : look(path);
  for (const znode of file.znodes) {
    const path = movedPath(file.root, root, znode.path);
    const above = parentPath(path);
    if (path !== '/' && !parents.has(above)) {
      const parent = await look(above);
      parents.set(above, parent !== null && parent.kind !== 'ephemeral');
    }
    const now = await lookAt(path);
    if (now === null) absent.add(path);
    const entry = entryOf(znode, path, now, path === '/' || parents.get(above) === true);
    const isThere = entry.action === 'create' || now !== null;
    parents.set(path, isThere && (now?.kind ?? znode.kind) !== 'ephemeral');
    entries.push(entry);
    progress(entries.length);
  }
  return entries;
}

function entryOf(
  znode: ExportedZnode,
  path: string,
  now: ZnodeView | null,
  hasParent: boolean,
): ImportEntry {
  const idle = (action: ImportAction, reason: string | null): ImportEntry => ({
    path,
    action,
    reason,
    write: null,
    undo: null,
    versionBefore: now?.stat.version ?? -1,
  });
  if (isWithin('/zookeeper', path)) return idle('skip', 'the ensemble itself keeps it');
  if (now === null) {
    if (znode.kind === 'ephemeral') return idle('skip', 'ephemeral: only its session can make it');
    if (!hasParent) return idle('conflict', 'its parent is not there, or cannot have children');
    if (znode.acl.some(({ scheme, id }) => scheme === 'digest' && id === '')) {
      return idle('conflict', 'its ACL was exported by somebody who could not see all of it');
    }
    return {
      ...idle('create', null),
      write: creationOf(path, znode),
      undo: () => undoOfCreate(path, znode.data),
    };
  }
  if (now.data === null) return idle('conflict', 'what is there is not readable');
  if (now.kind !== znode.kind) {
    return idle('conflict', `is ${now.kind} here and ${znode.kind} in the file`);
  }
  if (now.data === znode.data) {
    const isSame = JSON.stringify(now.acl) === JSON.stringify(znode.acl);
    return idle('same', isSame ? null : 'the ACL differs and stays as it is here');
  }
  return {
    ...idle('change', null),
    write: { op: 'set', path, data: znode.data, version: now.stat.version },
    undo: (version) => undoOfSet(now, znode.data, version),
  };
}

/** How many entries come to what. */
export function planCounts(entries: readonly ImportEntry[]): Record<ImportAction, number> {
  const counts = { create: 0, change: 0, same: 0, conflict: 0, skip: 0 };
  for (const { action } of entries) counts[action]++;
  return counts;
}
