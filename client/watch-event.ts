/**
 * What a watch tells: a change of a znode, a gap in what could be told, the loss of the session.
 */

import { EventType } from '../protocol/replies.ts';

export type ChangeType = 'created' | 'deleted' | 'dataChanged' | 'childrenChanged';

export interface ChangeEvent {
  readonly type: ChangeType;
  readonly path: string;
  /** The zxid of the change, when the server tells it (ZooKeeper 3.9 and later). */
  readonly zxid: number | null;
}

/**
 * Changes may have been missed: read again. After `reconnect` a persistent watch is in place again,
 * but ZooKeeper does not replay what happened in between; after `overflow` the reader was too slow
 * and the events it had not taken were dropped.
 */
export interface GapEvent {
  readonly type: 'gap';
  readonly reason: 'reconnect' | 'overflow';
  /** The path of the watch. */
  readonly path: string;
}

/** The session is over. */
export interface LostEvent {
  readonly type: 'lost';
  readonly path: string;
}

export type WatchEvent = ChangeEvent | GapEvent | LostEvent;
export type WatchListener = (event: WatchEvent) => void;

/** Which tables of the server a watch is in, and for how long (spec 3.5). */
export type WatchKind = 'data' | 'exists' | 'children' | 'persistent' | 'recursive';

const changeTypes = new Map<number, ChangeType>([
  [EventType.nodeCreated, 'created'],
  [EventType.nodeDeleted, 'deleted'],
  [EventType.nodeDataChanged, 'dataChanged'],
  [EventType.nodeChildrenChanged, 'childrenChanged'],
]);

/**
 * The change that an event code of the wire stands for; null for one that is not in the protocol.
 */
export function changeType(code: number): ChangeType | null {
  return changeTypes.get(code) ?? null;
}
