/**
 * What a process has asked for and finds again in batches that are proposed but not applied yet:
 * these requests need not be sent anew to a new leader.
 */

import { batchHeaderBytes, firstZxidOf, txnCountOf } from '../protocol/batch.ts';
import { JuteReader } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { sessionIdFromHalves } from '../protocol/session-id.ts';
import { Txn } from '../protocol/txn.ts';

export interface Proposed {
  /** Sessions whose createSession is among them. */
  readonly creating: ReadonlySet<string>;
  /** Writes of our own clients, by session. */
  readonly writes: ReadonlyMap<string, number>;
}

export function proposedBy(origin: number, frames: Iterable<Buffer>): Proposed {
  const creating = new Set<string>();
  const writes = new Map<string, number>();
  const reader = new JuteReader();
  const txn = new Txn();
  for (const frame of frames) {
    const first = firstZxidOf(frame);
    reader.reset(frame, batchHeaderBytes, frame.length);
    for (let index = 0; index < txnCountOf(frame); index++) {
      txn.read(reader, first + index);
      const id = sessionIdFromHalves(txn.sessionHigh, txn.sessionLow);
      if (txn.type === Opcode.createSession) creating.add(id);
      else if (txn.origin === origin) writes.set(id, (writes.get(id) ?? 0) + 1);
    }
  }
  return { creating, writes };
}
