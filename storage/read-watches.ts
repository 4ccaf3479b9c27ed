/**
 * The requests that deal with watches only: addWatch, checkWatches, removeWatches, setWatches and
 * setWatches2 (spec 3.5, 3.6). The watches themselves are kept by whoever implements WatchPort.
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, type JuteReader, type JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { EventType } from '../protocol/replies.ts';
import { AddWatchMode, readRequest, WatcherType } from '../protocol/requests.ts';
import type { Tree } from './tree.ts';
import { Field, noSlot } from './znode-rows.ts';

/** The watches of all connections; the path lies at start..end of bytes. */
export interface WatchPort {
  armData(watcher: number, bytes: Buffer, start: number, end: number): void;
  armChild(watcher: number, bytes: Buffer, start: number, end: number): void;
  armPersistent(watcher: number, bytes: Buffer, start: number, end: number): void;
  armRecursive(watcher: number, bytes: Buffer, start: number, end: number): void;
  /** Is there a watch of this WatcherType? */
  has(watcher: number, path: Buffer, type: number): boolean;
  /** Removes watches of this WatcherType; false when there was none. */
  remove(watcher: number, path: Buffer, type: number): boolean;
  /** Tells one connection of a change that it missed. */
  deliver(watcher: number, type: number, path: Buffer): void;
}

export function answerWatchRequest(
  op: number,
  reader: JuteReader,
  watcher: number,
  tree: Tree,
  watches: WatchPort,
  reply: JuteWriter,
): number {
  assert(watcher >= 0, 'read: who watches has a number');
  switch (op) {
    case Opcode.addWatch:
      return addWatch(reader, watcher, watches, reply);
    case Opcode.checkWatches:
    case Opcode.removeWatches:
      return findWatches(op, reader, watcher, watches);
    case Opcode.setWatches:
    case Opcode.setWatches2:
      return setWatches(op, reader, watcher, tree, watches);
    default:
      return ErrorCode.unimplemented;
  }
}

function addWatch(
  reader: JuteReader,
  watcher: number,
  watches: WatchPort,
  reply: JuteWriter,
): number {
  if (reader.range() < 0) throw new JuteError('null path');
  const { start, stop } = reader;
  const mode = reader.int();
  if (mode === AddWatchMode.persistent) watches.armPersistent(watcher, reader.buffer, start, stop);
  else if (mode === AddWatchMode.persistentRecursive) {
    watches.armRecursive(watcher, reader.buffer, start, stop);
  } else return ErrorCode.marshallingError;
  reply.int(ErrorCode.ok);
  return ErrorCode.ok;
}

function findWatches(op: number, reader: JuteReader, watcher: number, watches: WatchPort): number {
  const path = reader.bytes();
  const type = reader.int();
  if (path === null || type < WatcherType.children || type > WatcherType.persistentRecursive) {
    return ErrorCode.marshallingError;
  }
  const found =
    op === Opcode.removeWatches
      ? watches.remove(watcher, path, type)
      : watches.has(watcher, path, type);
  return found ? ErrorCode.ok : ErrorCode.noWatcher;
}

/** After a reconnect: what changed since the client's zxid is told at once, the rest is watched. */
function setWatches(
  op: number,
  reader: JuteReader,
  watcher: number,
  tree: Tree,
  watches: WatchPort,
): number {
  const request =
    op === Opcode.setWatches2
      ? readRequest(Opcode.setWatches2, reader)
      : {
          ...readRequest(Opcode.setWatches, reader),
          persistentWatches: [],
          persistentRecursiveWatches: [],
        };
  const { dataWatches, existWatches, childWatches, relativeZxid } = request;
  const { persistentWatches, persistentRecursiveWatches } = request;
  if (!dataWatches || !existWatches || !childWatches) throw new JuteError('null watch list');
  if (!persistentWatches || !persistentRecursiveWatches) throw new JuteError('null watch list');
  const { rows } = tree;
  const each = (paths: readonly string[], act: (bytes: Buffer, slot: number) => void) => {
    for (const path of paths) {
      const bytes = Buffer.from(path);
      act(bytes, tree.find(bytes, 0, bytes.length));
    }
  };
  each(dataWatches, (bytes, slot) => {
    if (slot === noSlot) watches.deliver(watcher, EventType.nodeDeleted, bytes);
    else if (rows.wireLong(slot, Field.mzxid) > relativeZxid) {
      watches.deliver(watcher, EventType.nodeDataChanged, bytes);
    } else watches.armData(watcher, bytes, 0, bytes.length);
  });
  each(existWatches, (bytes, slot) => {
    if (slot === noSlot) watches.armData(watcher, bytes, 0, bytes.length);
    else watches.deliver(watcher, EventType.nodeCreated, bytes);
  });
  each(childWatches, (bytes, slot) => {
    if (slot === noSlot) watches.deliver(watcher, EventType.nodeDeleted, bytes);
    else if (rows.wireLong(slot, Field.pzxid) > relativeZxid) {
      watches.deliver(watcher, EventType.nodeChildrenChanged, bytes);
    } else watches.armChild(watcher, bytes, 0, bytes.length);
  });
  for (const path of persistentWatches) {
    const bytes = Buffer.from(path);
    watches.armPersistent(watcher, bytes, 0, bytes.length);
  }
  for (const path of persistentRecursiveWatches) {
    const bytes = Buffer.from(path);
    watches.armRecursive(watcher, bytes, 0, bytes.length);
  }
  return ErrorCode.ok;
}
