/** Frames between replicas by the names that Zab's papers and ZooKeeper have for them. */

import { PacketKind } from '../../protocol/packet.ts';

const names: { readonly [kind: number]: string } = {
  [PacketKind.status]: 'STATUS',
  [PacketKind.beat]: 'BEAT',
  [PacketKind.greet]: 'CEPOCH',
  [PacketKind.announceEpoch]: 'NEWEPOCH',
  [PacketKind.promise]: 'ACKEPOCH',
  [PacketKind.cut]: 'TRUNC?',
  [PacketKind.position]: 'POSITION',
  [PacketKind.history]: 'SYNC',
  [PacketKind.leadership]: 'NEWLEADER',
  [PacketKind.ackLeadership]: 'ACKNEWLEADER',
  [PacketKind.admit]: 'UPTODATE',
  [PacketKind.propose]: 'PROPOSAL',
  [PacketKind.commit]: 'COMMIT',
  [PacketKind.ack]: 'ACK',
  [PacketKind.requests]: 'REQUEST',
  [PacketKind.snapshot]: 'SNAP',
  [PacketKind.pages]: 'PAGES',
  [PacketKind.snapshotEnd]: 'SNAPEND',
  [PacketKind.credit]: 'CREDIT',
  [PacketKind.refuse]: 'REFUSE',
};

export function messageName(kind: number): string {
  return names[kind] ?? `kind ${kind}`;
}
