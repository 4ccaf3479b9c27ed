/**
 * Checks the reply of a read against the model at the zxid in its header: error, data, Stat, names
 * of children, all of them exactly. Where names come in no order they are compared as a set.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { JuteReader, JuteWriter } from '../../../protocol/jute.ts';
import type { MultiResult } from '../../../protocol/multi.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { quotaPath, statsName } from '../../../protocol/path.ts';
import { type Acl, Permission, writeAcl } from '../../../protocol/record.ts';
import { writeReply } from '../../../protocol/replies.ts';
import type { Operation } from '../tap-journal.ts';
import { allows, type Caller } from './caller.ts';
import { hex, type Report } from './finding.ts';
import { type ModelTree, type ModelZnode, writeStat } from './model.ts';

const writer = new JuteWriter(4096);
const reader = new JuteReader();

/** Operations whose replies are checked here. */
export const checkedReads: ReadonlySet<number> = new Set([
  ...[Opcode.exists, Opcode.getData, Opcode.getAcl, Opcode.getChildren, Opcode.getChildren2],
  ...[Opcode.getEphemerals, Opcode.getAllChildrenNumber, Opcode.multiRead],
]);

/** The model stands at the zxid of the reply. */
export function checkRead(
  operation: Operation,
  model: ModelTree,
  caller: Caller,
  report: Report,
): void {
  report.count('reads');
  const fault = readFault(operation, model, caller);
  if (fault === null) return;
  report.add('C1', `a read at ${hex(operation.zxid)} ${fault}`, operation);
}

function readFault(operation: Operation, model: ModelTree, caller: Caller): string | null {
  const { op, body } = operation;
  if (op === Opcode.multiRead) return multiReadFault(operation, model, caller);
  if (op === Opcode.getEphemerals) return ephemeralsFault(operation, model);
  const path = pathOf(body);
  if (path === null) return errFault(operation, [ErrorCode.marshallingError]);
  const znode = model.find(path);
  const errors = errorsOf(op, path, znode, caller);
  if (!errors.includes(operation.err)) return errFault(operation, errors);
  if (operation.err !== ErrorCode.ok) return null;
  return bodyFault(operation, model, znode!, caller);
}

function errFault({ err }: Operation, expected: readonly number[]): string | null {
  return expected.includes(err) ? null : `has error ${err}, not ${expected.join(' or ')}`;
}

function pathOf(body: Buffer): string | null {
  try {
    return reader.reset(body, 0, body.length).string();
  } catch {
    return null;
  }
}

/** All that it may be answered with; more than one where rights are not seen from outside. */
function errorsOf(
  op: number,
  path: string,
  znode: ModelZnode | undefined,
  caller: Caller,
): readonly number[] {
  if (op === Opcode.exists && path.includes('\0')) return [ErrorCode.badArguments];
  if (znode === undefined) return [ErrorCode.noNode];
  const answers = [allows(znode.acl, Permission.read, caller)];
  if (op === Opcode.getAcl) answers.push(allows(znode.acl, Permission.admin, caller));
  if (answers.includes('yes')) return [ErrorCode.ok];
  return answers.includes('open') ? [ErrorCode.ok, ErrorCode.noAuth] : [ErrorCode.noAuth];
}

function bodyFault(
  { op, replyBody }: Operation,
  model: ModelTree,
  znode: ModelZnode,
  caller: Caller,
): string | null {
  const actual = replyBody!;
  writer.reset();
  switch (op) {
    case Opcode.exists:
      writeStat(writer, znode);
      return same(actual) ? null : statFault(actual, actual.length - 68, znode);
    case Opcode.getData:
      if (isUsage(znode)) return null;
      writer.bytes(znode.data);
      writeStat(writer, znode);
      return same(actual) ? null : dataFault(actual, znode);
    case Opcode.getAcl:
      return aclFault(actual, znode, caller);
    case Opcode.getAllChildrenNumber:
      writer.int(countBelow(model, znode));
      return same(actual) ? null : `counts ${actual.readInt32BE(0)} znodes below`;
    default:
      return childrenFault(actual, op, znode);
  }
}

function same(actual: Buffer): boolean {
  const { buffer, length } = writer;
  return actual.length === length && actual.compare(buffer, 0, length) === 0;
}

/** Usage under a quota is kept in its znode without txns. */
function isUsage({ path }: ModelZnode): boolean {
  return path.startsWith(`${quotaPath}/`) && path.endsWith(`/${statsName}`);
}

function dataFault(actual: Buffer, znode: ModelZnode): string {
  const data = reader.reset(actual, 0, actual.length).bytes();
  const isSame =
    data === null || znode.data === null ? data === znode.data : data.equals(znode.data);
  if (isSame) return statFault(actual, reader.position, znode);
  const shown = (bytes: Buffer | null) => bytes?.toString('latin1').slice(0, 40) ?? 'null';
  return `shows data "${shown(data)}", not "${shown(znode.data)}"`;
}

const statNames = [
  ...['czxid', 'mzxid', 'ctime', 'mtime', 'version', 'cversion', 'aversion', 'ephemeralOwner'],
  ...['dataLength', 'numChildren', 'pzxid'],
];
const ints = new Set(['version', 'cversion', 'aversion', 'dataLength', 'numChildren']);

/** Which fields of a Stat differ. */
export function statFault(actual: Buffer, start: number, znode: ModelZnode): string {
  writeStat(writer.reset(), znode);
  const wrong: string[] = [];
  let at = 0;
  for (const name of statNames) {
    const size = ints.has(name) ? 4 : 8;
    const seen = actual.toString('hex', start + at, start + at + size);
    const wanted = writer.buffer.toString('hex', at, at + size);
    if (seen !== wanted) wrong.push(`${name} 0x${seen} for 0x${wanted}`);
    at += size;
  }
  return `shows ${wrong.join(', ') || 'bytes that do not belong'}`;
}

function childrenFault(actual: Buffer, op: number, znode: ModelZnode): string | null {
  const fault = namesFault(actual, znode.children);
  if (fault !== null || op === Opcode.getChildren) return fault;
  writeStat(writer, znode);
  const isSame = actual.compare(writer.buffer, 0, writer.length, reader.position) === 0;
  return isSame ? null : statFault(actual, reader.position, znode);
}

function namesFault(actual: Buffer, wanted: ReadonlySet<string>): string | null {
  reader.reset(actual, 0, actual.length);
  const count = reader.int();
  const seen = new Set<string>();
  for (let left = count; left > 0; left--) {
    const name = reader.string() ?? '';
    if (!wanted.has(name)) return `lists ${name}, which is not there`;
    seen.add(name);
  }
  if (seen.size !== count) return 'lists a name twice';
  if (seen.size === wanted.size) return null;
  return `does not list ${[...wanted].find((name) => !seen.has(name))}`;
}

function aclFault(actual: Buffer, znode: ModelZnode, caller: Caller): string | null {
  const admin = allows(znode.acl, Permission.admin, caller);
  if (admin === 'open') return null;
  writeAcl(writer, admin === 'yes' ? znode.acl.list : znode.acl.list.map(withoutHash));
  writeStat(writer, znode);
  return same(actual) ? null : 'shows another ACL or Stat';
}

function withoutHash({ perms, id }: Acl): Acl {
  if (id.scheme !== 'digest') return { perms, id };
  return { perms, id: { scheme: 'digest', id: `${id.id.split(':')[0]}:x` } };
}

function countBelow(model: ModelTree, znode: ModelZnode): number {
  if (znode.parent === null) return model.znodes.size - 1;
  let count = 0;
  for (const name of znode.children) {
    count += 1 + countBelow(model, model.znodes.get(`${znode.path}/${name}`)!);
  }
  return count;
}

function ephemeralsFault(operation: Operation, model: ModelTree): string | null {
  if (operation.err !== ErrorCode.ok) return errFault(operation, [ErrorCode.ok]);
  const prefix = (pathOf(operation.body) ?? '').trim();
  const owned = [...(model.ephemerals.get(operation.session) ?? [])];
  const isAll = prefix === '' || prefix === '/';
  const wanted = owned.filter((path) => isAll || path.startsWith(prefix));
  return namesFault(operation.replyBody!, new Set(wanted));
}

function multiReadFault(operation: Operation, model: ModelTree, caller: Caller): string | null {
  if (operation.err !== ErrorCode.ok) {
    return errFault(operation, [ErrorCode.marshallingError]);
  }
  const requests = operation.multi();
  const results = operation.multiResults();
  if (requests.length !== results.length) return `has ${results.length} results`;
  for (const [index, { op, body }] of requests.entries()) {
    const fault = partFault(op, body.path ?? '', results[index]!, model, caller);
    if (fault !== null) return `has a part ${index} that ${fault}`;
  }
  return null;
}

function partFault(
  op: number,
  path: string,
  result: MultiResult,
  model: ModelTree,
  caller: Caller,
): string | null {
  const znode = model.find(path);
  const errors = errorsOf(op, path, znode, caller);
  const err = result.op === Opcode.error ? result.err : ErrorCode.ok;
  if (!errors.includes(err)) return `has error ${err}, not ${errors.join(' or ')}`;
  if (result.op === Opcode.error) return null;
  writer.reset();
  if (result.op === Opcode.getData) {
    const { data, stat } = result.body;
    const part = new JuteWriter();
    writeReply(Opcode.getData, part, { data, stat });
    writer.bytes(znode!.data);
    writeStat(writer, znode!);
    return same(part.view()) ? null : dataFault(part.copy(), znode!);
  }
  const names = result.op === Opcode.getChildren ? (result.body.children ?? []) : [];
  return namesFault(new JuteWriter().strings(names).copy(), znode!.children);
}
