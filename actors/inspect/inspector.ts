/**
 * Makes records of what a replica's machines do, for as long as somebody wants them, and keeps the
 * last ones. Changes of state of the replica's own actors are kept in any case: they are few, and
 * are what somebody asks for who comes after an election.
 */

import type { AnyMachineSnapshot } from 'xstate';
import type {
  ActorRecord,
  ActorSnapshot,
  InspectFilter,
  InspectRecord,
  Stamp,
  StateValue,
} from '../../protocol/inspection.ts';
import type { PacketHeader } from '../../protocol/packet.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import type { Subscription } from '../bus.ts';
import type { Clock } from '../clock.ts';
import { stateName } from '../host.ts';
import type { Notes } from '../note.ts';
import {
  type TableStep,
  Tap,
  type TappedActor,
  type TappedInstance,
  type TappedStep,
  type TappedTable,
  type TapSink,
} from '../tap.ts';
import { firedTransitions } from './fired-transitions.ts';
import { concerns, type StampedAway, unionOf } from './inspect-filter.ts';
import type { TakeRecords } from './inspection.ts';
import { messageName } from './message-names.ts';
import { RecordBudget } from './record-budget.ts';
import { RecordRing } from './record-ring.ts';
import { shownValue } from './shown-value.ts';

export const ringRecordsMax = 10_000;
/** Of these, changes of state: nothing that there is a lot of drives them out. */
const changesMax = 4000;
/** Of each machine, and of frames by sender and kind, in a tenth of a second. */
const recordsPerWindow = 10;
const flushMs = 50;
/** Machines whose states say which part the replica plays. */
const roles: ReadonlySet<string> = new Set(['peer', 'leader', 'learner']);
/** As Stately's inspector counts its format. */
const formatVersion = '0.7.2';

/** Where a replica stands: its epoch, and what it has applied last. */
export interface Place {
  readonly epoch: number;
  readonly zxid: number;
}

interface Watcher {
  readonly filter: InspectFilter;
  readonly take: TakeRecords;
}

export class Inspector implements TapSink {
  readonly tap = new Tap(this);
  readonly #clock: Clock;
  readonly #notes: Notes;
  readonly sid: number;
  readonly #origin: number;
  readonly #actors = new Map<string, TappedActor>();
  readonly #changes = new RecordRing(changesMax);
  readonly #samples = new RecordRing(ringRecordsMax - changesMax);
  readonly #budget = new RecordBudget(recordsPerWindow);
  readonly #watchers = new Set<Watcher>();
  #wanted: InspectFilter | null = null;
  /** Filled while somebody watches, drained by each flush. Bounded by the budget. */
  #pending: InspectRecord[] = [];
  #isFlushDue = false;
  #seq = 0;
  /** Set once the replica stands somewhere. */
  place: () => Place = () => ({ epoch: 0, zxid: 0 });
  /** Finds one of those of which there are many, by its name; null when there is none. */
  instance: (name: string) => TappedInstance | null = () => null;
  /** Told when the part that the replica plays, or a phase of it, has changed. */
  onRoleStep: () => void = () => {};
  /** Told when the first watcher comes and when the last one has gone. */
  onWanted: (isWanted: boolean) => void = () => {};

  /** `origin` names the process. */
  constructor(clock: Clock, notes: Notes, sid: number, origin: number) {
    this.#clock = clock;
    this.#notes = notes;
    this.sid = sid;
    this.#origin = origin;
  }

  /** Records from now on, until it is cancelled. */
  watch(filter: InspectFilter, take: TakeRecords): Subscription {
    const watcher = { filter, take };
    this.#watchers.add(watcher);
    this.#wantedChanged();
    if (filter.instance !== null) this.#tellInstance(filter.instance);
    return {
      cancel: () => {
        this.#watchers.delete(watcher);
        this.#wantedChanged();
      },
    };
  }

  /** What happened last, oldest first. */
  recent(): InspectRecord[] {
    const all = [...this.#changes.all(), ...this.#samples.all()];
    return all.sort((one, other) => one.seq - other.seq);
  }

  /** The replica's own actors as they are now. */
  actors(): ActorRecord[] {
    return [...this.#actors.values()].map((actor) => this.#actorRecord(actor, true));
  }

  /** Of one of the replica's own actors by name; null when there is none. */
  stateOf(name: string): string | null {
    const actor = this.#actors.get(name);
    return actor === undefined ? null : stateName(actor.snapshot().value);
  }

  /** Adds a record that was made elsewhere: of the replica's figures. */
  add(record: StampedAway): void {
    if (this.#wanted !== null) this.#queue({ ...record, ...this.#stamp() });
  }

  began(actor: TappedActor): void {
    this.#actors.set(actor.name, actor);
    this.#keep(this.#actorRecord(actor, false), actor.machine.id, this.#changes);
  }

  stepped(actor: TappedActor, { event, before, from, to }: TappedStep): void {
    const { machine } = actor;
    const after = actor.snapshot();
    const isWanted = this.#wanted?.machines.includes(machine.id) ?? false;
    if (from === to) {
      if (!isWanted || !this.#budget.allows(machine.id, this.#clock.monotonicMs())) return;
    } else {
      const { type } = event;
      this.#notes.debug('transition', { machine: actor.name, event: type, from, to });
    }
    this.#keep(
      {
        type: '@xstate.snapshot',
        ...this.#names(actor.name),
        machine: machine.id,
        event: shownValue(event) as { type: string },
        snapshot: shownSnapshot(after),
        ...{ from, to },
        fired: firedTransitions(machine, before, event, after),
        ...this.#stamp(),
      },
      machine.id,
      from === to ? this.#samples : this.#changes,
    );
    if (after.status === 'done') this.#actors.delete(actor.name);
    if (from !== to && roles.has(machine.id)) this.onRoleStep();
  }

  tableStepped(table: TappedTable, name: () => string, { state, event, next }: TableStep): void {
    const { machine, states, events, snapshots } = table;
    const only = this.#wanted?.instance ?? null;
    if (only !== null && only !== this.#names(name()).sessionId) return;
    if (!this.#budget.allows(machine.id, this.#clock.monotonicMs())) return;
    const type = events[event]!;
    const [before, after] = [snapshots[state]!, snapshots[next]!];
    this.#keep(
      {
        type: '@xstate.snapshot',
        ...this.#names(name()),
        machine: machine.id,
        event: { type },
        snapshot: shownSnapshot(after),
        ...{ from: states[state]!, to: states[next]! },
        fired: firedTransitions(machine, before, { type }, after),
        ...this.#stamp(),
      },
      machine.id,
    );
  }

  received(header: Readonly<PacketHeader>, bytes: number): void {
    const { sender, epoch, seq } = header;
    const name = messageName(header.kind);
    const kind = `${name} of ${sender}`;
    if (!this.#budget.allows(kind, this.#clock.monotonicMs(), 'message')) return;
    this.#keep(
      {
        type: '@natskeeper.message',
        ...{ from: sender, to: this.sid, name, frameEpoch: epoch, frameSeq: seq, bytes },
        ...this.#stamp(),
      },
      'message',
    );
  }

  /** As it stands, for whoever begins to look at it. */
  #tellInstance(sessionId: string): void {
    const prefix = `${this.sid}:`;
    if (!sessionId.startsWith(prefix)) return;
    const name = sessionId.slice(prefix.length);
    const found = this.instance(name);
    if (found === null) return;
    const { machine, snapshots } = found.table;
    const actor = { machine, name, snapshot: () => snapshots[found.state]! };
    this.#queue(this.#actorRecord(actor, true));
  }

  #names(name: string): { sessionId: string; rootId: string } {
    return { sessionId: `${this.sid}:${name}`, rootId: `${this.sid}:peer` };
  }

  #actorRecord({ machine, name, snapshot }: TappedActor, isWhole: boolean): ActorRecord {
    const names = this.#names(name);
    return {
      type: '@xstate.actor',
      ...names,
      ...(names.sessionId === names.rootId ? {} : { parentId: names.rootId }),
      ...{ name, machine: machine.id },
      definition: isWhole ? JSON.stringify(machine.config) : '',
      snapshot: shownSnapshot(snapshot()),
      ...this.#stamp(),
    };
  }

  #stamp(): Stamp {
    const { epoch, zxid } = this.place();
    return {
      createdAt: String(this.#clock.wallMs()),
      ...{ id: null, _version: formatVersion, sid: this.sid, epoch },
      zxid: formatZxid(zxid),
      mono: this.#clock.monotonicMs(),
      seq: ++this.#seq,
      origin: this.#origin,
    };
  }

  #keep(record: InspectRecord, kind: string, ring = this.#samples): void {
    ring.push(record);
    if (this.#wanted?.machines.includes(kind)) this.#queue(record);
  }

  #queue(record: InspectRecord): void {
    this.#pending.push(record);
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    this.#clock.after(flushMs, () => this.#flush());
  }

  #flush(): void {
    this.#isFlushDue = false;
    for (const [of, count] of this.#budget.takeDropped()) {
      this.#pending.push({ type: '@natskeeper.dropped', of, count, ...this.#stamp() });
    }
    const records = this.#pending;
    this.#pending = [];
    for (const { filter, take } of this.#watchers) {
      const wanted = records.filter((record) => concerns(filter, record));
      if (wanted.length > 0) take(wanted);
    }
  }

  #wantedChanged(): void {
    const wasWanted = this.#wanted !== null;
    this.#wanted = unionOf([...this.#watchers].map(({ filter }) => filter));
    const wants = (machine: string) => this.#wanted?.machines.includes(machine) ?? false;
    const many = ['session', 'watch', 'connection', 'message'];
    const { tap } = this;
    tap.hosts = this.#wanted?.machines.some((machine) => !many.includes(machine)) ?? false;
    tap.sessions = wants('session');
    tap.watches = wants('watch');
    tap.connections = wants('connection');
    tap.messages = wants('message');
    const isWanted = this.#wanted !== null;
    if (isWanted !== wasWanted) this.onWanted(isWanted);
  }
}

export function shownSnapshot({ status, value, context }: AnyMachineSnapshot): ActorSnapshot {
  return {
    status: status === 'active' ? 'active' : 'done',
    value: value as StateValue,
    context: shownValue(context),
    ...{ tags: [], children: {}, historyValue: {} },
  };
}
