/**
 * One viewer of the records: first what happened lately, then what happens. It takes as much as the
 * viewer can: what would wait longer is dropped and counted, and the count is told once there is
 * room again. Nothing here waits for a viewer, and no viewer for another.
 */

import type { Subscription } from '../../actors/bus.ts';
import type { Clock, Timer } from '../../actors/clock.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import type { DroppedRecord, InspectFilter, InspectRecord } from '../../protocol/inspection.ts';
import { askAll, recentOf } from './backlog.ts';
import { filterOf, onlyStatus } from './inspect-filter.ts';
import type { Presence } from './presence.ts';
import { Refusal } from './refusal.ts';
import { statelyMessages } from './stately.ts';

/** As much of a WebSocket of the package `ws` as is needed. */
export interface ViewerSocket {
  readonly bufferedAmount: number;
  send(text: string, sent: (failure?: Error) => void): void;
  close(code: number, reason: string): void;
}

export interface ViewerParts {
  readonly inspection: Inspection;
  readonly presence: Presence;
  readonly clock: Clock;
}

/** Records in arrays, or each as Stately's inspector has it. */
export type ViewerForm = 'batch' | 'stately';

const flushEveryMs = 50;
const bufferedBytesMax = 1_000_000;
/** At one flush; more wait. */
const recordsPerFlushMax = 1_000;
/** Records that wait, above all for the backlog that goes before them. */
const queueMax = 5_000;
const chunkRecords = 250;
/** So long may a record that was in the backlog also come by the bus. */
const overlapMs = 5_000;
/** Each one goes to all replicas. */
const filtersPerSecondMax = 20;
const policyViolation = 1008;

/** What Stately's tools, which send no filter, get: the machines of which there are few. */
export const fewMachines: readonly string[] = [
  'peer',
  'election',
  'leader',
  'learner',
  'learnerHandler',
  'sessionTracker',
  'snapshotter',
];

export class InspectViewer {
  readonly #socket: ViewerSocket;
  readonly #form: ViewerForm;
  readonly #inspection: Inspection;
  readonly #presence: Presence;
  readonly #clock: Clock;
  #subscription: Subscription | null = null;
  #timer: Timer | null = null;
  #queue: InspectRecord[] = [];
  #dropped = 0;
  #filters = { second: 0, count: 0 };
  #version = '';
  #isReady = false;
  #isClosed = false;
  /** Of the backlog, as `origin:seq`. */
  #sent: Set<string> | null = null;

  constructor(
    socket: ViewerSocket,
    form: ViewerForm,
    { inspection, presence, clock }: ViewerParts,
  ) {
    this.#socket = socket;
    this.#form = form;
    this.#inspection = inspection;
    this.#presence = presence;
    this.#clock = clock;
  }

  /** Sends the backlog; resolves when records flow as they come. Never rejects. */
  async start(): Promise<void> {
    const first = { ...onlyStatus, machines: this.#form === 'stately' ? fewMachines : [] };
    // Before the question, so that nothing falls between its answer and the stream.
    this.#watch(first);
    const sids = await this.#presence.sids();
    const recent = recentOf(this.#inspection, sids, this.#clock);
    // Stately's tools know of an actor only what they were told.
    const actors = this.#form === 'stately' ? await this.#actors(sids) : [];
    const backlog = await recent;
    this.#sent = new Set(backlog.map(keyOf));
    this.#clock.after(overlapMs, () => {
      this.#sent = null;
    });
    await this.#sendAll([...actors, ...backlog]);
    this.#isReady = true;
    this.#schedule();
  }

  /** A text that the viewer sent. */
  take(text: string): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second !== this.#filters.second) this.#filters = { second, count: 0 };
    if (++this.#filters.count > filtersPerSecondMax) {
      return this.refuse(`at most ${filtersPerSecondMax} filters are taken in a second`);
    }
    try {
      this.#watch(filterOf(text));
    } catch (failure) {
      if (!(failure instanceof Refusal)) throw failure;
      this.refuse(failure.message);
    }
  }

  /** Says why, and ends it. */
  refuse(sentence: string): void {
    if (this.#isClosed) return;
    this.#socket.send(JSON.stringify({ error: sentence }), () => {});
    this.#socket.close(policyViolation, sentence.slice(0, 100));
    this.stop();
  }

  /** Of a viewer that is gone. */
  stop(): void {
    this.#isClosed = true;
    this.#subscription?.cancel();
    this.#timer?.cancel();
    this.#queue = [];
    this.#sent = null;
  }

  #watch(filter: InspectFilter): void {
    if (this.#isClosed) return;
    this.#subscription?.cancel();
    this.#subscription = this.#inspection.watch(filter, (records) => this.#add(records));
  }

  #add(records: readonly InspectRecord[]): void {
    if (this.#isClosed) return;
    const isFull = this.#socket.bufferedAmount > bufferedBytesMax;
    for (const record of records) {
      if (isFull || this.#queue.length >= queueMax) this.#dropped++;
      else this.#queue.push(record);
    }
    this.#version = records.at(-1)?._version ?? this.#version;
    this.#schedule();
  }

  #schedule(): void {
    if (this.#timer !== null || this.#isClosed || !this.#isReady) return;
    if (this.#queue.length === 0 && this.#dropped === 0) return;
    this.#timer = this.#clock.after(flushEveryMs, () => {
      this.#timer = null;
      this.#flush();
      this.#schedule();
    });
  }

  #flush(): void {
    if (this.#socket.bufferedAmount > bufferedBytesMax) {
      this.#dropped += this.#queue.length;
      this.#queue = [];
      return;
    }
    const records = this.#queue
      .splice(0, recordsPerFlushMax)
      .filter((record) => this.#isNew(record));
    if (this.#dropped > 0) {
      records.push(this.#droppedRecord());
      this.#dropped = 0;
    }
    this.#send(records, () => {});
  }

  #isNew(record: InspectRecord): boolean {
    return this.#sent === null || !this.#sent.has(keyOf(record));
  }

  /** The backlog waits until the viewer has taken what went before. */
  async #sendAll(records: readonly InspectRecord[]): Promise<void> {
    for (let at = 0; at < records.length && !this.#isClosed; at += chunkRecords) {
      const chunk = records.slice(at, at + chunkRecords);
      await new Promise<void>((resolve) => this.#send(chunk, resolve));
    }
  }

  #send(records: readonly InspectRecord[], sent: () => void): void {
    if (this.#isClosed || records.length === 0) return sent();
    if (this.#form === 'batch') return this.#socket.send(JSON.stringify(records), sent);
    const messages = records.flatMap(statelyMessages);
    messages.forEach((message, at) => {
      const isLast = at === messages.length - 1;
      this.#socket.send(JSON.stringify(message), isLast ? sent : () => {});
    });
  }

  async #actors(sids: readonly number[]): Promise<readonly InspectRecord[]> {
    const lists = await askAll(this.#inspection, sids, { what: 'actors' }, this.#clock);
    return lists.flat();
  }

  /** Of this console, so it has no number among the records of a replica. */
  #droppedRecord(): DroppedRecord {
    return {
      type: '@natskeeper.dropped',
      of: 'viewer',
      count: this.#dropped,
      createdAt: String(this.#clock.wallMs()),
      id: null,
      _version: this.#version,
      sid: this.#inspection.sid,
      epoch: 0,
      zxid: '0x0',
      mono: this.#clock.monotonicMs(),
      seq: 0,
      origin: 0,
    };
  }
}

function keyOf({ origin, seq }: InspectRecord): string {
  return `${origin}:${seq}`;
}
