/**
 * A log in memory whose flushes can be held back: a slow disk whose speed the test decides.
 */

import { MemoryLog } from './memory-log.ts';

export class HeldLog extends MemoryLog {
  /** While true, appends wait for `flush`. */
  isHeld = false;
  #waiting: (() => void)[] = [];

  override async append(frame: Buffer): Promise<void> {
    await super.append(frame);
    if (this.isHeld) await new Promise<void>((done) => this.#waiting.push(done));
  }

  /** Ends the flushes that wait. */
  flush(): void {
    for (const done of this.#waiting.splice(0)) done();
  }
}
