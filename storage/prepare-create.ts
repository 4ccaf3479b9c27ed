/**
 * Prepare the four kinds of create (spec 2.5): flags, ttl, session, path, ACL, parent, permission,
 * suffix, absence, quota, in this order.
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { type JuteWriter, liesAt } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { parentPath, pathFault, sequenceSuffix } from '../protocol/path.ts';
import { Permission, readAcl, writeAcl } from '../protocol/record.ts';
import { CreateMode, isEphemeralMode, isSequentialMode, isTtlMode } from '../protocol/requests.ts';
import { openAclId } from './acl-table.ts';
import type { PrepareContext, PrepareRules } from './prepare-context.ts';
import { Flag, nameBytesMax } from './znode-rows.ts';

const ttlMax = 2 ** 40 - 1;
/** Divergence: a ttl stays a safe integer (285 000 years); ZooKeeper takes 2^60 - 1. */
const ttlMax353 = Number.MAX_SAFE_INTEGER;
const noTtl = -1;

export function prepareCreate(context: PrepareContext, op: number, writer: JuteWriter): number {
  const { reader, outstanding, zxid } = context;
  const requested = context.path();
  const { pathStart, pathEnd } = context;
  const dataLength = reader.range();
  const dataStart = reader.start;
  const dataEnd = reader.stop;
  const aclStart = reader.position;
  const isOpen = skipOpenAcl(context);
  const list = isOpen ? null : readAcl(reader);
  const flags = reader.int();
  const ttl = op === Opcode.createTtl ? reader.long() : noTtl;

  const modeError = modeFault(op, flags, ttl, context.rules);
  if (modeError !== ErrorCode.ok) return modeError;
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  const isPlain = op === Opcode.create || op === Opcode.create2;
  const isEphemeral = isPlain && isEphemeralMode(flags);
  // Only one replica would know when it has to go.
  if (isEphemeral && !context.hasGlobalSession()) return ErrorCode.ephemeralOnLocalSession;
  const slash = requested.lastIndexOf('/');
  if (slash < 0 || requested.includes('\0')) return ErrorCode.badArguments;
  const fixed = isOpen ? null : context.access.fix(list, context.caller);
  if (!isOpen && fixed === null) return ErrorCode.invalidAcl;
  // A slash that is one byte before the name in the string is so in the bytes: paths are UTF-8.
  const parentEnd = slash === 0 ? pathStart + 1 : reader.buffer.lastIndexOf(0x2f, pathEnd - 1);
  const parent = outstanding.find(parentPath(requested), reader.buffer, pathStart, parentEnd);
  if (parent === null) return ErrorCode.noNode;
  if (!context.access.allows(parent.aclId, Permission.create, context.caller)) {
    return ErrorCode.noAuth;
  }
  const suffix = isSequentialMode(flags) ? sequenceSuffix(parent.childCreates) : '';
  const path = requested + suffix;
  const isTooLong = pathEnd - pathStart > nameBytesMax;
  if (isTooLong || pathFault(path) !== null) return ErrorCode.badArguments;
  if (suffix === '') {
    if (outstanding.find(path, reader.buffer, pathStart, pathEnd)) return ErrorCode.nodeExists;
  } else if (outstanding.findPath(path)) return ErrorCode.nodeExists;
  if (parent.owner !== '') return ErrorCode.noChildrenForEphemerals;
  const size = Math.max(dataLength, 0);
  if (context.rules.enforceQuota && context.state.quotas.exceeded(path, 1, size)) {
    return ErrorCode.quotaExceeded;
  }

  assert(
    parentEnd > pathStart && parentEnd <= pathEnd,
    'prepare: a path is longer than its parent',
  );
  assert(parent.exists, 'prepare: the parent of a new znode is there');
  outstanding.touch(parent, zxid);
  parent.childCreates = (parent.childCreates + 1) | 0;
  parent.childCount++;
  assert(parent.childCount > 0, 'prepare: a parent counts its children');
  const aclId = fixed === null ? openAclId : context.state.tree.acls.intern(fixed);
  const owner = isEphemeral ? context.session : '';
  assert(!isEphemeral || owner !== '', 'prepare: an ephemeral has an owner');
  outstanding.create(path, zxid, { aclId, owner, kind: kindOf(op), dataLength: size });

  if (suffix === '') writer.slice(reader.buffer, pathStart, pathEnd);
  else writer.string(path);
  if (dataLength < 0) writer.int(-1);
  else writer.slice(reader.buffer, dataStart, dataEnd);
  if (fixed === null) writer.raw(reader.buffer, aclStart, aclStart + openAclBytes(context));
  else writeAcl(writer, fixed);
  if (isPlain) writer.boolean(isEphemeral);
  writer.int(parent.childCreates);
  if (op === Opcode.createTtl) writer.long(ttl);
  return ErrorCode.ok;
}

function kindOf(op: number): number {
  if (op === Opcode.createContainer) return Flag.container;
  return op === Opcode.createTtl ? Flag.ttl : 0;
}

function openAclBytes(context: PrepareContext): number {
  return context.state.tree.acls.encoded(openAclId).length;
}

/** Most creates carry the open ACL: told by its bytes, without decoding. */
function skipOpenAcl(context: PrepareContext): boolean {
  const { reader } = context;
  const open = context.state.tree.acls.encoded(openAclId);
  const end = reader.position + open.length;
  if (end > reader.end || !liesAt(open, reader.buffer, reader.position)) return false;
  reader.position = end;
  return true;
}

function modeFault(op: number, flags: number, ttl: number, rules: PrepareRules): number {
  if (flags < 0 || flags > CreateMode.persistentSequentialWithTtl) return ErrorCode.badArguments;
  if (isTtlMode(flags)) {
    if (!rules.extendedTypesEnabled) return ErrorCode.unimplemented;
    const max = rules.emulate353TtlNodes ? ttlMax353 : ttlMax;
    return ttl >= 1 && ttl <= max ? ErrorCode.ok : ErrorCode.badArguments;
  }
  // Apache ends its own log with a createTTL that is none (spec 9.3).
  if (op === Opcode.createTtl) return ErrorCode.badArguments;
  return ErrorCode.ok;
}
