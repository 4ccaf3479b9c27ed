/**
 * The identities that a client proves on each new connection, since the server keeps them per
 * connection. One that a server refuses before any accepted it is forgotten: sending it again would
 * cost every further connection too.
 */

import type { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { writeRequest } from '../protocol/requests.ts';
import type { Call } from './call.ts';
import type { Connection } from './connection.ts';
import { AuthFailedError } from './errors.ts';
import type { Credential } from './options.ts';
import { Request } from './request.ts';

interface Entry {
  readonly scheme: string;
  readonly auth: Buffer;
  accepted: boolean;
  /** Requests of callers that wait for the first answer. */
  waiting: Request[];
}

export class Credentials {
  #entries: Entry[] = [];

  constructor(initial: readonly Credential[]) {
    for (const credential of initial) this.#entry(credential);
  }

  /** Keeps a credential; `waiting` is settled by the first answer to it. */
  add(credential: Credential, waiting: Request, connection: Connection | null): void {
    const entry = this.#entry(credential);
    entry.waiting.push(waiting);
    if (connection !== null) this.#send(entry, connection);
  }

  sendAll(connection: Connection): void {
    for (const entry of this.#entries) this.#send(entry, connection);
  }

  /** Callers that wait for an answer. */
  *waiting(): Iterable<Request> {
    for (const entry of this.#entries) yield* entry.waiting;
  }

  #entry({ scheme, auth }: Credential): Entry {
    const bytes = Buffer.from(auth as Uint8Array);
    const known = this.#entries.find((e) => e.scheme === scheme && e.auth.equals(bytes));
    if (known !== undefined) return known;
    const entry: Entry = { scheme, auth: bytes, accepted: false, waiting: [] };
    this.#entries.push(entry);
    return entry;
  }

  #send(entry: Entry, connection: Connection): void {
    const accept = () => {
      entry.accepted = true;
      this.#settle(entry, (request) => request.accept(undefined));
    };
    const refuse = (reason: unknown) => {
      if (!(reason instanceof AuthFailedError)) return;
      if (!entry.accepted) this.#entries = this.#entries.filter((other) => other !== entry);
      this.#settle(entry, (request) => request.reject(reason));
      // The server is about to close it: what is asked from now on waits for the next connection.
      connection.close(reason);
    };
    connection.sendAuth(new Request(authCall(entry), accept, refuse));
  }

  #settle(entry: Entry, how: (request: Request) => void): void {
    const { waiting } = entry;
    entry.waiting = [];
    for (const request of waiting) how(request);
  }
}

/** The auth request of a credential. */
export function authCall({ scheme, auth }: Credential): Call<void> {
  return {
    op: Opcode.auth,
    path: null,
    encode(writer: JuteWriter) {
      writeRequest(Opcode.auth, writer, { type: 0, scheme, auth: Buffer.from(auth as Uint8Array) });
    },
    decode() {},
  };
}
