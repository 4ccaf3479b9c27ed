/**
 * What can be seen of one replica, and through it of the others: its records and figures, answers
 * to questions, and its side of the bus. Costs nothing but two subscriptions while nobody looks.
 */

import type { Question } from '../../protocol/inspection.ts';
import { questionFault } from '../../protocol/question.ts';
import type { BusLinks } from '../bus.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Replica } from '../replica.ts';
import { viewOf } from '../replica-view.ts';
import { EnsembleInspection } from './ensemble-inspection.ts';
import type { InspectAnswers } from './inspect-answers.ts';
import { InspectionSource } from './inspection-source.ts';
import { instanceOf } from './instances.ts';
import { ReplicaFigures } from './replica-figures.ts';

const statusMs = 500;

export interface ReplicaInspectionParts {
  readonly links: BusLinks | null;
  readonly clock: Clock;
  readonly random: Random;
  readonly version: string;
}

export class ReplicaInspection {
  /** Of all replicas. */
  readonly ensemble: EnsembleInspection;
  readonly #replica: Replica;
  readonly #clock: Clock;
  readonly #figures: ReplicaFigures;
  /** Loaded with the first question: most replicas are never asked. */
  #answers: Promise<InspectAnswers> | null = null;
  readonly #source: InspectionSource | null;
  #timer: Timer | null = null;

  constructor(replica: Replica, { links, clock, random, version }: ReplicaInspectionParts) {
    this.#replica = replica;
    this.#clock = clock;
    this.#figures = new ReplicaFigures(replica, version);
    const { inspector } = replica;
    const { ensemble } = replica.settings;
    // Beside snapshots: neither data nor heartbeats wait for it.
    const bus = links?.bulk ?? null;
    const answer = (question: unknown) => this.#answer(question);
    const own = { sid: inspector.sid, inspector, answer };
    inspector.onWanted = (isWanted) => this.#wanted(isWanted);
    inspector.onRoleStep = () => {
      if (this.#timer !== null) this.#tellStatus();
    };
    inspector.instance = (name) => instanceOf(replica, name);
    this.#source = bus && new InspectionSource({ ...own, bus, ensemble, clock });
    this.ensemble = new EnsembleInspection({ own, bus, ensemble, clock, random });
  }

  close(): void {
    this.#source?.close();
    this.ensemble.close();
    this.#wanted(false);
  }

  #wanted(isWanted: boolean): void {
    this.#timer?.cancel();
    this.#timer = null;
    if (!isWanted) return this.#figures.stop();
    this.#figures.start();
    this.#timer = this.#clock.every(statusMs, () => this.#addStatus());
    this.#addStatus();
  }

  #addStatus(): void {
    this.#figures.turnOver();
    this.#tellStatus();
  }

  #tellStatus(): void {
    this.#replica.inspector.add({ type: '@natskeeper.status', status: this.#figures.now() });
  }

  async #answer(asked: unknown): Promise<unknown> {
    const fault = questionFault(asked);
    if (fault !== null) throw new Error(fault);
    const question = asked as Question;
    const { inspector } = this.#replica;
    switch (question.what) {
      case 'status':
        return this.#figures.now();
      case 'actors':
        return inspector.actors();
      case 'recent':
        return inspector.recent();
      default:
        this.#answers ??= this.#loadAnswers();
        return (await this.#answers).answer(question);
    }
  }

  async #loadAnswers(): Promise<InspectAnswers> {
    const { InspectAnswers: Answers } = await import('./inspect-answers.ts');
    return new Answers(viewOf(this.#replica), this.#clock);
  }
}
