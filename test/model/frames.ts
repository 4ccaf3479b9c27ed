/**
 * Frames between replicas, as protocol/packet.ts and protocol/zab.ts have them: what is in the
 * header, and of the body what the protocol reads. A batch has one txn.
 */

import { Interner } from './interner.ts';
import { nameTxn, type Renaming, renamed, type Txn } from './names.ts';

export interface Header {
  readonly from: number;
  readonly incarnation: number;
  readonly link: number;
  readonly epoch: number;
  readonly seq: number;
}

export type Body =
  /** From a learner. */
  | { kind: 'greet'; votes: boolean; acceptedEpoch: number; currentEpoch: number }
  | { kind: 'promise'; currentEpoch: number; lastZxid: number }
  | { kind: 'position'; zxid: number }
  | { kind: 'credit' }
  | { kind: 'ackLeadership' }
  | { kind: 'ack'; zxid: number }
  /** From a leader to one learner. */
  | { kind: 'announceEpoch' }
  | { kind: 'cut'; zxid: number }
  | { kind: 'history'; endsChunk: boolean; committed: number; txn: Txn }
  | { kind: 'leadership'; lastZxid: number; broadcastSeq: number }
  | { kind: 'admit'; committed: number }
  /** From a leader to all; what is committed, or is so where it is held: the later of the two. */
  | { kind: 'propose'; told: number; txn: Txn }
  | { kind: 'commit'; told: number };

export type Frame = Header & Body;
export type Kind = Body['kind'];

const ofLearners = new Set<Kind>([
  'greet',
  'promise',
  'position',
  'credit',
  'ackLeadership',
  'ack',
]);

export const isBroadcast = ({ kind }: Frame): boolean => kind === 'propose' || kind === 'commit';
export const isOfLearner = ({ kind }: Frame): boolean => ofLearners.has(kind);

export const frames = new Interner<Frame>();

export function renameFrame(id: number, sid: Renaming): number {
  const frame = frames.get(id);
  return frames.id({
    ...frame,
    from: sid(frame.from),
    incarnation: renamed(frame.incarnation, sid),
    link: renamed(frame.link, sid),
  });
}

const hex = (zxid: number): string => `${Math.floor(zxid / 2 ** 32)}.${zxid % 2 ** 32}`;

/** For traces: the kind, and what it says. */
export function nameFrame(frame: Frame): string {
  const { kind, seq, epoch } = frame;
  const parts: string[] = [kind];
  if ('txn' in frame) parts.push(nameTxn(frame.txn));
  if ('zxid' in frame) parts.push(hex(frame.zxid));
  if ('lastZxid' in frame) parts.push(`end ${hex(frame.lastZxid)}`);
  if ('acceptedEpoch' in frame) parts.push(`accepted ${frame.acceptedEpoch}`);
  if ('currentEpoch' in frame) parts.push(`current ${frame.currentEpoch}`);
  if ('committed' in frame) parts.push(`committed ${hex(frame.committed)}`);
  if ('told' in frame) parts.push(`told ${hex(frame.told)}`);
  return `${parts.join(' ')} (epoch ${epoch}, seq ${seq})`;
}
