/**
 * Which of its two places each page of a snapshot is in: in the last finished version, and in what
 * the pass under way has written. A byte for each page: a pass over a large tree writes them all,
 * and its end must hold up nobody.
 */

import { assert } from '../protocol/assert.ts';

/** Bits of a byte: place + 1 of the last finished version, 0 without one; then of the pass. */
const finishedBits = 0b11;
const writtenShift = 2;

export class PagePlaces {
  #pages = new Uint8Array(64);
  /** Pages that the pass under way has written. */
  #writtenCount = 0;

  /** The pass under way has written no page. */
  get isPassEmpty(): boolean {
    return this.#writtenCount === 0;
  }

  /** The page's last finished version was found there. */
  found(page: number, place: number): void {
    assert(place === 0 || place === 1, 'snapshot: a page has two places');
    this.#reserve(page);
    this.#pages[page] = (this.#pages[page]! & ~finishedBits) | (place + 1);
  }

  /** Where the pass under way writes the page: over no version that counts. */
  write(page: number): number {
    this.#reserve(page);
    const finished = this.#pages[page]! & finishedBits;
    const written = this.#pages[page]! >> writtenShift;
    const place = finished === 1 ? 1 : 0;
    assert(written === 0 || written === place + 1, 'snapshot: a pass has one place for a page');
    if (written === 0) this.#writtenCount++;
    this.#pages[page] = finished | ((place + 1) << writtenShift);
    return place;
  }

  /** What the pass wrote is the last finished version now. */
  finish(): void {
    for (let page = 0; page < this.#pages.length; page++) {
      const written = this.#pages[page]! >> writtenShift;
      if (written > 0) this.#pages[page] = written;
    }
    this.#writtenCount = 0;
  }

  #reserve(page: number): void {
    assert(page >= 0, 'snapshot: pages are numbered from 0');
    if (page < this.#pages.length) return;
    const grown = new Uint8Array(Math.max(page + 1, this.#pages.length * 2));
    grown.set(this.#pages);
    this.#pages = grown;
  }
}
