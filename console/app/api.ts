/**
 * Requests to the console's server: about it, questions to replicas, writes. Errors are sentences
 * that may be shown. A token that is not accepted is dropped, and the page goes on read-only.
 */

import type { AclEntry, AnswerTo, Question, ZnodeStat } from '../../protocol/inspection.ts';
import type { About } from './about.ts';
import { notices } from './notice.ts';
import { token } from './token.ts';

export interface WriteBody {
  readonly op: 'create' | 'set' | 'delete';
  readonly path: string;
  /** Base64. */
  readonly data?: string;
  /** The version that must still be there; -1 is any. */
  readonly version?: number;
  readonly kind?: string;
  readonly ttlMs?: number;
  readonly acl?: readonly AclEntry[];
  readonly auth?: { readonly scheme: string; readonly credentials: string };
}

export interface Written {
  readonly path?: string;
  readonly stat?: ZnodeStat;
}

export class ApiError extends Error {
  /** Of HTTP; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
  }
}

/** A JSON request to `api/<path>`: GET, or POST when there is a body. */
export async function request<T>(path: string, body?: unknown, isPost = false): Promise<T> {
  const headers: Record<string, string> = {};
  if (token.value !== null) headers['Authorization'] = `Bearer ${token.value}`;
  const init: RequestInit = { headers, cache: 'no-store' };
  if (body !== undefined || isPost) {
    init.method = 'POST';
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(body ?? {});
  }
  let response: Response;
  try {
    response = await fetch(`api/${path}`, init);
  } catch {
    throw new ApiError(0, 'The server does not answer.');
  }
  if (response.status === 401 && token.value !== null) {
    token.drop();
    notices.tell('The token is not accepted any more. This page is read-only now.');
  }
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(response.status, sentenceOf(answer, response));
  // What the server sends is of the shapes in protocol/inspection.ts.
  return answer as T;
}

function sentenceOf(answer: unknown, { status, statusText }: Response): string {
  if (typeof answer === 'object' && answer !== null && 'error' in answer) {
    return String(answer.error);
  }
  return `The server answered ${status} ${statusText}.`;
}

export function askAbout(): Promise<About> {
  return request('about');
}

/** Asks a replica. */
export function ask<Asked extends Question>(
  sid: number,
  question: Asked,
): Promise<AnswerTo<Asked>> {
  return request(`ask/${sid}`, question);
}

/** Changes a znode; needs the token. A wrong version is an ApiError of status 409. */
export function write(body: WriteBody): Promise<Written> {
  return request('write', body);
}
