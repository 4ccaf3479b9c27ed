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

  note(zxid: number, digest: number): void {
    const last = this.#records.at(-1);
    if (last !== undefined && zxid - last.zxid < txnsBetween) return;
    this.#records.push({ zxid, digest });
    if (this.#records.length > recordsMax) this.#records.shift();
  }

  records(): readonly DigestRecord[] {
    return this.#records;
  }
}
