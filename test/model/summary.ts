/**
 * What the world asks about a replica again and again, worked out once for each of its states: its
 * role, whom it is linked with, what it could do, and which names it still knows.
 */

import type { LeaderContext } from '../../machines/leader.ts';
import type { Catalogue } from './catalogue.ts';
import { type Frame, frames } from './frames.ts';
import { bitsOf, endOf } from './names.ts';
import { hasUntrusted } from './pulses.ts';
import type { ReplicaRecord } from './replica.ts';

export interface LinkEnd {
  readonly sid: number;
  readonly link: number;
  readonly sent: number;
  readonly taken: number;
  readonly acked: number;
  readonly promised: boolean;
  readonly synced: boolean;
  /** It has not answered yet what was sent since a blank one greeted. */
  readonly owesPulse: boolean;
}

export interface Summary {
  readonly sid: number;
  readonly isUp: boolean;
  readonly isLooking: boolean;
  readonly writes: number;
  readonly loggedZxid: number;
  readonly lastZxid: number;
  readonly currentEpoch: number;
  readonly canNote: boolean;
  /** The highest epoch that it knows of. */
  readonly epoch: number;
  readonly leads: boolean;
  readonly leadsEpoch: number;
  readonly isEstablished: boolean;
  /** A quorum has promised its epoch; who has, in this term. */
  readonly rules: boolean;
  readonly promisedSids: readonly number[];
  readonly canPropose: boolean;
  readonly broadcastSeq: number;
  /** As a leader: links that were ever greeted over, and the ends of those that are open. */
  readonly greeted: readonly number[];
  readonly ends: readonly (LinkEnd | undefined)[];
  /** As a learner: whom it follows; 0 for nobody. */
  readonly follows: number;
  readonly link: number;
  readonly wantsGreeting: boolean;
  readonly isFollowing: boolean;
  readonly hasDown: boolean;
  readonly downSeq: number;
  readonly upSent: number;
  readonly learnerEpoch: number;
  /** Of the broadcasts that it takes; 0 before. */
  readonly source: { readonly incarnation: number; readonly epoch: number } | null;
  /** Number of the last broadcast it took; -1 before it is ready. */
  readonly broadcastTaken: number;
  /** The last broadcast before those that it has or awaits; infinite if it cannot know. */
  readonly broadcastLow: number;
  /** Names of processes and links that it may still compare with (names.ts). */
  readonly nameBits: number;
  readonly incarnation: number;
  /** Of replicas that differ only by names and sids it is the same. */
  readonly signature: number;
}

export function summarize(record: ReplicaRecord, catalogue: Catalogue): Summary {
  const { sid, incarnation, disk, pending } = record;
  const epochs = pending.flatMap((write) =>
    write.kind === 'append' ? [] : [write.promises.acceptedEpoch],
  );
  const names = namesIn(record, catalogue);
  const log = [...disk.log, ...pending.flatMap((w) => (w.kind === 'append' ? [w.txn] : []))];
  const summary = {
    ...{ sid, isUp: incarnation > 0, writes: pending.length },
    isLooking: catalogue.peer.state(record.peer) === 'member.looking.electing',
    ...{ loggedZxid: endOf(disk.log), lastZxid: endOf(log), currentEpoch: disk.currentEpoch },
    canNote: pending.length === 0 && endOf(disk.log.slice(0, record.applied)) > disk.noted,
    epoch: Math.max(disk.acceptedEpoch, ...epochs),
    ...leaderPart(record, catalogue),
    ...learnerPart(record, catalogue),
    ...{ incarnation, nameBits: bitsOf(names) },
  };
  return { ...summary, signature: signatureOf(summary, record, names.length) };
}

function signatureOf(
  summary: Omit<Summary, 'signature'>,
  record: ReplicaRecord,
  nameCount: number,
): number {
  const { loggedZxid, lastZxid, epoch, leadsEpoch, broadcastSeq, upSent, downSeq } = summary;
  const { committed, applied, peer, disk } = record;
  const { follows, ends, writes, broadcastTaken } = summary;
  const numbers = [
    ...[loggedZxid, lastZxid, committed].flatMap((zxid) => [Math.floor(zxid / 2 ** 32), zxid | 0]),
    ...[epoch, leadsEpoch, broadcastSeq, upSent, downSeq, broadcastTaken, writes, applied, peer],
    ...[disk.currentEpoch, follows > 0 ? 1 : 0, ends.length > 0 ? 1 : 0, nameCount],
  ];
  return numbers.reduce((hash, number) => Math.imul(hash ^ number, 0x9e3779b1) ^ (hash >>> 15), 0);
}

/** All names of processes and links that a replica may still compare with. */
export function namesIn(
  { incarnation, leader, learner }: ReplicaRecord,
  catalogue: Catalogue,
): number[] {
  return [
    incarnation,
    ...(leader?.links ?? []),
    ...(leader?.handlers.flatMap(({ link, channel: id }) => [
      link,
      channel(catalogue, id).incarnation,
    ]) ?? []),
    ...(learner === null ? [] : [learner.link, learner.incarnation]),
    ...(learner?.broadcast?.early.flatMap((id) => namesOf(frames.get(id))) ?? []),
  ].filter((name) => name > 0);
}

export const namesOf = ({ incarnation, link }: Frame): number[] =>
  link > 0 ? [incarnation, link] : [incarnation];

type ChannelNumbers = { incarnation: number; seq: number };
const channel = (catalogue: Catalogue, id: number): ChannelNumbers =>
  catalogue.channel.context<ChannelNumbers>(id);

function leaderPart({ leader }: ReplicaRecord, catalogue: Catalogue) {
  const context = leader && catalogue.leader.context<LeaderContext>(leader.machine);
  const ends: (LinkEnd | undefined)[] = [];
  const isAsking = hasUntrusted(context?.learners ?? {});
  for (const { sid, link, sent, channel: id } of leader?.handlers ?? []) {
    const learner = context?.learners[sid];
    const { acked = 0, pulse = 0, promised = false, synced = false } = learner ?? {};
    const owesPulse = isAsking && pulse < leader!.pulse;
    const { seq: taken } = channel(catalogue, id);
    ends[sid] = { sid, link, sent, taken, acked, promised, synced, owesPulse };
  }
  const broadcaster = leader?.broadcaster ?? null;
  const state = leader === null ? '' : catalogue.leader.state(leader.machine);
  return {
    leads: leader !== null,
    leadsEpoch: context?.epoch ?? 0,
    isEstablished: broadcaster !== null,
    rules: state === 'ruling.synchronizing' || state === 'ruling.broadcasting',
    promisedSids: context?.promisedSids ?? [],
    canPropose: broadcaster !== null && leader?.proposer?.inFlight === 0,
    broadcastSeq: broadcaster?.seq ?? 0,
    greeted: leader?.links ?? [],
    ends,
  };
}

function learnerPart({ learner }: ReplicaRecord, catalogue: Catalogue) {
  const state = learner && catalogue.learner.state(learner.machine);
  const hasDown = learner !== null && learner.down >= 0;
  const { broadcast = null } = learner ?? {};
  const isReady = broadcast !== null && broadcast.channel >= 0;
  const broadcastTaken = isReady ? channel(catalogue, broadcast.channel).seq : -1;
  return {
    follows: learner?.leader ?? 0,
    link: learner?.link ?? 0,
    wantsGreeting: state === 'joining.greeting' && !hasDown,
    isFollowing: state === 'following',
    hasDown,
    downSeq: hasDown ? channel(catalogue, learner.down).seq : 0,
    upSent: learner?.sent ?? 0,
    learnerEpoch: learner?.epoch ?? 0,
    source: broadcast && { incarnation: broadcast.incarnation, epoch: broadcast.epoch },
    broadcastTaken,
    broadcastLow: isReady ? broadcastTaken : lowestAwaited(learner),
  };
}

function lowestAwaited(learner: ReplicaRecord['learner']): number {
  const early = learner?.broadcast?.early.map((id) => frames.get(id).seq - 1) ?? [];
  const { leadership = null } = learner?.intake ?? {};
  return Math.min(leadership?.broadcastSeq ?? Number.POSITIVE_INFINITY, ...early);
}
