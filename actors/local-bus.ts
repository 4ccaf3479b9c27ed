/**
 * A bus inside one process: what a standalone replica has in place of NATS. Frames are handed over
 * in the publisher's turn, in the order of subscription.
 */

import type { Bus, FrameHandler, Subscription } from './bus.ts';

export class LocalBus implements Bus {
  readonly #handlers = new Map<string, Set<FrameHandler>>();

  publish(subject: string, frame: Uint8Array): void {
    if (this.#handlers.size === 0) return;
    for (const handler of this.#handlers.get(subject) ?? []) handler(frame, subject);
    for (let end = subject.lastIndexOf('.'); end > 0; end = subject.lastIndexOf('.', end - 1)) {
      for (const handler of this.#handlers.get(`${subject.slice(0, end)}.>`) ?? []) {
        handler(frame, subject);
      }
    }
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    const handlers = this.#handlers.get(subject) ?? new Set();
    this.#handlers.set(subject, handlers.add(handler));
    return {
      cancel: () => {
        handlers.delete(handler);
        if (handlers.size === 0) this.#handlers.delete(subject);
      },
    };
  }

  async close(): Promise<void> {
    this.#handlers.clear();
  }
}
