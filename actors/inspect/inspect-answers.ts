/**
 * Answers to questions about sessions, watches and znodes of this replica: checks the question,
 * limits how many are answered at once, and hands it on. Answers are put together in short slices
 * of turns (inspect-slices.ts), so that requests of clients are not held up.
 */

import type { Answers, AnswerTo, Question } from '../../protocol/inspection.ts';
import { questionFault } from '../../protocol/question.ts';
import type { Clock } from '../clock.ts';
import type { ReplicaView } from '../replica-view.ts';
import { InspectChildren } from './inspect-children.ts';
import { InspectExport } from './inspect-export.ts';
import { InspectRights } from './inspect-rights.ts';
import { InspectSearch } from './inspect-search.ts';
import { InspectSessions } from './inspect-sessions.ts';
import { Slices } from './inspect-slices.ts';
import { InspectWatches } from './inspect-watches.ts';
import { InspectZnodes } from './inspect-znodes.ts';

/** Those about the state of the replica, and not about its actors. */
export type StateQuestion = Exclude<Question, { what: 'status' | 'actors' | 'recent' }>;

/** Is it one that InspectAnswers answers? */
export function isStateQuestion(question: Question): question is StateQuestion {
  return !['status', 'actors', 'recent'].includes(question.what);
}

/** More are refused, so that what waits stays bounded. */
const questionsMax = 32;

export class InspectAnswers {
  readonly #slices: Slices;
  readonly #sessions: InspectSessions;
  readonly #watches: InspectWatches;
  readonly #children: InspectChildren;
  readonly #znodes: InspectZnodes;
  readonly #search: InspectSearch;
  readonly #export: InspectExport;
  #underWay = 0;

  constructor(view: ReplicaView, clock: Pick<Clock, 'monotonicMs' | 'defer'>) {
    const { state } = view;
    const timed = { state, clock };
    const rights = new InspectRights(view);
    this.#slices = new Slices(clock);
    this.#watches = new InspectWatches({ ...view, clock }, view.settings.sid || 1, this.#slices);
    this.#sessions = new InspectSessions(view, this.#watches, this.#slices);
    this.#children = new InspectChildren(timed, rights, this.#slices);
    this.#znodes = new InspectZnodes(state, rights, this.#watches);
    this.#search = new InspectSearch(timed, rights, this.#slices);
    this.#export = new InspectExport(state, rights, this.#slices);
  }

  /** Rejects with an Error whose message is a sentence for whoever asked. */
  async answer<Asked extends StateQuestion>(question: Asked): Promise<AnswerTo<Asked>> {
    const fault = questionFault(question);
    if (fault !== null) throw new Error(fault);
    if (this.#underWay === questionsMax) {
      throw new Error(`${questionsMax} questions are being answered already: ask again later`);
    }
    this.#underWay++;
    try {
      await this.#slices.turn();
      // Each kind of question has the answer of its kind.
      return (await this.#answer(question)) as AnswerTo<Asked>;
    } finally {
      this.#underWay--;
    }
  }

  #answer(question: StateQuestion): Promise<Answers[StateQuestion['what']]> {
    switch (question.what) {
      case 'sessions':
        return this.#sessions.page(question);
      case 'session':
        return this.#sessions.one(question);
      case 'watches':
        return this.#watches.page(question);
      case 'children':
        return this.#children.page(question);
      case 'znode':
        return this.#znodes.view(question);
      case 'search':
        return this.#search.find(question);
      case 'export':
        return this.#export.list(question);
    }
  }
}
