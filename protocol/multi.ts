/**
 * The bodies of multi and multiRead: a MultiHeader before each operation, and one more as the end.
 * An operation's own record follows its header; failures are ErrorResult entries (spec 1.8).
 */

import type { JuteReader, JuteWriter } from './jute.ts';
import { JuteError } from './jute.ts';
import { Opcode } from './opcode.ts';
import type { ReplyBody, ReplyOp } from './replies.ts';
import { readReply, replySchemas, writeReply } from './replies.ts';
import type { RequestBody } from './requests.ts';
import { readRequest, writeRequest } from './requests.ts';

export const writeOps = [
  Opcode.create,
  Opcode.create2,
  Opcode.createContainer,
  Opcode.createTtl,
  Opcode.delete,
  Opcode.setData,
  Opcode.check,
] as const;
export const readOps = [Opcode.getData, Opcode.getChildren] as const;
export type MultiOp = (typeof writeOps)[number] | (typeof readOps)[number];

/** One operation of a multi: its code and its request record. */
export type MultiRequest = { [Op in MultiOp]: { op: Op; body: RequestBody<Op> } }[MultiOp];

/** One result of a multi: the reply record, or an error code. */
export type MultiResult =
  | { [Op in ReplyOp]: { op: Op; body: ReplyBody<Op> } }[ReplyOp]
  | { op: typeof Opcode.error; err: number };

export function writeMultiHeader(writer: JuteWriter, type: number, done: boolean, err: number) {
  writer.int(type).boolean(done).int(err);
}

export function writeMultiEnd(writer: JuteWriter): void {
  writeMultiHeader(writer, -1, true, -1);
}

export function writeMultiRequest(writer: JuteWriter, requests: readonly MultiRequest[]): void {
  for (const { op, body } of requests) {
    writeMultiHeader(writer, op, false, -1);
    writeRequest(op, writer, body as never);
  }
  writeMultiEnd(writer);
}

const isMultiOp = (op: number): op is MultiOp =>
  (writeOps as readonly number[]).includes(op) || (readOps as readonly number[]).includes(op);

/** Throws JuteError on an operation that no multi may hold and on a truncated body. */
export function readMultiRequest(reader: JuteReader): MultiRequest[] {
  const requests: MultiRequest[] = [];
  for (;;) {
    const op = reader.int();
    const done = reader.boolean();
    reader.int();
    if (done) return requests;
    if (!isMultiOp(op)) throw new JuteError(`operation ${op} inside a multi`);
    requests.push({ op, body: readRequest(op, reader) } as MultiRequest);
  }
}

export function readMultiReply(reader: JuteReader): MultiResult[] {
  const results: MultiResult[] = [];
  for (;;) {
    const op = reader.int();
    const done = reader.boolean();
    reader.int();
    if (done) return results;
    if (op === Opcode.error) results.push({ op, err: reader.int() });
    else if (op in replySchemas) {
      results.push({ op, body: readReply(op as ReplyOp, reader) } as MultiResult);
    } else throw new JuteError(`result of kind ${op} inside a multi`);
  }
}

export function writeMultiReply(writer: JuteWriter, results: readonly MultiResult[]): void {
  for (const result of results) {
    if (result.op === Opcode.error) {
      writeMultiHeader(writer, Opcode.error, false, result.err);
      writer.int(result.err);
    } else {
      writeMultiHeader(writer, result.op, false, 0);
      writeReply(result.op, writer, result.body as never);
    }
  }
  writeMultiEnd(writer);
}
