/**
 * Prepare a multi: every part against the tree with the earlier parts in it; all or nothing. A
 * multi that fails is a txn as well, made of errors: 0 before the part that failed, its code, then
 * RuntimeInconsistency (spec 1.8). Its changes are taken back, those of earlier requests are not.
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, type JuteReader, type JuteWriter, putInt } from '../protocol/jute.ts';
import { writeOps } from '../protocol/multi.ts';
import { Opcode } from '../protocol/opcode.ts';
import { prepareChange } from './prepare-change.ts';
import type { PrepareContext } from './prepare-context.ts';

const isWriteOp = (op: number) => (writeOps as readonly number[]).includes(op);

/** Body of the txn: int count, then for each part int type, int length, its body. */
export function prepareMulti(context: PrepareContext, writer: JuteWriter): number {
  const { reader, outstanding } = context;
  const from = reader.position;
  const count = countParts(reader);
  reader.position = from;
  assert(count >= 0, 'prepare: parts of a multi are counted');
  outstanding.beginUndo();
  let isDone = false;
  try {
    isDone = prepareParts(context, writer, count);
  } finally {
    outstanding.endUndo(!isDone);
  }
  return ErrorCode.ok;
}

/** False when a part failed: the errors are written in place of the parts. */
function prepareParts(context: PrepareContext, writer: JuteWriter, count: number): boolean {
  const { reader } = context;
  const start = writer.length;
  writer.int(count);
  for (let index = 0; index < count; index++) {
    const op = reader.int();
    reader.boolean();
    reader.int();
    const end = skipPart(reader, op);
    const partStart = writer.length;
    writer.int(op).int(0);
    const error = prepareChange(context, op, writer);
    if (error !== ErrorCode.ok) {
      writer.length = start;
      writeFailure(writer, count, index, error);
      return false;
    }
    assert(writer.length >= partStart + 8, 'prepare: a part has a head');
    assert(end <= reader.end, 'prepare: a part lies inside its multi');
    putInt(writer.buffer, partStart + 4, writer.length - partStart - 8);
    reader.position = end;
  }
  return true;
}

function writeFailure(writer: JuteWriter, count: number, failed: number, error: number): void {
  writer.int(count);
  for (let index = 0; index < count; index++) {
    const code =
      index < failed ? ErrorCode.ok : index === failed ? error : ErrorCode.runtimeInconsistency;
    writer.int(Opcode.error).int(4).int(code);
  }
}

/** Walks over all parts, so that a multi that cannot be decoded changes nothing. */
function countParts(reader: JuteReader): number {
  for (let count = 0; ; count++) {
    const op = reader.int();
    const done = reader.boolean();
    reader.int();
    if (done) return count;
    if (!isWriteOp(op)) throw new JuteError(`operation ${op} inside a multi`);
    reader.position = skipPart(reader, op);
  }
}

/** Where the record of `op` that starts at the reader ends; the reader is left where it was. */
function skipPart(reader: JuteReader, op: number): number {
  const from = reader.position;
  if (reader.range() < 0) throw new JuteError('null path');
  if (op !== Opcode.delete && op !== Opcode.check) reader.range();
  if (op !== Opcode.delete && op !== Opcode.check && op !== Opcode.setData) {
    for (let left = reader.vector(12); left > 0; left--) {
      reader.int();
      reader.range();
      reader.range();
    }
  }
  reader.int();
  if (op === Opcode.createTtl) reader.long();
  const end = reader.position;
  reader.position = from;
  return end;
}
