/**
 * Looks at a replica that may be made anew in its process: whoever watches goes on with the next
 * one, and whoever asks in between is told so.
 */

import type { AnswerTo, InspectFilter, Question } from '../../protocol/inspection.ts';
import type { Subscription } from '../bus.ts';
import type { Inspection, TakeRecords } from './inspection.ts';
import type { ReplicaInspection } from './replica-inspection.ts';

interface Watch {
  readonly filter: InspectFilter;
  readonly take: TakeRecords;
  subscription: Subscription | null;
}

export class LastingInspection implements Inspection {
  readonly ensemble: string;
  readonly sid: number;
  readonly #watches = new Set<Watch>();
  #current: ReplicaInspection | null = null;

  constructor(ensemble: string, sid: number) {
    this.ensemble = ensemble;
    this.sid = sid;
  }

  /** From now on this one is looked at; null while there is none. Closes the one before. */
  set(next: ReplicaInspection | null): void {
    for (const watch of this.#watches) watch.subscription?.cancel();
    this.#current?.close();
    this.#current = next;
    for (const watch of this.#watches) this.#begin(watch);
  }

  sids(): readonly number[] {
    return this.#current?.ensemble.sids() ?? [];
  }

  watch(filter: InspectFilter, take: TakeRecords): Subscription {
    const watch: Watch = { filter, take, subscription: null };
    this.#watches.add(watch);
    this.#begin(watch);
    return {
      cancel: () => {
        this.#watches.delete(watch);
        watch.subscription?.cancel();
      },
    };
  }

  async ask<Asked extends Question>(sid: number, question: Asked): Promise<AnswerTo<Asked>> {
    const current = this.#current;
    if (current === null) throw new Error(`replica ${this.sid} is being made anew`);
    return current.ensemble.ask(sid, question);
  }

  #begin(watch: Watch): void {
    watch.subscription = this.#current?.ensemble.watch(watch.filter, watch.take) ?? null;
  }
}
