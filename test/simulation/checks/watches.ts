/**
 * Watches (C10 to C12): listens to the replay, notes which events each connection must get, and
 * compares them with what came. A reply tells up to which zxid its replica had come: all events of
 * changes up to there are due before it, none of later ones may have come. Behind the last reply
 * of a connection nothing is due, for it may not have arrived.
 */

import { ErrorCode } from '../../../protocol/error-code.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { type EventType, syncConnected } from '../../../protocol/replies.ts';
import { AddWatchMode } from '../../../protocol/requests.ts';
import {
  type ConnectionRecord,
  type EventRecord,
  type Journal,
  never,
  type Operation,
} from '../tap-journal.ts';
import { type Callers, mayRead } from './caller.ts';
import { hex, type Report } from './finding.ts';
import type { ModelAcl, ModelTree } from './model.ts';
import { openModelAcl } from './model.ts';
import { setWatches, WatchSet } from './watch-set.ts';
import type { ReplayListener } from './witness.ts';

/** An event that a connection is to get. */
interface Due {
  readonly zxid: number;
  readonly type: number;
  readonly path: string;
  /** The setWatches that tells it; null when it is told by the change itself. */
  readonly by: Operation | null;
  /** Whether the connection may see the znode is not seen from outside. */
  readonly isOptional: boolean;
  state: 'awaited' | 'came' | 'overdue';
}

/** A connection that watches, or ever did. */
interface Watcher {
  readonly connection: ConnectionRecord;
  readonly dues: Due[];
  /** Of its last reply. */
  readonly lastZxid: number;
  /** Events behind its last reply: so many more are of interest. */
  trailing: number;
}

export class WatchCheck implements ReplayListener {
  readonly #model: ModelTree;
  readonly #callers: Callers;
  readonly #report: Report;
  readonly #set = new WatchSet<Watcher>();
  readonly #watchers = new Map<ConnectionRecord, Watcher>();

  constructor(model: ModelTree, callers: Callers, report: Report) {
    this.#model = model;
    this.#callers = callers;
    this.#report = report;
  }

  #watcherOf(connection: ConnectionRecord): Watcher {
    const known = this.#watchers.get(connection);
    if (known !== undefined) return known;
    const { arrivals } = connection;
    const at = arrivals.findLastIndex((one) => one.kind === 'operation' && one.zxid > 0);
    const last = arrivals[at];
    const watcher: Watcher = {
      ...{ connection, dues: [], lastZxid: last?.zxid ?? 0 },
      trailing: arrivals.slice(at + 1).length,
    };
    this.#watchers.set(connection, watcher);
    return watcher;
  }

  // The replay.

  changed(zxid: number, type: EventType, path: string, acl: ModelAcl): void {
    for (const watcher of this.#set.fire(type, path)) {
      const isOptional = acl === openModelAcl ? false : this.#sees(watcher, acl);
      if (isOptional === null) continue;
      this.#due(watcher, { zxid, type, path, by: null, isOptional, state: 'awaited' });
    }
  }

  /** Null: the event is kept from it. True: that cannot be told. */
  #sees({ connection }: Watcher, acl: ModelAcl): boolean | null {
    const first = mayRead(acl, { ids: [], mayHaveMore: false });
    if (first === 'yes') return false;
    // Identities come with time; which were there by then is left open.
    return mayRead(acl, this.#callers.last(connection)) === 'no' ? null : true;
  }

  #due(watcher: Watcher, due: Due): void {
    if (due.zxid > watcher.lastZxid && !due.isOptional && watcher.trailing-- <= 0) {
      this.#set.forget(watcher);
      return;
    }
    watcher.dues.push(due);
  }

  answered(operation: Operation): void {
    const { op, err, connection } = operation;
    const isAbsent = op === Opcode.exists && err === ErrorCode.noNode;
    switch (op) {
      case Opcode.getData:
      case Opcode.exists:
      case Opcode.getChildren:
      case Opcode.getChildren2:
        if ((err === ErrorCode.ok || isAbsent) && operation.body.at(-1) !== 0) {
          const isData = op === Opcode.getData || op === Opcode.exists;
          const path = operation.request(op).path ?? '';
          this.#arm(isData ? 'data' : 'child', path, connection);
        }
        return;
      case Opcode.addWatch:
        if (err === ErrorCode.ok) this.#add(operation);
        return;
      case Opcode.removeWatches:
      case Opcode.checkWatches:
        this.#find(op, operation);
        return;
      case Opcode.setWatches:
      case Opcode.setWatches2:
        if (err === ErrorCode.ok) this.#setAgain(op, operation);
        return;
    }
  }

  #arm(kind: 'data' | 'child' | 'persistent' | 'recursive', path: string, by: ConnectionRecord) {
    this.#report.count('watches set');
    this.#set.arm(kind, path, this.#watcherOf(by));
  }

  #add(operation: Operation): void {
    const { path, mode } = operation.request(Opcode.addWatch);
    const kind = mode === AddWatchMode.persistentRecursive ? 'recursive' : 'persistent';
    this.#arm(kind, path ?? '', operation.connection);
  }

  /** Is a watch found exactly when there is one? */
  #find(op: typeof Opcode.removeWatches | typeof Opcode.checkWatches, operation: Operation): void {
    const { err, connection } = operation;
    if (err !== ErrorCode.ok && err !== ErrorCode.noWatcher) return;
    const { path, type } = operation.request(op);
    const watcher = this.#watcherOf(connection);
    const isThere = this.#set.has(type, path ?? '', watcher);
    this.#report.count('watches looked for');
    if (isThere !== (err === ErrorCode.ok)) {
      this.#report.add('C12', `a watch is ${isThere ? '' : 'not '}there`, operation);
    }
    if (op === Opcode.removeWatches) this.#set.remove(type, path ?? '', watcher);
  }

  #setAgain(op: typeof Opcode.setWatches | typeof Opcode.setWatches2, operation: Operation): void {
    const { connection, zxid } = operation;
    const watcher = this.#watcherOf(connection);
    this.#report.count('watches set again');
    setWatches(
      operation.request(op),
      this.#model,
      (type, path) => {
        const due = { zxid, type, path, by: operation, isOptional: false };
        this.#due(watcher, { ...due, state: 'awaited' });
      },
      (kind, path) => this.#arm(kind, path, connection),
    );
  }

  // What came.

  /** After the replay. */
  finish(journal: Journal): void {
    for (const connection of journal.connections) {
      const dues = this.#watchers.get(connection)?.dues ?? [];
      checkEvents(connection, dues, this.#report);
    }
  }
}

function checkEvents(connection: ConnectionRecord, dues: readonly Due[], report: Report): void {
  /** All dues before it have come, or are overdue. */
  let head = 0;
  let toldZxid = 0;
  for (const arrival of connection.arrivals) {
    if (arrival.kind === 'event') {
      toldZxid = Math.max(toldZxid, checkEvent(arrival, dues, head, report));
    } else if (arrival.zxid > 0) {
      if (toldZxid > arrival.zxid) {
        const text = `an event of ${hex(toldZxid)} came before a reply from ${hex(arrival.zxid)}`;
        report.add('C11', text, arrival);
      }
      for (; head < dues.length && isDueAt(dues[head]!, arrival); head++) {
        const due = dues[head]!;
        if (due.state === 'awaited' && !due.isOptional) due.state = 'overdue';
      }
    }
  }
  for (const due of dues) {
    if (due.state !== 'overdue') continue;
    const by = due.by === null ? [] : [due.by];
    report.add('C12', `${nameOf(connection)} never got ${describeDue(due)}`, ...by);
  }
}

function isDueAt({ zxid, by }: Due, reply: Operation): boolean {
  return by === null ? zxid <= reply.zxid : by.returnedOrder <= reply.returnedOrder;
}

/** Finds the due that an event is. Returns the zxid that it tells of; 0 where there is none. */
function checkEvent(
  event: EventRecord,
  dues: readonly Due[],
  head: number,
  report: Report,
): number {
  report.count('events');
  const { connection, type, path, state } = event;
  const isIt = (due: Due) => due.type === type && due.path === path;
  if (state !== syncConnected) report.add('C11', `${describeEvent(event)} has state ${state}`);
  /** Of the oldest change that is passed over. */
  let passedZxid = never;
  for (let at = head; at < dues.length; at++) {
    const due = dues[at]!;
    if (due.state !== 'awaited') continue;
    if (isIt(due)) {
      due.state = 'came';
      if (passedZxid < due.zxid) {
        report.add('C11', `${describeEvent(event)} came before one of ${hex(passedZxid)}`);
      }
      return due.zxid;
    }
    if (!due.isOptional) passedZxid = Math.min(passedZxid, due.zxid);
  }
  if (isOfLostReply(event)) return 0;
  const late = dues.find((due) => due.state === 'overdue' && isIt(due));
  if (late === undefined) {
    report.add('C11', `${describeEvent(event)} came, and nothing calls for it`);
    return 0;
  }
  late.state = 'came';
  const text = `${describeEvent(event)} came behind a reply that shows its change`;
  report.add('C10', `${text} (${nameOf(connection)})`);
  return 0;
}

/** What a setWatches tells comes before its reply, which may never have come. */
function isOfLostReply({ connection, path, order }: EventRecord): boolean {
  const { operations, arrivals } = connection;
  const lost = operations.filter(
    ({ op, isReturned }) => !isReturned && (op === Opcode.setWatches || op === Opcode.setWatches2),
  );
  const first = lost[0];
  const isOvertaken = arrivals.some(
    (one) =>
      one.kind === 'operation' &&
      one.returnedOrder > order &&
      one.zxid > 0 &&
      one.invokedOrder > (first?.invokedOrder ?? never),
  );
  if (first === undefined || isOvertaken) return false;
  return lost.some((one) => {
    const { dataWatches, existWatches, childWatches } = one.request(
      one.op as typeof Opcode.setWatches,
    );
    return [dataWatches, existWatches, childWatches].some((list) => list?.includes(path) === true);
  });
}

const nameOf = ({ name, index, sid }: ConnectionRecord): string => `${name}/${index}@${sid}`;

function describeDue({ type, path, zxid }: Due): string {
  return `the event ${type} of ${path} at ${hex(zxid)}`;
}

function describeEvent({ connection, type, path, ms }: EventRecord): string {
  return `the event ${type} of ${path} for ${nameOf(connection)} at ${ms} ms`;
}
