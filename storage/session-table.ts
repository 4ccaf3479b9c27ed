/**
 * The global sessions of the ensemble, as agreed upon: id and negotiated timeout. Who holds which
 * connection, and when a session was last heard of, is not replicated and not kept here.
 */

import { assert } from '../protocol/assert.ts';
import { JuteReader, JuteWriter } from '../protocol/jute.ts';
import { highHalf, lowHalf, sessionIdFromHalves } from '../protocol/session-id.ts';

const idChars = 16;
/** Id and timeout of one session in a snapshot. */
const savedBytes = 12;

export class SessionTable {
  /** Timeout in ms by session id. */
  readonly #timeouts = new Map<string, number>();

  get size(): number {
    return this.#timeouts.size;
  }

  has(id: string): boolean {
    return this.#timeouts.has(id);
  }

  timeoutMs(id: string): number | undefined {
    return this.#timeouts.get(id);
  }

  set(id: string, timeoutMs: number): void {
    assert(id.length === idChars, 'session table: an id is 16 hex digits');
    assert(timeoutMs >= 0, 'session table: a timeout is not negative');
    this.#timeouts.set(id, timeoutMs);
  }

  delete(id: string): boolean {
    return this.#timeouts.delete(id);
  }

  entries(): IterableIterator<[string, number]> {
    return this.#timeouts.entries();
  }

  save(): Buffer {
    const writer = new JuteWriter(4 + this.size * savedBytes);
    writer.int(this.size);
    for (const [id, timeoutMs] of this.#timeouts) {
      writer.halves(highHalf(id), lowHalf(id)).int(timeoutMs);
    }
    assert(writer.length === 4 + this.size * savedBytes, 'session table: all of it is saved');
    return writer.copy();
  }

  load(bytes: Buffer): void {
    this.#timeouts.clear();
    const reader = new JuteReader(bytes);
    for (let left = reader.int(); left > 0; left--) {
      reader.long();
      const id = sessionIdFromHalves(reader.high, reader.low);
      this.#timeouts.set(id, reader.int());
    }
  }
}
