/**
 * Sessions that clients want to go on with here, while the leader is asked. Without a leader the
 * question stands until there is one: "not known" would be taken as "expired" by the client.
 */

import type { SessionName } from './pending-request.ts';

export interface Question {
  readonly session: SessionName;
  readonly timeoutMs: number;
  /** Who asks: one whose socket is gone must not take the session from where it went. */
  readonly asker: { readonly isOpen: boolean };
  done(isValid: boolean): void;
}

export class Revalidations {
  /** By session: filled as clients come, drained by answers. Bounded by the connections. */
  readonly #open = new Map<string, Question[]>();

  add(question: Question): void {
    const { id } = question.session;
    this.#open.set(id, [...(this.#open.get(id) ?? []), question]);
  }

  /** The leader has answered for all who asked for that session. */
  answer(id: string, isValid: boolean): void {
    const questions = this.#open.get(id) ?? [];
    this.#open.delete(id);
    for (const { done } of questions) done(isValid);
  }

  /** One question for each session that somebody still waits for; the others are dropped. */
  standing(): Question[] {
    const standing: Question[] = [];
    for (const [id, questions] of [...this.#open]) {
      const wanted = questions.filter(({ asker }) => asker.isOpen);
      if (wanted.length === 0) this.#open.delete(id);
      else {
        this.#open.set(id, wanted);
        standing.push(wanted[0]!);
      }
    }
    return standing;
  }
}
