/**
 * Frames between replicas by ZooKeeper's names for them, for scripts and transcripts.
 */

import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { JuteReader } from '../../protocol/jute.ts';
import { PacketHeader, PacketKind, packetHeaderBytes, readHeader } from '../../protocol/packet.ts';
import { readLeadership, readZxid } from '../../protocol/zab.ts';
import { formatZxid } from '../../protocol/zxid.ts';

/** DIFF: one batch of it. ACKLEADER: the ack of NEWLEADER. */
const names = new Map<number, string>([
  [PacketKind.status, 'STATUS'],
  [PacketKind.beat, 'BEAT'],
  [PacketKind.greet, 'FOLLOWERINFO'],
  [PacketKind.announceEpoch, 'LEADERINFO'],
  [PacketKind.promise, 'ACKEPOCH'],
  [PacketKind.cut, 'TRUNC'],
  [PacketKind.position, 'POSITION'],
  [PacketKind.history, 'DIFF'],
  [PacketKind.leadership, 'NEWLEADER'],
  [PacketKind.ackLeadership, 'ACKLEADER'],
  [PacketKind.admit, 'UPTODATE'],
  [PacketKind.propose, 'PROPOSE'],
  [PacketKind.commit, 'COMMIT'],
  [PacketKind.ack, 'ACK'],
  [PacketKind.requests, 'REQUEST'],
  [PacketKind.snapshot, 'SNAP'],
  [PacketKind.pages, 'PAGES'],
  [PacketKind.snapshotEnd, 'SNAPEND'],
  [PacketKind.credit, 'CREDIT'],
  [PacketKind.refuse, 'REFUSE'],
]);

export const frameNames: ReadonlySet<string> = new Set(names.values());

export interface SeenFrame {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly epoch: number;
  readonly body: JuteReader;
}

/** Null for what is no frame of ours. */
export function seeFrame(from: number, to: number, bytes: Uint8Array): SeenFrame | null {
  const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = new PacketHeader();
  if (readHeader(frame, header) !== null) return null;
  const body = new JuteReader().reset(frame, packetHeaderBytes, frame.length);
  return { from, to, name: names.get(header.kind)!, epoch: header.epoch, body };
}

/** First and last zxid of a batch that a reader has arrived at. */
export function rangeOf({ buffer, position, end }: JuteReader): { first: number; last: number } {
  const frame = buffer.subarray(position, end);
  return { first: firstZxidOf(frame), last: lastZxidOf(frame) };
}

export const showRange = ({ first, last }: { first: number; last: number }): string =>
  first === last ? formatZxid(first) : `${formatZxid(first)} to ${formatZxid(last)}`;

/** Its name, and the facts in it that are the same in every run. */
export function describeFrame({ name, epoch, body }: SeenFrame): string {
  switch (name) {
    case 'LEADERINFO':
      return `${name} epoch ${epoch}`;
    case 'ACKEPOCH':
      return `${name} epoch ${epoch}; it holds epoch ${body.int()}, ${formatZxid(body.long())}`;
    case 'NEWLEADER':
      return `${name} up to ${formatZxid(readLeadership(body).lastZxid)}`;
    case 'PROPOSE':
      readZxid(body);
      readZxid(body);
      return `${name} ${showRange(rangeOf(body))}`;
    // Told early or not: that is a matter of time.
    case 'COMMIT':
      return `${name} ${formatZxid(Math.max(readZxid(body), readZxid(body)))}`;
    case 'DIFF':
      body.boolean();
      readZxid(body);
      return `${name} ${showRange(rangeOf(body))}`;
    case 'TRUNC':
    case 'POSITION':
    case 'ACK':
    case 'UPTODATE':
      return `${name} ${formatZxid(readZxid(body))}`;
    default:
      return name;
  }
}
