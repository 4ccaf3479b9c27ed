/**
 * Looks at all replicas of an ensemble: at the one in this process, if there is one, and over the
 * bus at the others. Says again and again what is wanted for as long as anybody watches.
 */

import type {
  AnswerTo,
  InspectFilter,
  InspectRecord,
  Question,
} from '../../protocol/inspection.ts';
import { type Bus, type Subscription, subjects } from '../bus.ts';
import type { Clock, Timer } from '../clock.ts';
import type { Random } from '../random.ts';
import { concerns, unionOf } from './inspect-filter.ts';
import type { Inspection, TakeRecords } from './inspection.ts';
import type { Inspector } from './inspector.ts';
import { packJson, readJson } from './json-frame.ts';

const renewMs = 2000;
/** Who has said nothing for so long is not counted among those that are there. */
const silentMs = 3000;
const answerMsMax = 5000;

/** The replica of this process. */
export interface OwnReplica {
  readonly sid: number;
  readonly inspector: Inspector;
  answer(question: unknown): Promise<unknown>;
}

export interface EnsembleInspectionParts {
  readonly ensemble: string;
  readonly own: OwnReplica | null;
  /** null for a standalone replica. */
  readonly bus: Bus | null;
  readonly clock: Clock;
  readonly random: Random;
}

interface Watcher {
  readonly filter: InspectFilter;
  readonly take: TakeRecords;
}

interface Asked {
  readonly sid: number;
  readonly timer: Timer;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (failure: Error) => void;
}

export class EnsembleInspection implements Inspection {
  readonly ensemble: string;
  readonly sid: number;
  readonly #parts: EnsembleInspectionParts;
  readonly #subjects: ReturnType<typeof subjects>;
  /** Names us on the bus. */
  readonly #viewer: string;
  readonly #watchers = new Set<Watcher>();
  readonly #heardMs = new Map<number, number>();
  readonly #asked = new Map<number, Asked>();
  #lastId = 0;
  readonly #answers: Subscription | null;
  #records: Subscription | null = null;
  #renewal: Timer | null = null;

  constructor(parts: EnsembleInspectionParts) {
    this.#parts = parts;
    this.ensemble = parts.ensemble;
    this.sid = parts.own?.sid ?? 0;
    this.#subjects = subjects(parts.ensemble);
    this.#viewer = parts.random.bytes(12).toString('hex');
    const answers = this.#subjects.inspectAnswer(this.#viewer);
    this.#answers =
      parts.bus?.subscribe(answers, (frame) => this.#answered(readJson(frame))) ?? null;
  }

  sids(): readonly number[] {
    const sinceMs = this.#parts.clock.monotonicMs() - silentMs;
    const heard = [...this.#heardMs].filter(([, ms]) => ms >= sinceMs).map(([sid]) => sid);
    const own = this.sid === 0 ? [] : [this.sid];
    return [...new Set([...own, ...heard])].sort((one, other) => one - other);
  }

  watch(filter: InspectFilter, take: TakeRecords): Subscription {
    const watcher = { filter, take };
    this.#watchers.add(watcher);
    const own = this.#parts.own?.inspector.watch(filter, take);
    this.#wantsChanged();
    return {
      cancel: () => {
        own?.cancel();
        if (this.#watchers.delete(watcher)) this.#wantsChanged();
      },
    };
  }

  async ask<Asked extends Question>(sid: number, question: Asked): Promise<AnswerTo<Asked>> {
    const { own, bus } = this.#parts;
    const answer =
      own !== null && sid === own.sid
        ? own.answer(question)
        : bus === null
          ? Promise.reject(new Error(`there is no replica ${sid}: this one is standalone`))
          : this.#askOver(bus, sid, question);
    return (await answer) as AnswerTo<Asked>;
  }

  close(): void {
    this.#answers?.cancel();
    this.#watchers.clear();
    this.#wantsChanged();
    for (const { timer, reject } of this.#asked.values()) {
      timer.cancel();
      reject(new Error('the console is closing'));
    }
    this.#asked.clear();
  }

  #askOver(bus: Bus, sid: number, question: Question): Promise<unknown> {
    const id = ++this.#lastId;
    const frame = packJson({ viewer: this.#viewer, id, question });
    return new Promise((resolve, reject) => {
      const timer = this.#parts.clock.after(answerMsMax, () => {
        this.#asked.delete(id);
        reject(new Error(`replica ${sid} has not answered within ${answerMsMax / 1000} s`));
      });
      this.#asked.set(id, { sid, timer, resolve, reject });
      if (!bus.isConnected) this.#settle(id)?.reject(new Error('the bus is not connected'));
      else {
        bus.probe(this.#subjects.inspectAsk(sid), frame, () =>
          this.#settle(id)?.reject(new Error(`replica ${sid} is not on the bus`)),
        );
      }
    });
  }

  #settle(id: number): Asked | null {
    const asked = this.#asked.get(id);
    if (asked === undefined) return null;
    asked.timer.cancel();
    this.#asked.delete(id);
    return asked;
  }

  #answered(value: unknown): void {
    if (typeof value !== 'object' || value === null || !('id' in value)) return;
    const { id, answer, error } = value as { id: unknown; answer?: unknown; error?: unknown };
    const asked = typeof id === 'number' ? this.#settle(id) : null;
    if (typeof error === 'string') asked?.reject(new Error(error));
    else asked?.resolve(answer);
  }

  // ---- records of others ------------------------------------------------------------------------

  #wantsChanged(): void {
    const { bus, clock } = this.#parts;
    if (bus === null) return;
    if (this.#watchers.size === 0) {
      this.#sayWants(bus);
      this.#renewal?.cancel();
      this.#records?.cancel();
      this.#renewal = null;
      this.#records = null;
      return;
    }
    this.#records ??= bus.subscribe(this.#subjects.inspections, (frame) =>
      this.#heard(readJson(frame)),
    );
    this.#renewal ??= clock.every(renewMs, () => this.#sayWants(bus));
    // Those who hear it answer at once: by now we listen.
    this.#sayWants(bus);
  }

  #sayWants(bus: Bus): void {
    const filter = unionOf([...this.#watchers].map((watcher) => watcher.filter));
    bus.publish(this.#subjects.inspectWants, packJson({ viewer: this.#viewer, filter }));
  }

  #heard(value: unknown): void {
    const records = (Array.isArray(value) ? value : []).filter(isRecord);
    for (const { sid } of records) this.#heardMs.set(sid, this.#parts.clock.monotonicMs());
    for (const { filter, take } of this.#watchers) {
      const wanted = records.filter((record) => concerns(filter, record));
      if (wanted.length > 0) take(wanted);
    }
  }
}

function isRecord(value: unknown): value is InspectRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { type, sid } = value as { type?: unknown; sid?: unknown };
  return typeof type === 'string' && typeof sid === 'number';
}
