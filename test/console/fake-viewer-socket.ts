/** The far end of a viewer's socket: keeps what it was sent, and is as slow as a test wants. */

import type { ViewerSocket } from '../../console/server/inspect-viewer.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';

export class FakeViewerSocket implements ViewerSocket {
  readonly sent: unknown[] = [];
  closed: { readonly code: number; readonly reason: string } | null = null;
  bufferedAmount = 0;
  /** Does it hold back what says that a text was taken? */
  isHeld = false;
  #waiting: (() => void)[] = [];

  send(text: string, sent: () => void): void {
    this.sent.push(JSON.parse(text));
    if (this.isHeld) this.#waiting.push(sent);
    else sent();
  }

  close(code: number, reason: string): void {
    this.closed = { code, reason };
  }

  /** Takes what was sent last, so that more may come. */
  release(): void {
    for (const sent of this.#waiting.splice(0)) sent();
  }

  /** Of all batches, in order. */
  get records(): InspectRecord[] {
    return this.sent.flat() as InspectRecord[];
  }
}
