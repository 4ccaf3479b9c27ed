/**
 * What `show` prints: what is on a replica's disk and in its tree, and which part each plays.
 */

import { crc32 } from 'node:zlib';
import { batchFault } from '../../protocol/batch.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import type { Tree } from '../../storage/tree.ts';
import { noSlot, rootSlot } from '../../storage/znode-rows.ts';
import { type TxnRecord, txnsOf } from '../simulation/checks/log-txns.ts';
import type { SimReplica } from '../simulation/sim-replica.ts';

const txnNames = new Map<number, string>([
  [Opcode.createSession, 'session'],
  [Opcode.closeSession, 'closed session'],
  [Opcode.moveSession, 'moved session'],
  [Opcode.multi, 'multi'],
  [Opcode.error, 'error'],
  [Opcode.sync, 'sync'],
  [Opcode.setSecret, 'secret'],
  [Opcode.setMembership, 'members'],
  [Opcode.reconfig, 'reconfig'],
]);

function showTxn({ zxid, type, parts }: TxnRecord): string {
  const name = txnNames.get(type) ?? parts[0]?.path ?? `type ${type}`;
  return `${name} ${formatZxid(zxid)}`;
}

/** What is durable, from a zxid on. */
export function showLog({ sid, disk }: SimReplica, fromZxid: number): string {
  const frames = [...disk.frames()];
  const isSound = (frame: Buffer) => batchFault(frame, crc32) === null;
  const txns = txnsOf(frames.filter(isSound)).filter(({ zxid }) => zxid >= fromZxid);
  const damaged = frames.every(isSound) ? '' : '; a record is damaged';
  return `log of ${sid}: ${txns.map(showTxn).join(', ') || 'nothing'}${damaged}`;
}

export function showEpochs({ sid, disk }: SimReplica): string {
  const { acceptedEpoch, currentEpoch } = disk.promises;
  return `${sid} has accepted epoch ${acceptedEpoch} and holds epoch ${currentEpoch}`;
}

export function showTree({ sid, replica }: SimReplica): string {
  if (replica === null) return `${sid} is down`;
  const { tree } = replica.state;
  return `tree of ${sid}: ${[...znodes(tree, rootSlot)].join(', ') || 'empty'}`;
}

/** All but what every tree has. */
function* znodes(tree: Tree, parent: number): Iterable<string> {
  const slots: number[] = [];
  for (let slot = tree.firstChild(parent); slot !== noSlot; slot = tree.nextSibling(slot)) {
    slots.push(slot);
  }
  const paths = slots.map((slot) => ({ slot, path: tree.path(slot) }));
  for (const { slot, path } of paths.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (path === '/zookeeper') continue;
    const data = `${tree.data(slot) ?? ''}`;
    yield data === '' ? path : `${path}=${data}`;
    yield* znodes(tree, slot);
  }
}

export function showRole({ sid, condition, replica }: SimReplica): string {
  if (condition !== 'up' || replica === null) {
    return `${sid} ${condition === 'refused' ? 'has refused' : `is ${condition}`}`;
  }
  const [, role = '', phase] = replica.stateName.split('.');
  const leader = replica.ensemble!.leaderSid;
  const isServing = phase === 'serving';
  if (role === 'looking') {
    return `${sid} looks for a leader${phase === 'readOnly' ? ' and serves read-only' : ''}`;
  }
  if (role === 'leading') {
    return isServing
      ? `${sid} leads epoch ${replica.ensemble!.leader!.epoch}`
      : `${sid} would lead`;
  }
  const verb = role === 'observing' ? 'observe' : 'follow';
  return isServing ? `${sid} ${verb}s ${leader}` : `${sid} would ${verb} ${leader}`;
}
