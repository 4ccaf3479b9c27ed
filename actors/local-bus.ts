/**
 * A bus inside one process: what a standalone replica has in place of NATS. Frames are handed over
 * in the publisher's turn, in the order of subscription.
 */

import type { Bus, FrameHandler, Subscription } from './bus.ts';

export class LocalBus implements Bus {
  /** One entry per subscription, so that the same handler may have several. */
  readonly #handlers = new Map<string, Set<{ readonly handle: FrameHandler }>>();

  publish(subject: string, frame: Uint8Array): void {
    if (this.#handlers.size === 0) return;
    for (const { handle } of [...(this.#handlers.get(subject) ?? [])]) handle(frame, subject);
    for (let end = subject.lastIndexOf('.'); end > 0; end = subject.lastIndexOf('.', end - 1)) {
      const below = this.#handlers.get(`${subject.slice(0, end)}.>`);
      for (const { handle } of [...(below ?? [])]) handle(frame, subject);
    }
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    const handlers = this.#handlers.get(subject) ?? new Set();
    const entry = { handle: handler };
    this.#handlers.set(subject, handlers.add(entry));
    return {
      cancel: () => {
        handlers.delete(entry);
        // Another set may have taken its place since.
        if (handlers.size > 0 || this.#handlers.get(subject) !== handlers) return;
        this.#handlers.delete(subject);
      },
    };
  }

  async close(): Promise<void> {
    this.#handlers.clear();
  }
}
