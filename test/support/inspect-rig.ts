/**
 * Answers to questions over a made-up replica with a real tree: turns of the event loop pass when
 * the rig says so, are counted, and something may happen between them.
 */

import { InspectAnswers, type StateQuestion } from '../../actors/inspect/inspect-answers.ts';
import type { AnswerTo } from '../../protocol/inspection.ts';
import type { Acl } from '../../protocol/record.ts';
import { Flag } from '../../storage/znode-rows.ts';
import { FakeClock } from './fake-clock.ts';
import { makeView } from './replica-view.ts';
import { insertInto, newZnode, noOwner } from './tree-model.ts';

interface Extras {
  readonly acl?: readonly Acl[];
  readonly kind?: keyof typeof kinds;
  readonly owner?: string;
  readonly ttl?: number;
}

const kinds = {
  persistent: 0,
  ephemeral: Flag.ephemeral,
  container: Flag.container,
  ttl: Flag.ttl,
};

export class InspectRig {
  readonly clock = new FakeClock();
  readonly view: ReturnType<typeof makeView>;
  readonly answers: InspectAnswers;
  /** Of the last question. */
  turns = 0;
  /** What happens ahead of each turn; told how many have passed. */
  onTurn: (turns: number) => void = () => {};

  constructor(situation: Parameters<typeof makeView>[0] = {}) {
    this.view = makeView(situation);
    this.answers = new InspectAnswers(this.view, this.clock);
  }

  /** As a txn of its own. Returns the slot. */
  create(path: string, data: string | Buffer | null = '', extras: Extras = {}): number {
    const { state } = this.view;
    const zxid = ++state.lastZxid;
    const { acl, kind = 'persistent', owner = noOwner, ttl = 0 } = extras;
    const bytes = data === null ? null : Buffer.from(data);
    const znode = { ...newZnode(zxid, bytes, kinds[kind], owner), ttl };
    if (acl !== undefined) znode.aclId = state.tree.acls.intern(acl);
    const slot = insertInto(state.tree, path, znode);
    const parent = state.tree.parent(slot);
    state.tree.noteChildChange(parent, zxid, zxid);
    return slot;
  }

  delete(path: string): void {
    const { state } = this.view;
    const slot = state.tree.findPath(path);
    const parent = state.tree.parent(slot);
    state.lastZxid++;
    state.tree.remove(slot);
    state.tree.noteChildChange(parent, 0, state.lastZxid);
  }

  ask<Asked extends StateQuestion>(question: Asked): Promise<AnswerTo<Asked>> {
    return this.run(this.answers.answer(question));
  }

  /** All at once; the answers in the order of the questions. */
  async askAll(questions: readonly StateQuestion[]): Promise<unknown[]> {
    const asked = questions.map((question) => this.answers.answer(question));
    await this.run(Promise.allSettled(asked));
    return Promise.all(asked);
  }

  /** Lets turns pass until it is done. */
  async run<Value>(work: Promise<Value>): Promise<Value> {
    let isDone = false;
    this.turns = 0;
    const noteDone = () => {
      isDone = true;
    };
    work.then(noteDone, noteDone);
    // Promises of one turn settle before the next begins, as in Node.
    const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
    for (await settle(); !isDone; await settle()) {
      this.onTurn(++this.turns);
      this.clock.endTurn();
    }
    return work;
  }
}
