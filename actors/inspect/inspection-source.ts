/**
 * A replica's side of the bus for those who look at it from elsewhere: hears what they want, sends
 * records for as long as they say so, and answers their questions. Trusts nothing that it hears
 * beyond its shape: there are bounds on who wants, what is asked, and how much at a time.
 */

import { filterFault } from '../../protocol/inspect-request.ts';
import type { InspectFilter, InspectRecord } from '../../protocol/inspection.ts';
import { type Bus, type Subscription, subjects } from '../bus.ts';
import type { Clock, Timer } from '../clock.ts';
import { unionOf } from './inspect-filter.ts';
import type { Inspector } from './inspector.ts';
import { jsonInSlices, packJson, readJson } from './json-frame.ts';

/** A viewer says again what it wants within this time, or is gone. */
export const wantMs = 6000;
const checkMs = 1000;
const viewersMax = 64;
const questionsMax = 16;

export interface SourceParts {
  readonly bus: Bus;
  readonly ensemble: string;
  readonly sid: number;
  readonly clock: Clock;
  readonly inspector: Inspector;
  /** Rejects with a sentence when there is no answer. */
  answer(question: unknown): Promise<unknown>;
}

export class InspectionSource {
  readonly #parts: SourceParts;
  readonly #subjects: ReturnType<typeof subjects>;
  readonly #wants = new Map<string, { filter: InspectFilter; untilMs: number }>();
  readonly #subscriptions: Subscription[] = [];
  #watching: Subscription | null = null;
  #check: Timer | null = null;
  #questions = 0;

  constructor(parts: SourceParts) {
    this.#parts = parts;
    const { bus, ensemble, sid } = parts;
    this.#subjects = subjects(ensemble);
    this.#subscriptions.push(
      bus.subscribe(this.#subjects.inspectWants, (frame) => this.#wanted(readJson(frame))),
      bus.subscribe(this.#subjects.inspectAsk(sid), (frame) => void this.#asked(readJson(frame))),
    );
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.cancel();
    this.#wants.clear();
    this.#changed();
  }

  #wanted(want: unknown): void {
    const { viewer, filter } = fieldsOf(want);
    if (typeof viewer !== 'string') return;
    if (filter === null) {
      if (this.#wants.delete(viewer)) this.#changed();
      return;
    }
    if (filterFault(filter) !== null) return;
    if (!this.#wants.has(viewer) && this.#wants.size >= viewersMax) return;
    const before = JSON.stringify(this.#wants.get(viewer)?.filter);
    const untilMs = this.#parts.clock.monotonicMs() + wantMs;
    this.#wants.set(viewer, { filter: filter as InspectFilter, untilMs });
    if (before !== JSON.stringify(filter)) this.#changed();
  }

  #changed(): void {
    const { clock, inspector, sid } = this.#parts;
    const all = [...this.#wants.values()].map(({ filter }) => filter);
    const union = unionOf(all.filter(({ sids }) => sids === null || sids.includes(sid)));
    this.#watching?.cancel();
    this.#watching = union && inspector.watch(union, (records) => this.#send(records));
    if (this.#wants.size === 0) {
      this.#check?.cancel();
      this.#check = null;
    } else this.#check ??= clock.every(checkMs, () => this.#dropSilent());
  }

  #dropSilent(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    let isChanged = false;
    for (const [viewer, { untilMs }] of this.#wants) {
      if (untilMs < nowMs) isChanged = this.#wants.delete(viewer) || isChanged;
    }
    if (isChanged) this.#changed();
  }

  /** A frame for each machine, so that a listener on the bus can choose. */
  #send(records: readonly InspectRecord[]): void {
    const groups = new Map<string, InspectRecord[]>();
    for (const record of records) {
      const group = groups.get(subjectOf(record));
      if (group === undefined) groups.set(subjectOf(record), [record]);
      else group.push(record);
    }
    const { bus, sid } = this.#parts;
    for (const [machine, group] of groups) {
      bus.publish(this.#subjects.inspection(sid, machine), packJson(group));
    }
  }

  async #asked(asked: unknown): Promise<void> {
    const { viewer, id, question } = fieldsOf(asked);
    if (typeof viewer !== 'string' || typeof id !== 'number') return;
    const { bus, clock, sid } = this.#parts;
    const reply = (json: string) =>
      bus.publish(
        this.#subjects.inspectAnswer(viewer),
        Buffer.from(`{"id":${id},"sid":${sid},${json}}`),
      );
    if (this.#questions >= questionsMax) return reply('"error":"too many questions at a time"');
    this.#questions++;
    try {
      reply(`"answer":${await jsonInSlices(await this.#parts.answer(question), clock)}`);
    } catch (failure) {
      reply(`"error":${JSON.stringify((failure as Error).message)}`);
    } finally {
      this.#questions--;
    }
  }
}

/** The last part of the subject that a record is published on. */
function subjectOf(record: InspectRecord): string {
  if ('machine' in record) return record.machine;
  return record.type.slice(record.type.indexOf('.') + 1);
}

function fieldsOf(value: unknown): { readonly [field: string]: unknown } {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
