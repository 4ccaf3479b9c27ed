/**
 * Digests of the tree at zxids in the past, for comparison between replicas: one per 128 txns or
 * more, the newest 1024 (spec 7.5).
 */

export interface DigestRecord {
  readonly zxid: number;
  readonly digest: number;
}

const txnsBetween = 128;
const recordsMax = 1024;

export class DigestHistory {
  /** Oldest first. Invariant: at most `recordsMax`. */
  #records: DigestRecord[] = [];
  #lastZxid: number;

  /** For a state that begins after `lastZxid`. */
  constructor(lastZxid = 0) {
    this.#lastZxid = lastZxid;
  }

  /**
   * After each batch. Batches end at the same zxids on all replicas, so these note the same ones.
   */
  note(zxid: number, digest: number): void {
    const isDue = Math.floor(zxid / txnsBetween) > Math.floor(this.#lastZxid / txnsBetween);
    this.#lastZxid = zxid;
    if (!isDue) return;
    this.#records.push({ zxid, digest });
    if (this.#records.length > recordsMax) this.#records.shift();
  }

  get last(): DigestRecord {
    return this.#records.at(-1) ?? { zxid: 0, digest: 0 };
  }

  /** The digest after that txn, if it was noted. */
  at(zxid: number): number | null {
    return this.#records.findLast((record) => record.zxid === zxid)?.digest ?? null;
  }

  records(): readonly DigestRecord[] {
    return this.#records;
  }
}
