/**
 * What every frame between replicas begins with: its kind, who sent it in which life, over which
 * link, in which epoch, and its number in the sender's stream. The channel machine judges by it.
 *
 * Layout: byte kind (1 to 127), byte version, byte sender's sid, byte zero, int incarnation of the
 * sender's process, int link (of the learner; 0 in broadcasts), int epoch, long number, the body.
 */

import { getInt, getLong, type JuteWriter, putInt, putLong } from './jute.ts';

export const packetVersion = 1;
export const packetHeaderBytes = 24;
/** First byte of a signed frame, around the packet: no kind, and no part of a frame. */
export const signedMark = 0xf1;

export const PacketKind = {
  /** To all: votes of those who look, heartbeats of who leads. */
  status: 1,
  /** A learner's heartbeat: what it has logged, whose sessions it has heard of. */
  beat: 2,
  /** FOLLOWERINFO, LEADERINFO, ACKEPOCH. */
  greet: 3,
  announceEpoch: 4,
  promise: 5,
  /** TRUNC: where would you stand if you cut there; and the answer. */
  cut: 6,
  position: 7,
  /** One batch of a DIFF, NEWLEADER, its ACK, UPTODATE. */
  history: 8,
  leadership: 9,
  ackLeadership: 10,
  admit: 11,
  /** PROPOSAL of a batch with the commit so far; COMMIT alone; ACK. */
  propose: 12,
  commit: 13,
  ack: 14,
  /** Client requests of one turn, to the leader. */
  requests: 15,
  /** SNAP: what it is, its pages, its end; and one chunk more may come. */
  snapshot: 16,
  pages: 17,
  snapshotEnd: 18,
  credit: 19,
  /** Go away and say so in your log. */
  refuse: 20,
} as const;
export type PacketKind = (typeof PacketKind)[keyof typeof PacketKind];

const kindMax = 20;

/** Reused from frame to frame. */
export class PacketHeader {
  kind = 0;
  sender = 0;
  incarnation = 0;
  link = 0;
  epoch = 0;
  seq = 0;
}

/** `signed`: others have a busSecret, and we have none. */
export type PacketFault = 'truncated' | 'unknown kind' | 'newer format' | 'signed';

/** What is wrong with a frame; null where `header` holds what it says. */
export function readHeader(frame: Buffer, header: PacketHeader): PacketFault | null {
  if (frame[0] === signedMark) return 'signed';
  if (frame.length < packetHeaderBytes) return 'truncated';
  if (frame[1] !== packetVersion) return 'newer format';
  const kind = frame[0]!;
  if (kind < 1 || kind > kindMax) return 'unknown kind';
  header.kind = kind;
  header.sender = frame[2]!;
  header.incarnation = getInt(frame, 4);
  header.link = getInt(frame, 8);
  header.epoch = getInt(frame, 12);
  header.seq = getLong(frame, 16);
  return null;
}

/** Fills the first bytes of `buffer`; what lies behind them is the body. */
export function putHeader(buffer: Buffer, header: Readonly<PacketHeader>): void {
  buffer[0] = header.kind;
  buffer[1] = packetVersion;
  buffer[2] = header.sender;
  buffer[3] = 0;
  putInt(buffer, 4, header.incarnation);
  putInt(buffer, 8, header.link);
  putInt(buffer, 12, header.epoch);
  putLong(buffer, 16, header.seq);
}

/** Makes room for the header; the body may be appended. */
export function beginPacket(writer: JuteWriter): JuteWriter {
  writer.reset().reserve(packetHeaderBytes);
  writer.length = packetHeaderBytes;
  return writer;
}
