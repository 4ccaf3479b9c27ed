/**
 * Hosts all watches: each is an instance of machines/watch.ts, run by its table. Told of every
 * change of the tree as it is applied, it queues events on the connections that watch, in the order
 * that ZooKeeper has: the znode's own watches, then those on its parent's children.
 */

import { watchEvents, watchMachine } from '../machines/watch.ts';
import { assert } from '../protocol/assert.ts';
import { JuteWriter, putInt } from '../protocol/jute.ts';
import { Xid } from '../protocol/opcode.ts';
import { EventType, syncConnected } from '../protocol/replies.ts';
import { WatcherType } from '../protocol/requests.ts';
import type { TreeListener } from '../storage/apply.ts';
import { hashBytes, pathHashBasis } from '../storage/path-index.ts';
import type { WatchPort } from '../storage/read-watches.ts';
import { noWatch, WatchIndex, WatchTable } from '../storage/watch-index.ts';
import { TransitionTable } from './table.ts';
import { noTap, type Tap } from './tap.ts';
import { watchName } from './tap-names.ts';

type WatchEffect = 'deliverEvent' | 'reportRemoval';
type WatchEventType = (typeof watchEvents)[number];

export const watchTable = TransitionTable.compile<WatchEventType, WatchEffect>(
  watchMachine,
  watchEvents,
);
const eventIndex = (event: WatchEventType) => watchTable.eventIndex(event);
const armStandard = eventIndex('arm.standard');
const armPersistent = eventIndex('arm.persistent');
const armRecursive = eventIndex('arm.recursive');
const fireZnode = eventIndex('fire.znode');
const fireChildren = eventIndex('fire.children');
const fireDescendant = eventIndex('fire.descendant');
/** A watch in this state, all regions off, is dropped. */
const offState = 0;

const slash = 0x2f;
/** So many connections are told of a change, then written to: they are at hand in the caches. */
const crowdSize = 64;

/** A connection, as watches see it. */
export interface EventPort {
  /** Queues a whole frame, which never changes again, ahead of any later reply. */
  queueEvent(frame: Buffer): void;
  /** May it see the znode that an event speaks of? (ZOOKEEPER-4799) */
  mayRead(aclId: number): boolean;
}

interface Watcher {
  readonly port: EventPort;
  /** The trigger that it was told of last: an event reaches a connection once. */
  told: number;
}

export class Watches implements WatchPort, TreeListener {
  readonly index = new WatchIndex();
  readonly #tap: Tap;
  readonly #watchers = new Map<number, Watcher>();
  readonly #frame = new JuteWriter(256);
  /** How many watches are recursive: with none, no ancestor needs to be looked at. */
  #recursiveCount = 0;
  #trigger = 0;
  /** Watches are told of a change, and their machines have not stepped yet. */
  #isTelling = false;
  /** Told each time when so many more have been told of one change, named by a number. */
  onCrowd: (trigger: number) => void = () => {};

  constructor(tap: Tap = noTap) {
    this.#tap = tap;
  }

  addWatcher(watcher: number, port: EventPort): void {
    this.#watchers.set(watcher, { port, told: 0 });
  }

  /** The connection is gone, and its watches with it. */
  removeWatcher(watcher: number): void {
    for (let watch = this.index.firstOfWatcher(watcher); watch !== noWatch; ) {
      const next = this.index.nextOfWatcher(watch);
      this.#drop(watch);
      watch = next;
    }
    this.#watchers.delete(watcher);
  }

  #drop(watch: number): void {
    if (this.#isRecursive(this.index.state(watch))) this.#recursiveCount--;
    this.index.remove(watch);
  }

  #isRecursive(state: number): boolean {
    return watchTable.effects(state, fireDescendant).length > 0;
  }

  /** One step of a watch's machine; returns its effects. */
  #step(watch: number, event: number): readonly WatchEffect[] {
    const before = this.index.state(watch);
    const after = watchTable.next(before, event);
    const effects = watchTable.effects(before, event);
    if (this.#tap.watches) this.#tell(watch, { state: before, event, next: after });
    if (after !== before) {
      this.#recursiveCount += Number(this.#isRecursive(after)) - Number(this.#isRecursive(before));
      if (after === offState) this.index.remove(watch);
      else this.index.setState(watch, after);
    }
    return effects;
  }

  #tell(watch: number, step: { state: number; event: number; next: number }): void {
    const { index } = this;
    const name = () => {
      const table = index.tableOf(watch) === WatchTable.data ? 'data' : 'child';
      return watchName(table, index.watcherOf(watch), index.pathOf(watch));
    };
    this.#tap.sink?.tableStepped(watchTable, name, step);
  }

  #arm(
    watcher: number,
    table: WatchTable,
    event: number,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    assert(!this.#isTelling, 'watches: none is armed while others are told of a change');
    this.#step(this.index.ensure(watcher, table, bytes, start, end), event);
  }

  armData(watcher: number, bytes: Buffer, start: number, end: number): void {
    this.#arm(watcher, WatchTable.data, armStandard, bytes, start, end);
  }

  armChild(watcher: number, bytes: Buffer, start: number, end: number): void {
    this.#arm(watcher, WatchTable.child, armStandard, bytes, start, end);
  }

  armPersistent(watcher: number, bytes: Buffer, start: number, end: number): void {
    this.#arm(watcher, WatchTable.data, armPersistent, bytes, start, end);
    this.#arm(watcher, WatchTable.child, armPersistent, bytes, start, end);
  }

  armRecursive(watcher: number, bytes: Buffer, start: number, end: number): void {
    this.#arm(watcher, WatchTable.data, armRecursive, bytes, start, end);
  }

  has(watcher: number, path: Buffer, type: number): boolean {
    return removals(type).some(([table, event]) => {
      const watch = this.index.find(watcher, table, path, 0, path.length);
      return watch !== noWatch && watchTable.effects(this.index.state(watch), event).length > 0;
    });
  }

  remove(watcher: number, path: Buffer, type: number): boolean {
    let removed = false;
    for (const [table, event] of removals(type)) {
      const watch = this.index.find(watcher, table, path, 0, path.length);
      if (watch !== noWatch && this.#step(watch, event).length > 0) removed = true;
    }
    return removed;
  }

  deliver(watcher: number, type: number, path: Buffer): void {
    this.#watchers.get(watcher)?.port.queueEvent(this.#encode(type, path, 0, path.length));
  }

  created(bytes: Buffer, start: number, end: number, aclId: number): void {
    if (this.index.watchCount === 0) return;
    this.#fireData(EventType.nodeCreated, bytes, start, end, aclId);
  }

  dataChanged(bytes: Buffer, start: number, end: number, aclId: number): void {
    if (this.index.watchCount === 0) return;
    this.#fireData(EventType.nodeDataChanged, bytes, start, end, aclId);
  }

  deleted(bytes: Buffer, start: number, end: number, aclId: number): void {
    if (this.index.watchCount === 0) return;
    this.#fireData(EventType.nodeDeleted, bytes, start, end, aclId);
    // Those who watch its children hear of it too, unless they were just told.
    const hash = hashBytes(pathHashBasis, bytes, start, end);
    const first = this.index.first(WatchTable.child, hash, bytes, start, end);
    this.#fireChain(first, fireZnode, EventType.nodeDeleted, bytes, start, end, aclId);
  }

  childrenChanged(bytes: Buffer, start: number, end: number, aclId: number): void {
    if (this.index.watchCount === 0) return;
    this.#trigger++;
    const hash = hashBytes(pathHashBasis, bytes, start, end);
    const first = this.index.first(WatchTable.child, hash, bytes, start, end);
    this.#fireChain(first, fireChildren, EventType.nodeChildrenChanged, bytes, start, end, aclId);
  }

  /**
   * The znode's own watches, then recursive ones from the root down to its parent: one pass over
   * the path, whose hash grows on the way. A connection hears of it once, so the order among
   * ancestors does not show.
   */
  #fireData(type: number, bytes: Buffer, start: number, end: number, aclId: number): void {
    this.#trigger++;
    const hash = hashBytes(pathHashBasis, bytes, start, end);
    const own = this.index.first(WatchTable.data, hash, bytes, start, end);
    this.#fireChain(own, fireZnode, type, bytes, start, end, aclId);
    if (this.#recursiveCount === 0 || end - start <= 1) return;
    let ancestorHash = pathHashBasis;
    let hashed = start;
    for (let stop = start + 1; stop < end; ) {
      ancestorHash = hashBytes(ancestorHash, bytes, hashed, stop);
      hashed = stop;
      const first = this.index.first(WatchTable.data, ancestorHash, bytes, start, stop);
      this.#fireChain(first, fireDescendant, type, bytes, start, end, aclId);
      do stop++;
      while (stop < end && bytes[stop] !== slash);
    }
  }

  /**
   * All are told before the first machine steps: who hears of it last does not wait until the
   * watches of all others are taken off.
   */
  #fireChain(
    first: number,
    event: number,
    type: number,
    bytes: Buffer,
    start: number,
    end: number,
    aclId: number,
  ): void {
    if (first === noWatch) return;
    const { index } = this;
    const table = index.tableOf(first) as WatchTable;
    const path = index.pathNumberOf(first);
    this.#isTelling = true;
    let frame: Buffer | null = null;
    let toldCount = 0;
    for (let watch = first; watch !== noWatch; ) {
      const next = index.nextOfPath(watch);
      const watcher = this.#watchers.get(index.watcherOf(watch));
      const delivers = watchTable.effects(index.state(watch), event).length > 0;
      if (delivers && watcher !== undefined && watcher.told !== this.#trigger) {
        watcher.told = this.#trigger;
        const { port } = watcher;
        if (port.mayRead(aclId)) {
          frame ??= this.#encode(type, bytes, start, end);
          port.queueEvent(frame);
          if (++toldCount % crowdSize === 0) this.onCrowd(this.#trigger);
        }
      }
      watch = next;
    }
    this.#isTelling = false;
    // Not from `first`: a connection that is given up while it is told takes its watches along.
    for (let watch = index.firstOfPath(table, path); watch !== noWatch; ) {
      const next = index.nextOfPath(watch);
      this.#step(watch, event);
      watch = next;
    }
  }

  /** The event as a frame, for all who hear of it. Its zxid is -1, which suits all clients. */
  #encode(type: number, bytes: Buffer, start: number, end: number): Buffer {
    const frame = this.#frame.reset();
    frame.int(0).int(Xid.notification).long(-1).int(0);
    frame.int(type).int(syncConnected).slice(bytes, start, end);
    putInt(frame.buffer, 0, frame.length - 4);
    return frame.copy();
  }
}

/** Which events remove what a WatcherType names, in which tables. */
function removals(type: number): readonly (readonly [WatchTable, number])[] {
  const inBoth = (event: WatchEventType) =>
    [
      [WatchTable.data, eventIndex(event)],
      [WatchTable.child, eventIndex(event)],
    ] as const;
  switch (type) {
    case WatcherType.children:
      return [[WatchTable.child, eventIndex('remove.standard')]];
    case WatcherType.data:
      return [[WatchTable.data, eventIndex('remove.standard')]];
    case WatcherType.persistent:
      return inBoth('remove.persistent');
    case WatcherType.persistentRecursive:
      return inBoth('remove.recursive');
    default:
      return inBoth('remove.all');
  }
}
