/**
 * Which replica holds the connection of each session, as the leader knows it: filled as sessions
 * show themselves, forgotten with the term. A write that comes from elsewhere is of a connection
 * that the client has left (spec 3.9, ZOOKEEPER-710).
 */

import { Opcode } from '../protocol/opcode.ts';

export class SessionOwners {
  readonly #owners = new Map<string, number>();

  has(session: string): boolean {
    return this.#owners.has(session);
  }

  /** The session is connected to `sid` from now on. */
  move(session: string, sid: number): void {
    this.#owners.set(session, sid);
  }

  /** Something was heard of it through `sid`; no reason to take it from another. */
  note(session: string, sid: number): void {
    if (!this.#owners.has(session)) this.#owners.set(session, sid);
  }

  /** May a request for the session come from `sid`? */
  admits(request: { session: string; op: number; origin: number }, sid: number): boolean {
    const { session, op, origin } = request;
    if (op === Opcode.createSession) this.#owners.set(session, sid);
    // What replicas do on their own account is no client's.
    else if (origin !== 0) this.note(session, sid);
    return origin === 0 || this.#owners.get(session) === sid;
  }

  delete(session: string): void {
    this.#owners.delete(session);
  }
}
