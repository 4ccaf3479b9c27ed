/**
 * An operation as bytes: which request to write and what the reply means to the caller. Nothing
 * here waits or remembers; request.ts carries a call through its life.
 */

import type { JuteReader, JuteWriter } from '../protocol/jute.ts';
import type { Stat } from '../protocol/record.ts';
import type { ReplyBody, ReplyOp } from '../protocol/replies.ts';
import { readReply } from '../protocol/replies.ts';
import type { RequestBody, RequestOp } from '../protocol/requests.ts';
import { writeRequest } from '../protocol/requests.ts';
import type { CreateRequest } from './create.ts';

export interface Call<T> {
  readonly op: number;
  /** The path to name in errors, as the caller gave it. */
  readonly path: string | null;
  encode(writer: JuteWriter): void;
  /** Runs while the reply is in the buffer, before any later frame is looked at. */
  decode(reader: JuteReader): T;
  /** Turns an error code into a result; undefined leaves it an error. */
  recover?(code: number): T | undefined;
  /** Runs once, however the request ends. */
  ended?(): void;
}

export interface DataAndStat {
  data: Buffer | null;
  stat: Stat;
}

export function callOf<Op extends RequestOp & ReplyOp, T>(
  op: Op,
  path: string | null,
  body: RequestBody<Op>,
  resultOf: (reply: ReplyBody<Op>) => T,
): Call<T> {
  return {
    op,
    path,
    encode: (writer) => writeRequest(op, writer, body),
    decode: (reader) => resultOf(readReply(op, reader)),
  };
}

/** The reply of a plain create has no Stat, those of the other three have. */
export function createCall(
  request: CreateRequest,
  path: string,
): Call<{ path: string | null; stat?: Stat }> {
  return {
    op: request.op,
    path,
    encode: (writer) => writeRequest(request.op, writer, request.body as never),
    decode: (reader) => readReply(request.op, reader),
  };
}

/** The data as a copy: the reply's bytes belong to the connection. */
export function ownData(reply: { data: Uint8Array | null; stat: Stat }): DataAndStat {
  return { data: reply.data === null ? null : Buffer.from(reply.data), stat: reply.stat };
}
