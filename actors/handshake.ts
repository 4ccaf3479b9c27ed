/**
 * The beginning of a connection as bytes: is it a four-letter word (perhaps in pieces) or frames,
 * and what does a connect request say? (spec 1.2, 1.3, 5.1)
 */

import { JuteError, JuteReader, type JuteWriter, putInt } from '../protocol/jute.ts';
import { type ConnectResponse, writeConnectResponse } from '../protocol/replies.ts';
import {
  type ConnectRequest,
  connectRequestBytesMin,
  readConnectRequest,
} from '../protocol/requests.ts';

const wordBytes = 4;

/** What the first bytes turned out to be. */
export type Opening =
  /** Too few to say. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'word'; readonly word: string; readonly argument: Buffer }
  /** All bytes so far, to be split into frames. */
  | { readonly kind: 'frames'; readonly bytes: Buffer };

export class OpeningBytes {
  #held: Buffer | null = null;

  /** As a frame's length every word would be far above any limit, so there is no clash. */
  take(chunk: Buffer, isWord: (word: string) => boolean): Opening {
    const bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    const text = bytes.toString('latin1', 0, wordBytes);
    if (bytes.length < wordBytes && /^[a-z]*$/.test(text)) {
      this.#held = bytes;
      return { kind: 'unknown' };
    }
    if (!isWord(text)) return { kind: 'frames', bytes };
    return { kind: 'word', word: text, argument: bytes.subarray(wordBytes) };
  }
}

/** The connect request in a frame; null when it is none. Its password is a copy. */
export function takeConnectRequest(
  chunk: Buffer,
  start: number,
  end: number,
): ConnectRequest | null {
  if (end - start < connectRequestBytesMin) return null;
  try {
    const request = readConnectRequest(new JuteReader().reset(chunk, start, end));
    return { ...request, passwd: request.passwd && Buffer.from(request.passwd) };
  } catch (failure) {
    if (failure instanceof JuteError) return null;
    throw failure;
  }
}

/** Appends the response as a frame; it has no ReplyHeader. Returns its size. */
export function putConnectResponse(
  writer: JuteWriter,
  request: ConnectRequest,
  response: Omit<ConnectResponse, 'protocolVersion'>,
): number {
  const start = writer.length;
  writer.int(0);
  const { readOnly, ...rest } = response;
  // Only a client that sent the byte expects one.
  const isAware = request.readOnly !== undefined;
  writeConnectResponse(writer, {
    ...{ protocolVersion: 0, ...rest },
    ...(isAware ? { readOnly: readOnly === true } : {}),
  });
  putInt(writer.buffer, start, writer.length - start - 4);
  return writer.length - start;
}
