/**
 * Which replica holds the connection of each session, as the leader knows it: filled as sessions
 * show themselves, forgotten with the term. A write that comes from elsewhere is of a connection
 * that the client has left (spec 3.9, ZOOKEEPER-710).
 *
 * Invariant: no local session is among them. Nobody is told of their end, and who asks whether one
 * may go on elsewhere must hear that it may not.
 */

import { Opcode } from '../protocol/opcode.ts';
import { creatorOf } from '../protocol/session-id.ts';

export class SessionOwners {
  readonly #owners = new Map<string, number>();
  readonly #isGlobal: (session: string) => boolean;

  /** @param isGlobal is it a session that all replicas know? */
  constructor(isGlobal: (session: string) => boolean = () => false) {
    this.#isGlobal = isGlobal;
  }

  has(session: string): boolean {
    return this.#owners.has(session);
  }

  /** Something was heard of it through `sid`; no reason to take it from another. */
  note(session: string, sid: number): void {
    if (!this.#owners.has(session)) this.#owners.set(session, sid);
  }

  /** May a request for the session come from `sid`? */
  admits(request: { session: string; op: number; origin: number }, sid: number): boolean {
    const { session, op, origin } = request;
    // A move of what is no session of all replicas is refused by its txn.
    const isMoved = op === Opcode.moveSession && (this.has(session) || this.#isGlobal(session));
    if (op === Opcode.createSession || isMoved) this.#owners.set(session, sid);
    // What replicas do on their own account is no client's.
    if (origin === 0) return true;
    const owner = this.#owners.get(session);
    if (owner !== undefined) return owner === sid;
    // A local session writes where it was made, and nowhere else.
    if (creatorOf(session) !== sid || this.#isGlobal(session)) this.#owners.set(session, sid);
    return true;
  }

  delete(session: string): void {
    this.#owners.delete(session);
  }
}
