/**
 * The leader's broadcasts as a learner takes them: kept while it catches up, then in order, without
 * a gap. A broadcast goes to everybody, so the leader sends it once whatever their number.
 */

import { channelMachine } from '../machines/channel.ts';
import { Fifo } from '../protocol/fifo.ts';
import { JuteReader } from '../protocol/jute.ts';
import { type PacketHeader, packetHeaderBytes } from '../protocol/packet.ts';
import { MachineHost } from './host.ts';
import type { Tap } from './tap.ts';

export interface BroadcastPorts {
  deliver(kind: number, body: JuteReader): void;
  dropped(reason: string): void;
  broken(reason: string): void;
}

/** Broadcasts that are kept while we are not ready for them. */
const earlyBytesMax = 64 * 1024 * 1024;

export class BroadcastIntake {
  readonly #incarnation: number;
  readonly #epoch: number;
  readonly #ports: BroadcastPorts;
  readonly #tap: Tap;
  #channel: MachineHost<typeof channelMachine> | null = null;
  /** Came before we were ready: filled by receive, drained by start. */
  readonly #early = new Fifo<{ seq: number; kind: number; frame: Buffer }>();
  #earlyBytes = 0;
  #kind = 0;
  #body = new JuteReader();

  constructor(
    leader: { readonly incarnation: number; readonly epoch: number },
    ports: BroadcastPorts,
    tap: Tap,
  ) {
    this.#incarnation = leader.incarnation;
    this.#epoch = leader.epoch;
    this.#ports = ports;
    this.#tap = tap;
  }

  get isStarted(): boolean {
    return this.#channel !== null;
  }

  /** Everything up to broadcast number `seq` is in our log. */
  start(seq: number): void {
    const { broken, dropped } = this.#ports;
    this.#channel = new MachineHost(
      channelMachine,
      {
        deliverFrame: () => this.#ports.deliver(this.#kind, this.#body),
        dropFrame: () => dropped('duplicate or stale'),
        reportGap: (gap: { expected: number; seq: number }) =>
          broken(`broadcasts ${gap.expected} to ${gap.seq} are missing`),
      },
      {
        input: { incarnation: this.#incarnation, link: 0, epoch: this.#epoch, seq },
        ...{ tap: this.#tap, name: 'broadcast' },
      },
    );
    for (const { seq: number, kind, frame } of this.#early.drain()) {
      this.#take(number, kind, new JuteReader().reset(frame, packetHeaderBytes, frame.length));
    }
  }

  receive(header: Readonly<PacketHeader>, body: JuteReader): void {
    const { incarnation, epoch, seq, kind } = header;
    if (incarnation !== this.#incarnation || epoch !== this.#epoch) {
      return this.#ports.dropped('broadcast of another epoch');
    }
    if (this.#channel !== null) return this.#take(seq, kind, body);
    this.#early.push({ seq, kind, frame: body.buffer });
    this.#earlyBytes += body.buffer.length;
    if (this.#earlyBytes > earlyBytesMax) {
      this.#ports.broken('too much was broadcast while we caught up');
    }
  }

  #take(seq: number, kind: number, body: JuteReader): void {
    this.#kind = kind;
    this.#body = body;
    const { incarnation, epoch } = { incarnation: this.#incarnation, epoch: this.#epoch };
    this.#channel!.send({ type: 'frame.received', incarnation, link: 0, epoch, seq });
  }

  /** The leader has sent so many; what is missing by now will not come. */
  peerSent(seq: number): void {
    this.#channel?.send({ type: 'peer.sent', seq });
  }

  close(): void {
    this.#channel?.send({ type: 'channel.closed' });
  }
}
