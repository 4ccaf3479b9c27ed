/** Takes over a leader's history over one link: actors/history-intake.ts. */

import type { HistoryModel, Then } from './history.ts';
import { follows, lastBatchEndAtOrBelow, type Txn, zxidOf } from './names.ts';

export interface Leadership {
  readonly lastZxid: number;
  readonly broadcastSeq: number;
}

export interface IntakeRecord {
  readonly pieces: readonly Txn[];
  readonly chunks: number;
  /** Chunks that are worth a credit once what is being stored is durable. */
  readonly storing: number;
  readonly isStoring: boolean;
  readonly cutTo: number;
  readonly received: number;
  readonly committed: number;
  readonly leadership: Leadership | null;
}

/** Once all is adopted it is never asked again. */
export const nothingTaken: IntakeRecord = {
  ...{ pieces: [], chunks: 0, storing: 0, isStoring: false },
  ...{ cutTo: 0, received: 0, committed: 0, leadership: null },
};

export interface IntakePorts {
  credit(): void;
  received(): void;
  broken(): void;
}

export class IntakeModel {
  readonly #history: HistoryModel;
  readonly #ports: IntakePorts;
  readonly #pieceTxns: number;
  #now: IntakeRecord;

  constructor(history: HistoryModel, ports: IntakePorts, pieceTxns: number, record?: IntakeRecord) {
    this.#history = history;
    this.#ports = ports;
    this.#pieceTxns = pieceTxns;
    const { lastZxid } = history;
    this.#now = record ?? {
      ...nothingTaken,
      ...{ cutTo: lastZxid, received: lastZxid },
    };
  }

  get record(): IntakeRecord {
    return this.#now;
  }

  #set(change: Partial<IntakeRecord>): void {
    this.#now = { ...this.#now, ...change };
  }

  considerCut(zxid: number): number | null {
    const { log, appliedZxid, notedZxid } = this.#history;
    const position = lastBatchEndAtOrBelow(log, zxid);
    if (position < Math.max(appliedZxid, notedZxid)) return null;
    this.#set({ cutTo: position, received: position });
    return position;
  }

  take(txn: Txn, endsChunk: boolean, committed: number): void {
    const { chunks, received, pieces } = this.#now;
    if (endsChunk) this.#set({ chunks: chunks + 1 });
    if (!follows(txn, received)) return this.#ports.broken();
    this.#set({
      received: zxidOf(txn),
      pieces: [...pieces, txn],
      committed: Math.max(this.#now.committed, committed),
    });
    if (this.#isPiece) this.#storePieces();
  }

  get #isPiece(): boolean {
    return this.#pieceTxns > 0 && this.#now.pieces.length >= this.#pieceTxns;
  }

  /** Our currentEpoch stays what it is. */
  #storePieces(): void {
    const { isStoring, pieces, chunks } = this.#now;
    if (isStoring) return;
    this.#set({ pieces: [], chunks: 0, storing: chunks });
    this.#store(pieces, this.#history.promises, 'learner.piece');
  }

  #store(txns: readonly Txn[], promises: HistoryModel['promises'], then: Then): void {
    this.#set({ isStoring: true });
    this.#history.adopt({ cutTo: this.#now.cutTo, txns, promises }, then);
  }

  /** The log has answered. */
  stored(): void {
    this.#set({ isStoring: false, cutTo: this.#history.lastZxid });
  }

  pieceStored(): void {
    this.stored();
    const { committed, cutTo, storing } = this.#now;
    this.#history.commit(Math.min(committed, cutTo));
    this.#set({ storing: 0 });
    for (let left = storing; left > 0; left--) this.#ports.credit();
    if (this.#isPiece) this.#storePieces();
    else this.#checkWhole();
  }

  leadershipReceived(leadership: Leadership): void {
    this.#set({ leadership });
    this.#checkWhole();
  }

  #checkWhole(): void {
    const { leadership, isStoring, received } = this.#now;
    if (leadership === null || isStoring) return;
    if (received !== leadership.lastZxid) return this.#ports.broken();
    this.#ports.received();
  }

  /** Stores what is left, and with it our currentEpoch. */
  adopt(epoch: number): void {
    const acceptedEpoch = Math.max(epoch, this.#history.promises.acceptedEpoch);
    const { pieces } = this.#now;
    this.#set({ pieces: [] });
    this.#store(pieces, { acceptedEpoch, currentEpoch: epoch }, 'learner.adopted');
  }
}
