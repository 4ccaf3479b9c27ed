/**
 * What the server tells of the ensemble as it happens, and a moment of it to look back at. Takes
 * records as fast as they come and leaves out what is more than a page can take; whoever watches
 * hears of it once per frame. Comes back by itself when the connection is lost.
 */

import type {
  ActorRecord,
  InspectFilter,
  InspectRecord,
  ReplicaStatus,
} from '../../protocol/inspection.ts';
import type { About } from './about.ts';
import { type Intake, intakeOf } from './intake.ts';
import { madeAt, RecordRing } from './record-ring.ts';
import { type ActorState, Replay, type StatusAt } from './replay.ts';
import { StatusHistory, type StatusSample } from './status-history.ts';
import { type Wish, Wishes } from './wishes.ts';

export type { ActorState, StatusSample };

export interface LiveSocket {
  readonly send: (text: string) => void;
  readonly close: () => void;
}

export interface SocketEvents {
  readonly opened: () => void;
  readonly received: (text: string) => void;
  readonly closed: () => void;
}

/** What the store needs of the browser. */
export interface LiveHost {
  readonly connect: (events: SocketEvents) => LiveSocket;
  readonly wallNow: () => number;
  readonly monoNow: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly onFrame: (run: () => void) => void;
}

export interface StatusView {
  readonly status: ReplicaStatus;
  /** When this page heard it, ms since 1970 by its own clock. */
  readonly heardMs: number;
  readonly isStale: boolean;
}

export type Connection = 'open' | 'connecting' | 'closed';

/** Replicas speak each half second. */
const staleAfterMs = 2_500;
const backOffMsMin = 500;
const backOffMsMax = 10_000;
/** The server's ring comes within this time after we asked. */
const backlogMs = 5_000;
const tickMs = 1_000;

export class LiveStore {
  about: About | null = null;
  connection: Connection = 'closed';
  /** When the connection was lost, or last tried; null while it is open. */
  lostAtMs: number | null = null;
  /** Records that were left out, by the replicas, the server or this page. */
  dropped = 0;
  readonly records = new RecordRing();
  readonly #host: LiveHost;
  readonly #intake: Intake;
  readonly #wishes: Wishes;
  readonly #listeners = new Set<() => void>();
  readonly #history = new StatusHistory();
  /** Before the oldest record, and after the newest. */
  #base = new Replay();
  #now = new Replay();
  readonly #heard = new Map<number, number>();
  #socket: LiveSocket | null = null;
  #backOffMs = backOffMsMin;
  #backlogUntilMs = 0;
  #isFrameAsked = false;
  #ticks = 0;
  #met = 0;
  #past: { ring: RecordRing; base: Replay; index: number; replay: Replay } | null = null;
  #actorsShown: { key: string; map: ReadonlyMap<string, ActorState> } | null = null;
  #statusesShown: { key: string; map: ReadonlyMap<number, StatusView> } | null = null;

  constructor(host: LiveHost) {
    this.#host = host;
    this.#intake = intakeOf(host, {
      take: (records) => this.#take(records),
      leaveOut: (count) => {
        this.dropped += count;
        this.changed();
      },
    });
    this.#wishes = new Wishes(() => this.#sendFilter());
  }

  /** Connects, and stays so. */
  start(): void {
    this.#connect();
    this.#tick();
  }

  /** Actors by sessionId, at the moment that is shown. */
  get actors(): ReadonlyMap<string, ActorState> {
    const replay = this.#past?.replay ?? this.#now;
    const key = this.#shownKey();
    if (this.#actorsShown?.key !== key) this.#actorsShown = { key, map: new Map(replay.actors) };
    return this.#actorsShown.map;
  }

  /** Processes that are heard of, by sid: a replica that was started again has another one. */
  get origins(): ReadonlyMap<number, number> {
    return new Map([...this.#now.statuses].map(([sid, { origin }]) => [sid, origin]));
  }

  /** Figures by sid, at the moment that is shown. */
  get statuses(): ReadonlyMap<number, StatusView> {
    const key = `${this.#shownKey()} ${this.#ticks} ${this.connection}`;
    if (this.#statusesShown?.key !== key) {
      const replay = this.#past?.replay ?? this.#now;
      const views = [...replay.statuses].sort(([one], [other]) => one - other);
      const map = new Map(views.map(([sid, at]) => [sid, this.#viewOf(sid, at)]));
      this.#statusesShown = { key, map };
    }
    return this.#statusesShown.map;
  }

  /** The last ten minutes by sid, always up to now. */
  get history(): ReadonlyMap<number, readonly StatusSample[]> {
    return this.#history.all();
  }

  /** The records that are shown: the live ones, or those held while looking back. */
  get shown(): RecordRing {
    return this.#past?.ring ?? this.records;
  }

  /** Index of the record in `shown` that is looked at; null is now. */
  get position(): number | null {
    return this.#past?.index ?? null;
  }

  /** When it was that is shown, ms since 1970 by the replicas; null is now. */
  get shownAtMs(): number | null {
    const record = this.#past?.ring.at(this.#past.index);
    return record === undefined ? null : madeAt(record);
  }

  /** Shows the ensemble as it was at this record of `shown`; null goes back to now. */
  lookBack(index: number | null): void {
    if (index === null) this.#past = null;
    else {
      const ring = this.#past?.ring ?? this.records.copy();
      const base = this.#past?.base ?? new Replay(this.#base);
      const last = Math.max(0, Math.min(index, ring.size - 1));
      const from = this.#past !== null && this.#past.index <= last ? this.#past : null;
      const replay = new Replay(from?.replay ?? base);
      for (let at = from === null ? 0 : from.index + 1; at <= last; at++) {
        replay.apply(ring.at(at)!);
      }
      this.#past = { ring, base, index: last, replay };
    }
    this.changed();
  }

  /**
   * Takes what a replica says when it is asked for its actors. One of which the ring tells nothing
   * has not changed since the ring's beginning.
   */
  meet(actors: readonly ActorRecord[]): void {
    const told = new Set<string>();
    const processes = new Map<number, number>();
    for (const record of this.records.list()) {
      if ('sessionId' in record) told.add(record.sessionId);
      // The oldest of each replica: what a later process is made of was not there before it.
      if (record.origin !== 0 && !processes.has(record.sid)) {
        processes.set(record.sid, record.origin);
      }
    }
    for (const record of actors) {
      this.#now.apply(record);
      const isNew = !told.has(record.sessionId) && !this.#base.actors.has(record.sessionId);
      const wasThere = (processes.get(record.sid) ?? record.origin) === record.origin;
      if (isNew && wasThere) this.#base.apply(record);
    }
    this.#met++;
    this.changed();
  }

  /** Takes a record that this page made of an answer. */
  add(record: InspectRecord): void {
    this.#take([record]);
  }

  /** Asks for these records too, until what it returns is called. */
  want(wish: Wish): () => void {
    return this.#wishes.add(wish);
  }

  /** Called at most once per frame, after something changed. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Something that is shown is different now. */
  changed(): void {
    if (this.#isFrameAsked) return;
    this.#isFrameAsked = true;
    this.#host.onFrame(() => {
      this.#isFrameAsked = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }

  #take(records: readonly InspectRecord[]): void {
    if (records.length === 0) return;
    const newest = this.records.at(this.records.size - 1);
    const isOlder = newest !== undefined && madeAt(records[0]!) < madeAt(newest);
    const evict = (record: InspectRecord): void => this.#base.apply(record);
    if (isOlder && this.#host.wallNow() < this.#backlogUntilMs) {
      this.records.merge(records, evict);
      this.#now = new Replay(this.#base);
      for (const record of this.records.list()) this.#now.apply(record);
    } else {
      this.records.take(records, evict);
      for (const record of records) this.#now.apply(record);
    }
    this.#note(records);
    this.changed();
  }

  /** A record that is older than the newest of its batch was heard of that much earlier. */
  #note(records: readonly InspectRecord[]): void {
    const now = this.#host.wallNow();
    const newestMs = records.reduce((most, record) => Math.max(most, madeAt(record)), 0);
    for (const record of records) {
      if (record.type === '@natskeeper.dropped') this.dropped += record.count;
      if (record.type !== '@natskeeper.status') continue;
      this.#history.add(record.status, madeAt(record));
      const heardMs = now - (newestMs - madeAt(record));
      this.#heard.set(record.sid, Math.max(heardMs, this.#heard.get(record.sid) ?? 0));
    }
  }

  #viewOf(sid: number, { status, atMs }: StatusAt): StatusView {
    const shownAtMs = this.shownAtMs;
    if (shownAtMs !== null) {
      return { status, heardMs: atMs, isStale: shownAtMs - atMs > staleAfterMs };
    }
    const heardMs = this.#heard.get(sid) ?? atMs;
    const isLate = this.#host.wallNow() - heardMs > staleAfterMs;
    return { status, heardMs, isStale: isLate || this.connection !== 'open' };
  }

  #shownKey(): string {
    return this.#past === null
      ? `${this.records.version} ${this.#met}`
      : `${this.#past.ring.version} at ${this.#past.index}`;
  }

  #tick(): void {
    this.#ticks++;
    this.changed();
    this.#host.after(tickMs, () => this.#tick());
  }

  #connect(): void {
    this.connection = 'connecting';
    this.#socket = this.#host.connect({
      opened: () => {
        this.connection = 'open';
        this.lostAtMs = null;
        this.#backOffMs = backOffMsMin;
        this.#sendFilter();
        this.changed();
      },
      received: (text) => this.#intake.text(text),
      closed: () => this.#lost(),
    });
    this.changed();
  }

  #lost(): void {
    this.#socket = null;
    this.connection = 'closed';
    this.lostAtMs ??= this.#host.wallNow();
    this.changed();
    this.#host.after(this.#backOffMs, () => this.#connect());
    this.#backOffMs = Math.min(this.#backOffMs * 2, backOffMsMax);
  }

  #sendFilter(): void {
    if (this.connection !== 'open') return;
    this.#backlogUntilMs = this.#host.wallNow() + backlogMs;
    const filter: InspectFilter = this.#wishes.filter();
    this.#socket?.send(JSON.stringify({ filter }));
  }
}
