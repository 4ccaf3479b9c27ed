/**
 * Writes of the console and how each is taken back. An undo is the inverse write and is made only
 * if the znode still is what the write left behind: whoever changed it since keeps his change.
 */

import type { AclEntry, ZnodeStat, ZnodeView } from '../../../protocol/inspection.ts';

/** What the console's server is asked to do. */
export interface ZnodeWrite {
  readonly op: 'create' | 'set' | 'delete';
  readonly path: string;
  /** Base64. */
  readonly data?: string;
  readonly version?: number;
  readonly kind?: ZnodeView['kind'];
  readonly ttlMs?: number;
  readonly acl?: readonly AclEntry[];
}

/** One write that was made, as far as it can be taken back. */
export interface UndoStep {
  readonly write: ZnodeWrite;
  /** What has to be there for it; null: nothing. */
  readonly left: { readonly version: number; readonly data: string } | null;
}

/** What one press of a button did: a delete of a sub-tree has many steps. */
export interface Change {
  readonly title: string;
  /** In the order in which they were made; they are taken back from the last to the first. */
  readonly steps: readonly UndoStep[];
  /** Why not all of it can be taken back; null when it can. */
  readonly limits: string | null;
}

export function undoOfCreate(path: string, data: string): UndoStep {
  return { write: { op: 'delete', path, version: 0 }, left: { version: 0, data } };
}

/** Null when the value before was not readable. */
export function undoOfSet(before: ZnodeView, data: string, version: number): UndoStep | null {
  if (before.data === null) return null;
  const write: ZnodeWrite = { op: 'set', path: before.path, data: before.data, version };
  return { write, left: { version, data } };
}

/** Null for a znode that only its session can make again, or whose value was not readable. */
export function undoOfDelete(before: ZnodeView): UndoStep | null {
  if (before.data === null || before.kind === 'ephemeral') return null;
  return { write: creationOf(before.path, { ...before, data: before.data }), left: null };
}

/** The write that makes a znode as it was seen or exported. */
export function creationOf(
  path: string,
  from: Pick<ZnodeView, 'kind' | 'ttlMs' | 'acl'> & { readonly data: string },
): ZnodeWrite {
  const write: ZnodeWrite = { op: 'create', path, data: from.data, kind: from.kind, acl: from.acl };
  return from.ttlMs === null ? write : { ...write, ttlMs: from.ttlMs };
}

/** Why a step cannot be taken back now, as a sentence; null when it can. */
export function undoFault({ write, left }: UndoStep, now: ZnodeView | null): string | null {
  const { path } = write;
  if (left === null) {
    return now === null ? null : `${path} is there again: somebody has created it since.`;
  }
  if (now === null) return `${path} is gone: somebody has deleted it since.`;
  if (now.stat.version !== left.version || now.data !== left.data) {
    return `${path} has changed since (version ${now.stat.version}, not ${left.version}).`;
  }
  if (write.op === 'delete' && now.stat.numChildren > 0) {
    return `${path} has children now, so it cannot be deleted.`;
  }
  return null;
}

const changesMax = 20;

/** The last changes, the newest first. */
export function remembered(changes: readonly Change[], change: Change): readonly Change[] {
  return change.steps.length === 0 ? changes : [change, ...changes].slice(0, changesMax);
}

/** The version that a write came to: as the server said, or the next one. */
export function versionAfter(before: ZnodeStat, answer: { readonly stat?: ZnodeStat }): number {
  return answer.stat?.version ?? before.version + 1;
}
