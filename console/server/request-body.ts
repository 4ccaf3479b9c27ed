/**
 * The body of a POST: JSON, said to be JSON, and of a bounded size. Browsers send JSON to another
 * origin only after they have asked, and we never say yes: the type is part of the protection.
 */

import type { IncomingMessage } from 'node:http';
import { type JsonObject, objectOf } from './json-fields.ts';
import { Refusal } from './refusal.ts';

const badRequest = 400;
const tooLarge = 413;
const wrongType = 415;

/** Rejects with a Refusal; the rest of a body that is too large is not read. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<JsonObject> {
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Refusal(wrongType, 'the body must be JSON, with content-type: application/json');
  }
  const large = new Refusal(tooLarge, `the body must have at most ${bytesMax} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) throw large;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw large;
    chunks.push(chunk);
  }
  return objectOf(parse(Buffer.concat(chunks)), 'the body');
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Refusal(badRequest, 'the body is no JSON in UTF-8');
  }
}
