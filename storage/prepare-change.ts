/**
 * Prepare one change of a znode, alone or as a part of a multi: delete, setData, setAcl, check; the
 * creates are in prepare-create.ts. Each follows ZooKeeper's order of checks (spec 2.5).
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import type { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { isSystemPath, parentPath, pathFault } from '../protocol/path.ts';
import { Permission, readAcl, writeAcl } from '../protocol/record.ts';
import type { PrepareContext } from './prepare-context.ts';
import { prepareCreate } from './prepare-create.ts';

/** Reads the record of `op` from the context, appends the body of its txn to `writer`. */
export function prepareChange(context: PrepareContext, op: number, writer: JuteWriter): number {
  switch (op) {
    case Opcode.create:
    case Opcode.create2:
    case Opcode.createContainer:
    case Opcode.createTtl:
      return prepareCreate(context, op, writer);
    case Opcode.delete:
      return prepareDelete(context, writer);
    case Opcode.setData:
      return prepareSetData(context, writer);
    case Opcode.setAcl:
      return prepareSetAcl(context, writer);
    case Opcode.check:
      return prepareCheck(context, writer);
    default:
      return ErrorCode.unimplemented;
  }
}

const anyVersion = -1;

function prepareDelete(context: PrepareContext, writer: JuteWriter): number {
  const path = context.path();
  const { pathStart, pathEnd, reader, outstanding } = context;
  const version = reader.int();
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  if (isSystemPath(path) || path.charCodeAt(0) !== 0x2f || path.includes('\0')) {
    return ErrorCode.badArguments;
  }
  const parent = outstanding.findPath(parentPath(path));
  if (parent === null) return ErrorCode.noNode;
  if (!context.access.allows(parent.aclId, Permission.delete, context.caller)) {
    return ErrorCode.noAuth;
  }
  const record = outstanding.find(path, reader.buffer, pathStart, pathEnd);
  if (record === null) return ErrorCode.noNode;
  if (version !== anyVersion && version !== record.version) return ErrorCode.badVersion;
  if (record.childCount > 0) return ErrorCode.notEmpty;
  outstanding.touch(parent, context.zxid);
  parent.childCount--;
  assert(parent.childCount >= 0, 'prepare: a parent counts its children');
  outstanding.remove(record, context.zxid);
  writer.slice(reader.buffer, pathStart, pathEnd);
  return ErrorCode.ok;
}

/** Released versions pass through -1 when they wrap; we skip it, as ZooKeeper 3.10 does. */
export function nextVersion(version: number): number {
  const next = (version + 1) | 0;
  return next === anyVersion ? 0 : next;
}

function prepareSetData(context: PrepareContext, writer: JuteWriter): number {
  const path = context.path();
  const { pathStart, pathEnd, reader, outstanding } = context;
  const length = reader.range();
  const { start, stop } = reader;
  const version = reader.int();
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  if (pathFault(path) !== null) return ErrorCode.badArguments;
  const record = outstanding.find(path, reader.buffer, pathStart, pathEnd);
  if (record === null) return ErrorCode.noNode;
  if (!context.access.allows(record.aclId, Permission.write, context.caller)) {
    return ErrorCode.noAuth;
  }
  const more = Math.max(length, 0) - record.dataLength;
  if (context.rules.enforceQuota && context.state.quotas.exceeded(path, 0, more)) {
    return ErrorCode.quotaExceeded;
  }
  if (version !== anyVersion && version !== record.version) return ErrorCode.badVersion;
  outstanding.touch(record, context.zxid);
  record.version = nextVersion(record.version);
  assert(record.version !== anyVersion, 'prepare: no version means any');
  record.dataLength = Math.max(length, 0);
  writer.slice(reader.buffer, pathStart, pathEnd);
  if (length < 0) writer.int(-1);
  else writer.slice(reader.buffer, start, stop);
  writer.int(record.version);
  return ErrorCode.ok;
}

function prepareSetAcl(context: PrepareContext, writer: JuteWriter): number {
  const path = context.path();
  const { pathStart, pathEnd, reader, outstanding } = context;
  const list = readAcl(reader);
  const version = reader.int();
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  if (pathFault(path) !== null) return ErrorCode.badArguments;
  const fixed = context.access.fix(list, context.caller);
  if (fixed === null) return ErrorCode.invalidAcl;
  const record = outstanding.find(path, reader.buffer, pathStart, pathEnd);
  if (record === null) return ErrorCode.noNode;
  if (!context.access.allows(record.aclId, Permission.admin, context.caller)) {
    return ErrorCode.noAuth;
  }
  if (version !== anyVersion && version !== record.aversion) return ErrorCode.badVersion;
  outstanding.touch(record, context.zxid);
  record.aversion = nextVersion(record.aversion);
  assert(fixed.length > 0, 'prepare: an ACL list is never empty');
  outstanding.setAcl(record, context.state.tree.acls.intern(fixed));
  writer.slice(reader.buffer, pathStart, pathEnd);
  writeAcl(writer, fixed);
  writer.int(record.aversion);
  return ErrorCode.ok;
}

function prepareCheck(context: PrepareContext, writer: JuteWriter): number {
  const path = context.path();
  const { pathStart, pathEnd, reader } = context;
  const version = reader.int();
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  if (pathFault(path) !== null) return ErrorCode.badArguments;
  const record = context.outstanding.find(path, reader.buffer, pathStart, pathEnd);
  if (record === null) return ErrorCode.noNode;
  if (!context.access.allows(record.aclId, Permission.read, context.caller)) {
    return ErrorCode.noAuth;
  }
  if (version !== anyVersion && version !== record.version) return ErrorCode.badVersion;
  writer.slice(reader.buffer, pathStart, pathEnd);
  assert(record.exists, 'prepare: what is checked is there');
  writer.int(nextVersion(version));
  return ErrorCode.ok;
}
