/**
 * What a scenario says about itself, into the same record as its writes to the disk: what it is
 * about to ask for, and what it was answered. An answer is the moment at which a replica would send
 * an acknowledgement over the bus: a cut behind it must leave on disk what was answered.
 */

import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Promises } from '../../storage/log-store.ts';

/** Frames are base64. */
export type Mark =
  | { readonly is: 'append'; readonly frame: string }
  | { readonly is: 'logged'; readonly zxid: number }
  | { readonly is: 'promise'; readonly promises: Promises }
  | { readonly is: 'promised'; readonly promises: Promises }
  | { readonly is: 'note'; readonly zxid: number }
  | { readonly is: 'noted'; readonly zxid: number }
  | {
      readonly is: 'adopt';
      readonly cutTo: number;
      readonly frames: readonly string[];
      readonly promises: Promises;
    }
  | { readonly is: 'adopted' }
  | {
      readonly is: 'restart';
      readonly zxid: number;
      /** All that led to the snapshot, from the first txn on. */
      readonly history: readonly string[];
      readonly frames: readonly string[];
      readonly promises: Promises;
    }
  | { readonly is: 'restarted' }
  | { readonly is: 'pass'; readonly zxid: number }
  | { readonly is: 'passed'; readonly zxid: number }
  | { readonly is: 'purge'; readonly zxid: number }
  | { readonly is: 'life'; readonly index: number };

export class Marks {
  readonly #handle: number;

  /** `top` is the directory that is recorded. */
  constructor(top: string) {
    this.#handle = openSync(join(top, 'marks'), 'a');
  }

  note(mark: Mark): void {
    writeSync(this.#handle, JSON.stringify(mark));
  }

  close(): void {
    closeSync(this.#handle);
  }
}
