/**
 * The leader's end of the write path: prepares each request against the tree plus all that is
 * prepared already, numbers its txn, and gathers txns into a batch. The batch is closed when the
 * log is free to take it: at the end of the turn when the log is idle, else when it has flushed. So
 * a batch is as large as the disk is slow, and nobody waits for company when the line is idle.
 */

import { crc32 } from 'node:zlib';
import { batchHeaderBytes, beginBatch, endBatch } from '../protocol/batch.ts';
import { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import type { Preparer } from '../storage/prepare.ts';
import type { Clock } from './clock.ts';
import type { PendingRequest } from './pending-request.ts';

/** Txns that are agreed upon together, and the requests that they came from. */
export interface Batch {
  /** The bytes as logged and sent; null when no request of it made a txn. */
  readonly frame: Buffer | null;
  readonly firstZxid: number;
  readonly txnCount: number;
  /** In txn order. A sync has a place among them, but no txn. */
  readonly requests: readonly PendingRequest[];
  /** Gives the frame's memory back; nothing may look at it afterwards. */
  release(): void;
}

export interface ProposerPorts {
  /** Logs the batch and sends it to the others; calls `logged` once it may go on. */
  propose(batch: Batch): void;
}

const batchBytesStart = 64 * 1024;
/** A writer that grew beyond this is not kept: memory follows the load down again. */
const keptBytesMax = 4 * 1024 * 1024;
const keptWritersMax = 4;
/** Above this, connections that write are not read. */
const unfinishedBytesMax = 64 * 1024 * 1024;

export class Proposer {
  readonly #preparer: Preparer;
  readonly #clock: Clock;
  readonly #ports: ProposerPorts;
  /** Batches that the log has not answered for. Invariant: <= inFlightMax. */
  #inFlight = 0;
  readonly #inFlightMax: number;
  #lastZxid: number;
  #writer: JuteWriter | null = null;
  #firstZxid = 0;
  #txnCount = 0;
  #requests: PendingRequest[] = [];
  #closeDeferred = false;
  /** Bytes of txns that are prepared and whose batch is not released. */
  #unfinishedBytes = 0;
  readonly #spareWriters: JuteWriter[] = [];

  constructor(
    preparer: Preparer,
    lastZxid: number,
    clock: Clock,
    ports: ProposerPorts,
    inFlightMax = 1,
  ) {
    this.#preparer = preparer;
    this.#lastZxid = lastZxid;
    this.#clock = clock;
    this.#ports = ports;
    this.#inFlightMax = inFlightMax;
  }

  /** So many bytes are prepared and not yet applied that no more should be read. */
  get isOverloaded(): boolean {
    return this.#unfinishedBytes > unfinishedBytesMax;
  }

  /** Nothing is prepared, logged or waiting to be. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#requests.length === 0;
  }

  submit(request: PendingRequest): void {
    this.#requests.push(request);
    if (request.op !== Opcode.sync) this.#prepare(request);
    if (this.#inFlight < this.#inFlightMax && !this.#closeDeferred) {
      this.#closeDeferred = true;
      this.#clock.defer(() => {
        this.#closeDeferred = false;
        this.#close();
      });
    }
  }

  #prepare(request: PendingRequest): void {
    if (this.#writer === null) {
      this.#writer = this.#spareWriters.pop() ?? new JuteWriter(batchBytesStart);
      beginBatch(this.#writer);
      this.#firstZxid = this.#lastZxid + 1;
    }
    request.time = this.#clock.wallMs();
    this.#lastZxid++;
    this.#txnCount++;
    const before = this.#writer.length;
    this.#preparer.prepare(request, this.#lastZxid, this.#writer);
    this.#unfinishedBytes += this.#writer.length - before;
  }

  #close(): void {
    if (this.#requests.length === 0 || this.#inFlight >= this.#inFlightMax) return;
    const writer = this.#writer;
    const bytes = writer === null ? 0 : writer.length - batchHeaderBytes;
    const batch: Batch = {
      frame: writer && endBatch(writer, this.#firstZxid, this.#txnCount, crc32),
      firstZxid: this.#firstZxid,
      txnCount: this.#txnCount,
      requests: this.#requests,
      release: () => {
        this.#unfinishedBytes -= bytes;
        if (writer && writer.buffer.length <= keptBytesMax) {
          if (this.#spareWriters.length < keptWritersMax) this.#spareWriters.push(writer);
        }
      },
    };
    this.#writer = null;
    this.#txnCount = 0;
    this.#requests = [];
    this.#inFlight++;
    this.#ports.propose(batch);
  }

  /** A batch is in the log: the next one may be closed. */
  logged(): void {
    this.#inFlight--;
    this.#close();
  }
}
