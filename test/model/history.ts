/**
 * What a replica holds, durable and on its way to the disk: actors/history.ts over a log that
 * answers when the explorer says so. Writes become durable one by one, in order; a crash keeps as
 * many of the first ones as the explorer says. Assertions of the log and the history are faults.
 */

import { endOf, follows, holds, lastBatchEndAtOrBelow, type Txn, zxidOf } from './names.ts';

export interface Promises {
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
}

export interface Disk extends Promises {
  readonly log: readonly Txn[];
  /** zxid that is noted as committed (LogStore.committedZxid). */
  readonly noted: number;
}

/** Who is told that a write is durable. */
export type Then =
  | ''
  | 'leader.promise'
  | 'leader.history'
  | 'learner.promise'
  | 'learner.piece'
  | 'learner.adopted';

export type Write =
  | { readonly kind: 'append'; readonly txn: Txn }
  | { readonly kind: 'promises'; readonly promises: Promises; readonly then: Then }
  | {
      readonly kind: 'adopt';
      readonly cutTo: number;
      readonly txns: readonly Txn[];
      readonly promises: Promises;
      readonly then: Then;
    };

export interface HistoryRecord {
  readonly disk: Disk;
  readonly pending: readonly Write[];
  /** zxid up to which we know of commits; number of txns that are applied. */
  readonly committed: number;
  readonly applied: number;
}

export interface HistoryPorts {
  logged(zxid: number): void;
  done(then: Then): void;
  delivered(txns: readonly Txn[]): void;
  fault(text: string): void;
}

export const blankDisk: Disk = { log: [], acceptedEpoch: 0, currentEpoch: 0, noted: 0 };

/** The replica starts: what is noted as committed is applied (storage/recovery.ts). */
export function recovered(disk: Disk): HistoryRecord {
  const applied = disk.log.filter((txn) => zxidOf(txn) <= disk.noted).length;
  return { disk, pending: [], committed: disk.noted, applied };
}

/** The disk once a write is durable. */
export function stored(disk: Disk, write: Write): Disk {
  if (write.kind === 'append') return { ...disk, log: [...disk.log, write.txn] };
  if (write.kind === 'promises') return { ...disk, ...write.promises };
  const end = lastBatchEndAtOrBelow(disk.log, write.cutTo);
  const kept = disk.log.filter((txn) => zxidOf(txn) <= end);
  return { ...disk, ...write.promises, log: [...kept, ...write.txns] };
}

export class HistoryModel {
  readonly #ports: HistoryPorts;
  #disk: Disk;
  readonly #pending: Write[];
  #committed: number;
  #applied: number;

  constructor({ disk, pending, committed, applied }: HistoryRecord, ports: HistoryPorts) {
    this.#disk = disk;
    this.#pending = [...pending];
    this.#committed = committed;
    this.#applied = applied;
    this.#ports = ports;
  }

  get record(): HistoryRecord {
    const [disk, pending] = [this.#disk, this.#pending];
    return { disk, pending, committed: this.#committed, applied: this.#applied };
  }

  /** What is durable: LogStore answers about nothing else. */
  get log(): readonly Txn[] {
    return this.#disk.log;
  }

  get isSettled(): boolean {
    return this.#pending.length === 0;
  }

  /** With what is being appended: the log, and behind it what is on its way (`unapplied`). */
  get all(): readonly Txn[] {
    const appended = this.#pending.flatMap((write) => (write.kind === 'append' ? [write.txn] : []));
    return [...this.#disk.log, ...appended];
  }

  get lastZxid(): number {
    return endOf(this.all);
  }

  get loggedZxid(): number {
    return endOf(this.log);
  }

  get committedZxid(): number {
    return this.#committed;
  }

  get appliedZxid(): number {
    return endOf(this.log.slice(0, this.#applied));
  }

  get notedZxid(): number {
    return this.#disk.noted;
  }

  /** Also those that are being written. */
  get promises(): Promises {
    const { acceptedEpoch, currentEpoch } = this.#disk;
    let promises: Promises = { acceptedEpoch, currentEpoch };
    for (const write of this.#pending) if (write.kind === 'promises') promises = write.promises;
    return promises;
  }

  holds(zxid: number): boolean {
    return holds(this.log, zxid);
  }

  #assert(condition: boolean, text: string): void {
    if (!condition) this.#ports.fault(`Z9 an assertion fails: ${text}`);
  }

  append(txn: Txn): void {
    this.#assert(follows(txn, this.lastZxid), 'a batch follows the last one without a gap');
    this.#assert(!this.#isReplacing, 'nothing is written while the history is replaced');
    this.#pending.push({ kind: 'append', txn });
  }

  get #isReplacing(): boolean {
    return this.#pending.some(({ kind }) => kind === 'adopt');
  }

  commit(zxid: number): void {
    if (zxid <= this.#committed) return;
    this.#committed = zxid;
    this.#advance();
  }

  /** Applied is only what is committed, and durable here as well. */
  #advance(): void {
    const limit = Math.min(this.#committed, this.loggedZxid);
    const before = this.#applied;
    while (this.#applied < this.log.length && zxidOf(this.log[this.#applied]!) <= limit) {
      this.#applied++;
    }
    if (this.#applied > before) this.#ports.delivered(this.log.slice(0, this.#applied));
  }

  storePromises(promises: Promises, then: Then): void {
    this.#assert(!this.#isReplacing, 'nothing is written while the history is replaced');
    this.#checkPromises(this.promises, promises);
    this.#pending.push({ kind: 'promises', promises, then });
  }

  #checkPromises(present: Promises, promises: Promises): void {
    this.#assert(promises.acceptedEpoch >= promises.currentEpoch, 'accepted >= current (Z11)');
    const accepts = promises.acceptedEpoch >= present.acceptedEpoch;
    this.#assert(accepts && promises.currentEpoch >= present.currentEpoch, 'epochs never go down');
  }

  adopt(adopted: { cutTo: number; txns: readonly Txn[]; promises: Promises }, then: Then): void {
    this.#assert(adopted.cutTo >= this.appliedZxid, 'what is committed is never cut (Z10)');
    this.#pending.push({ kind: 'adopt', ...adopted, then });
  }

  /** LmdbLog.adopt, once it begins. */
  #checkAdopted({ cutTo, txns, promises }: Extract<Write, { kind: 'adopt' }>): void {
    this.#checkPromises(this.promises, promises);
    const end = lastBatchEndAtOrBelow(this.log, cutTo);
    let last = end;
    for (const txn of txns) {
      this.#assert(follows(txn, last), 'a batch follows the last one without a gap');
      last = zxidOf(txn);
    }
    const { noted } = this.#disk;
    const stays = noted <= end || txns.some((txn) => zxidOf(txn) === noted);
    this.#assert(stays, 'Agreement: what is committed stays in the log');
  }

  /** The first write is durable. */
  flush(): void {
    const write = this.#pending.shift()!;
    if (write.kind === 'adopt') this.#checkAdopted(write);
    this.#disk = stored(this.#disk, write);
    if (write.kind === 'append') this.#ports.logged(zxidOf(write.txn));
    if (write.kind !== 'promises') this.#advance();
    if (write.kind !== 'append') this.#ports.done(write.then);
  }

  /** `noteCommitted`: durable at once here, for it is only ever a hint. */
  note(): void {
    this.#disk = { ...this.#disk, noted: this.appliedZxid };
  }
}
