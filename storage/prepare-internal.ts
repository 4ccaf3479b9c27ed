/**
 * Prepare what is not a plain change of a znode: the end of a session, syncs, the removal of
 * containers and expired TTL znodes.
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import type { JuteWriter } from '../protocol/jute.ts';
import { isSystemPath, parentPath } from '../protocol/path.ts';
import type { PrepareContext } from './prepare-context.ts';

/** The list of ephemerals is fixed here, so that their removal is one txn and replays alike. */
export function prepareCloseSession(context: PrepareContext, writer: JuteWriter): number {
  const { outstanding, session, zxid } = context;
  const paths = outstanding.ephemeralsOf(session);
  outstanding.closing.add(session);
  for (const path of paths) {
    const record = outstanding.findPath(path);
    const parent = outstanding.findPath(parentPath(path));
    if (record === null || parent === null) continue;
    assert(record.owner === session, 'prepare: a session takes only its own ephemerals along');
    outstanding.touch(parent, zxid);
    parent.childCount--;
    assert(parent.childCount >= 0, 'prepare: a parent counts its children');
    outstanding.remove(record, zxid);
  }
  writer.strings(paths);
  return ErrorCode.ok;
}

/** No change: a sync is a txn so that its answer comes behind all that was agreed upon by then. */
export function prepareSync(context: PrepareContext, writer: JuteWriter): number {
  const { reader } = context;
  const from = reader.position;
  reader.range();
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  writer.raw(reader.buffer, from, reader.position);
  return ErrorCode.ok;
}

/** A container or an expired TTL znode, by the replica's own checker (spec 3.4). */
export function prepareDeleteContainer(context: PrepareContext, writer: JuteWriter): number {
  const path = context.path();
  const { outstanding } = context;
  if (isSystemPath(path)) return ErrorCode.badArguments;
  const record = outstanding.findPath(path);
  if (record === null) return ErrorCode.noNode;
  if (record.childCount > 0) return ErrorCode.notEmpty;
  // It may have been replaced since the checker saw it: by an ephemeral, or by a plain znode.
  if (record.kind === 0) return ErrorCode.badVersion;
  const parent = outstanding.findPath(parentPath(path));
  if (parent === null) return ErrorCode.noNode;
  outstanding.touch(parent, context.zxid);
  parent.childCount--;
  assert(parent.childCount >= 0, 'prepare: a parent counts its children');
  outstanding.remove(record, context.zxid);
  writer.string(path);
  return ErrorCode.ok;
}

/**
 * Body: int timeout (ms), int origin of the process at which it is to go on. Never an error txn:
 * whoever waits for the answer finds it in the txn.
 */
export function prepareMoveSession(context: PrepareContext, writer: JuteWriter): number {
  const { reader, outstanding, session, state } = context;
  const timeoutMs = reader.int();
  const holder = reader.int();
  const isThere = state.sessions.has(session) || outstanding.opening.has(session);
  writer.int(isThere && !outstanding.closing.has(session) ? timeoutMs : -1).int(holder);
  return ErrorCode.ok;
}
