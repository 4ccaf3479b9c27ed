/** The newest records, up to a bound; older ones are forgotten. */

import { assert } from '../../protocol/assert.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';

export class RecordRing {
  readonly #max: number;
  /** Invariant: at most #max; the oldest stands at #from once it is full. */
  readonly #records: InspectRecord[] = [];
  #from = 0;

  constructor(max: number) {
    assert(max > 0, 'record ring: it has room for a record');
    this.#max = max;
  }

  push(record: InspectRecord): void {
    if (this.#records.length < this.#max) {
      this.#records.push(record);
      return;
    }
    this.#records[this.#from] = record;
    this.#from = (this.#from + 1) % this.#max;
  }

  /** Oldest first. */
  all(): InspectRecord[] {
    return [...this.#records.slice(this.#from), ...this.#records.slice(0, this.#from)];
  }
}
