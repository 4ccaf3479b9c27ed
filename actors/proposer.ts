/**
 * The leader's end of the write path: prepares each request against the tree plus all that is
 * prepared already, numbers its txn, and gathers txns into a batch. The batch is closed when the
 * log is free to take it: at the end of the turn when the log is idle, else when it has flushed. So
 * a batch is as large as the disk is slow, and nobody waits for company when the line is idle.
 */

import { crc32 } from 'node:zlib';
import { batchHeaderBytes, beginBatch, endBatch } from '../protocol/batch.ts';
import { JuteWriter } from '../protocol/jute.ts';
import { packetHeaderBytes } from '../protocol/packet.ts';
import type { Preparer, WriteRequest } from '../storage/prepare.ts';
import type { Clock } from './clock.ts';

/** Txns that are agreed upon together. */
export interface Batch {
  /** Room for a packet's header and what is committed so far (twice 8 bytes), then the frame. */
  readonly packet: Buffer;
  /** The bytes as logged and sent. */
  readonly frame: Buffer;
  readonly lastZxid: number;
  /** Gives the memory back; nothing may look at it afterwards. */
  release(): void;
}

export interface ProposerPorts {
  /** Logs the batch and sends it to the others; `logged` is called once the log is free again. */
  propose(batch: Batch): void;
  /** `lastZxidMax` is reached: nothing more is prepared. */
  exhausted(): void;
}

/** In front of a frame, so that it is sent from where it was made. */
export const headroomBytes = packetHeaderBytes + 16;
const batchBytesStart = 64 * 1024;
/** A writer that grew beyond this is not kept: memory follows the load down again. */
const keptBytesMax = 4 * 1024 * 1024;
const keptWritersMax = 4;
/** A batch is closed above this, so that it is one flush and one frame of bearable size. */
const batchBytesMax = 4 * 1024 * 1024;
/** Above this, connections that write are not read. */
const unfinishedBytesMax = 24 * 1024 * 1024;

export class Proposer {
  readonly #preparer: Preparer;
  readonly #clock: Clock;
  readonly #ports: ProposerPorts;
  /** Batches that the log has not answered for: inFlightMax, and those that could not wait. */
  #inFlight = 0;
  readonly #inFlightMax: number;
  readonly #lastZxidMax: number;
  #lastZxid: number;
  #writer: JuteWriter | null = null;
  #firstZxid = 0;
  #txnCount = 0;
  #closeDeferred = false;
  /** Bytes of txns that are prepared and whose batch is not released. */
  #unfinishedBytes = 0;
  readonly #spareWriters: JuteWriter[] = [];

  constructor(
    preparer: Preparer,
    lastZxid: number,
    clock: Clock,
    ports: ProposerPorts,
    { inFlightMax = 1, lastZxidMax = Number.POSITIVE_INFINITY } = {},
  ) {
    this.#preparer = preparer;
    this.#lastZxid = lastZxid;
    this.#lastZxidMax = lastZxidMax;
    this.#clock = clock;
    this.#ports = ports;
    this.#inFlightMax = inFlightMax;
  }

  /** So many bytes are prepared and not yet applied that no more should be read. */
  get isOverloaded(): boolean {
    return this.#unfinishedBytes > unfinishedBytesMax;
  }

  /** Nothing waits to be proposed. */
  get isIdle(): boolean {
    return this.#writer === null;
  }

  /** zxid of the last txn that was prepared. */
  get lastZxid(): number {
    return this.#lastZxid;
  }

  submit(request: WriteRequest & { time: number }): void {
    if (this.#lastZxid === this.#lastZxidMax) return this.#ports.exhausted();
    if (this.#writer === null) {
      this.#writer = this.#spareWriters.pop() ?? new JuteWriter(batchBytesStart);
      beginBatch(this.#writer, headroomBytes);
      this.#firstZxid = this.#lastZxid + 1;
    }
    request.time = this.#clock.wallMs();
    this.#lastZxid++;
    this.#txnCount++;
    const before = this.#writer.length;
    this.#preparer.prepare(request, this.#lastZxid, this.#writer);
    this.#unfinishedBytes += this.#writer.length - before;
    if (this.#writer.length > batchBytesMax) return this.closeNow();
    if (this.#inFlight < this.#inFlightMax && !this.#closeDeferred) {
      this.#closeDeferred = true;
      this.#clock.defer(() => {
        this.#closeDeferred = false;
        this.#closeIfFree();
      });
    }
  }

  #closeIfFree(): void {
    if (this.#inFlight < this.#inFlightMax) this.closeNow();
  }

  /** Closes the batch that is being gathered, whether or not the log is free. */
  closeNow(): void {
    const writer = this.#writer;
    if (writer === null) return;
    const bytes = writer.length - headroomBytes - batchHeaderBytes;
    const frame = endBatch(writer, this.#firstZxid, this.#txnCount, crc32, headroomBytes);
    this.#writer = null;
    this.#txnCount = 0;
    this.#inFlight++;
    this.#ports.propose({
      packet: writer.view(),
      frame,
      lastZxid: this.#lastZxid,
      release: () => {
        this.#unfinishedBytes -= bytes;
        if (writer.buffer.length > keptBytesMax) return;
        if (this.#spareWriters.length < keptWritersMax) this.#spareWriters.push(writer);
      },
    });
  }

  /** A batch is in the log: the next one may be closed. */
  logged(): void {
    this.#inFlight--;
    this.#closeIfFree();
  }
}
