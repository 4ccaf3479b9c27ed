/**
 * Bodies of the frames between replicas, behind the header of packet.ts. A body that cannot be read
 * throws JuteError; whoever received it drops and counts it.
 */

import { JuteError, type JuteReader, type JuteWriter } from './jute.ts';
import { sessionIdFromHalves } from './session-id.ts';

/** zxid.ts has room for so many; the next one is made from what is read here. */
const epochMax = 2 ** 21 - 2;
const sidMax = 255;
/** Beyond it there is no date. */
const wallMsMax = 8.64e15;
const progressBytes = 24;
const touchBytes = 12;

export const ReplicaState = { looking: 0, following: 1, leading: 2, observing: 3 } as const;
export type ReplicaState = (typeof ReplicaState)[keyof typeof ReplicaState];

/** How far a leader's or a learner's streams have got, so that a lost last frame is missed. */
export interface LearnerProgress {
  readonly sid: number;
  readonly link: number;
  /** Last frame of the learner that the leader has taken; last frame that it has sent it. */
  readonly taken: number;
  readonly sent: number;
}

export interface Status {
  readonly state: ReplicaState;
  /** A leader that a quorum follows. */
  readonly isEstablished: boolean;
  readonly round: number;
  readonly vote: { readonly leader: number; readonly zxid: number; readonly epoch: number };
  /** Of the configuration that it goes by; of two with one version the text must be one, too. */
  readonly configVersion: number;
  readonly configSum: number;
  /** Its text, of a replica that looks: who has missed a reconfig needs it to vote. Else ''. */
  readonly config: string;
  /** When its process started, wall clock in ms: of two with one sid, the later one gives way. */
  readonly startedMs: number;
  /** Another process with its sid that it has heard of, by incarnation; 0 for none. */
  readonly twin: number;
  /** Rises from one status of a process to the next; a learner's beat says it back. */
  readonly pulse: number;
  /** Of a leader: number of its last broadcast, its learners. */
  readonly broadcastSeq: number;
  readonly learners: readonly LearnerProgress[];
}

export function writeStatus(writer: JuteWriter, status: Status): void {
  const { vote } = status;
  writer.int(status.state).boolean(status.isEstablished).int(status.round);
  writer.int(vote.leader).long(vote.zxid).int(vote.epoch);
  writer.long(status.configVersion).int(status.configSum).long(status.startedMs).int(status.twin);
  writer.long(status.pulse).long(status.broadcastSeq).int(status.learners.length);
  for (const { sid, link, taken, sent } of status.learners) {
    writer.int(sid).int(link).long(taken).long(sent);
  }
  writer.string(status.config);
}

export function readStatus(reader: JuteReader): Status {
  const state = within(reader.int(), 0, ReplicaState.observing) as ReplicaState;
  const isEstablished = reader.boolean();
  const round = within(reader.int(), 0);
  const vote = readVote(reader);
  const configVersion = within(reader.long(), 0);
  const configSum = reader.int();
  const startedMs = within(reader.long(), 0, wallMsMax);
  const twin = reader.int();
  const pulse = within(reader.long(), 0);
  const broadcastSeq = within(reader.long(), 0);
  const learners: LearnerProgress[] = [];
  for (let left = within(reader.vector(progressBytes), 0, sidMax); left > 0; left--) {
    const [sid, link] = [within(reader.int(), 1, sidMax), reader.int()];
    const [taken, sent] = [within(reader.long(), 0), within(reader.long(), 0)];
    learners.push({ sid, link, taken, sent });
  }
  const config = reader.string() ?? '';
  expectEnd(reader);
  // One literal: spreads cost more than all of the reading.
  return {
    state,
    isEstablished,
    round,
    vote,
    configVersion,
    configSum,
    config,
    startedMs,
    twin,
    pulse,
    broadcastSeq,
    learners,
  };
}

/** Of a replica that may not be voted for, nothing: 0, -1, -1. */
function readVote(reader: JuteReader): Status['vote'] {
  return {
    leader: within(reader.int(), 0, sidMax),
    zxid: within(reader.long(), -1),
    epoch: within(reader.int(), -1, epochMax),
  };
}

/** A session that was heard of since the last report. */
export interface Touch {
  readonly id: string;
  readonly high: number;
  readonly low: number;
  readonly timeoutMs: number;
}

export interface Beat {
  /** Durable in its log; a lost ack costs one beat. */
  readonly logged: number;
  /** Pulse of the last status of the leader that it heard over this link. */
  readonly pulse: number;
  /** A digest of its tree, and the zxid after which it was taken; 0 for none. */
  readonly digestZxid: number;
  readonly digest: number;
}

export function writeBeat(writer: JuteWriter, beat: Beat, touches: Iterable<Touch>): void {
  writer.long(beat.logged).long(beat.pulse).long(beat.digestZxid).long(beat.digest);
  for (const { high, low, timeoutMs } of touches) writer.halves(high, low).int(timeoutMs);
}

/** The touches follow, whole ones: `readTouch` while bytes remain. */
export function readBeat(reader: JuteReader): Beat {
  const beat = {
    logged: within(reader.long(), 0),
    pulse: within(reader.long(), 0),
    digestZxid: within(reader.long(), 0),
    digest: within(reader.long(), Number.MIN_SAFE_INTEGER),
  };
  // Found out before any of them is acted on.
  if (reader.remaining % touchBytes !== 0) throw new JuteError('part of a touch');
  return beat;
}

export function readTouch(reader: JuteReader): Touch {
  reader.long();
  const { high, low } = reader;
  return { id: sessionIdFromHalves(high, low), high, low, timeoutMs: within(reader.int(), 0) };
}

/** A learner's first word on a link; a promise repeats where it stands. */
export interface Greeting {
  readonly votes: boolean;
  readonly acceptedEpoch: number;
  readonly currentEpoch: number;
  /** End of its log. */
  readonly lastZxid: number;
  /** Its state differs from that of others at the same zxid: only a snapshot mends that. */
  readonly wantsSnapshot: boolean;
}

export function writeGreeting(writer: JuteWriter, greeting: Greeting): void {
  writer.boolean(greeting.votes).int(greeting.acceptedEpoch).int(greeting.currentEpoch);
  writer.long(greeting.lastZxid).boolean(greeting.wantsSnapshot);
}

export function readGreeting(reader: JuteReader): Greeting {
  const greeting = {
    votes: reader.boolean(),
    acceptedEpoch: within(reader.int(), 0, epochMax),
    currentEpoch: within(reader.int(), 0, epochMax),
    lastZxid: within(reader.long(), 0),
    wantsSnapshot: reader.boolean(),
  };
  expectEnd(reader);
  return greeting;
}

/** NEWLEADER: with the batches that came before it, this is all of the leader's history. */
export interface Leadership {
  /** Last txn of the history. */
  readonly lastZxid: number;
  /** All later txns come as broadcasts with numbers above this. */
  readonly broadcastSeq: number;
}

export function writeLeadership(writer: JuteWriter, leadership: Leadership): void {
  writer.long(leadership.lastZxid).long(leadership.broadcastSeq);
}

export function readLeadership(reader: JuteReader): Leadership {
  const leadership = {
    lastZxid: within(reader.long(), 0),
    broadcastSeq: within(reader.long(), 0),
  };
  expectEnd(reader);
  return leadership;
}

/** A zxid of a body that is nothing more, or begins with one. */
export function readZxid(reader: JuteReader): number {
  return within(reader.long(), 0);
}

function expectEnd(reader: JuteReader): void {
  if (reader.remaining > 0) throw new JuteError(`${reader.remaining} bytes too many`);
}

/** A number as it was read, if it can be what it stands for. */
function within(value: number, min: number, max = Number.MAX_SAFE_INTEGER): number {
  if (value >= min && value <= max) return value;
  throw new JuteError(`unreasonable number ${value}`);
}
