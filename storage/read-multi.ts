/**
 * multiRead: independent reads in one request. Each part succeeds or fails alone (spec 1.8).
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, type JuteReader, type JuteWriter } from '../protocol/jute.ts';
import { readOps } from '../protocol/multi.ts';
import { Opcode } from '../protocol/opcode.ts';

const isReadOp = (op: number) => (readOps as readonly number[]).includes(op);

/** `readPart` reads one record and appends its result; its error voids what it appended. */
export function readMultiRead(
  reader: JuteReader,
  reply: JuteWriter,
  readPart: (op: number) => number,
): number {
  for (;;) {
    const op = reader.int();
    const done = reader.boolean();
    reader.int();
    if (done) break;
    if (!isReadOp(op)) throw new JuteError(`operation ${op} inside a multiRead`);
    const start = reply.length;
    reply.int(op).boolean(false).int(ErrorCode.ok);
    const error = readPart(op);
    assert(reply.length > start, 'read: a part stays behind those before it');
    if (error === ErrorCode.ok) continue;
    reply.length = start;
    reply.int(Opcode.error).boolean(false).int(error).int(error);
  }
  reply.int(-1).boolean(true).int(-1);
  return ErrorCode.ok;
}
