/**
 * A bus inside one process: what a standalone replica has in place of NATS, and what joins replicas
 * that share a process. Each attachment of a hub is a bus of its own, as a connection to NATS is:
 * it does not hear itself, and it can be cut off. Frames are handed over in later turns, in the
 * order in which they were published.
 */

import type { Bus, FrameHandler, Subscription } from './bus.ts';
import { systemClock } from './clock.ts';

interface Entry {
  readonly handle: FrameHandler;
}

interface Publication {
  readonly source: LocalBus;
  readonly subject: string;
  readonly frame: Uint8Array;
  readonly absent: (() => void) | null;
}

export class LocalHub {
  readonly #defer: (task: () => void) => void;
  readonly #attached = new Set<LocalBus>();
  /** Filled by publish, drained by one deferred task per entry. Bounded by its publishers. */
  readonly #waiting: Publication[] = [];
  #waitingFrom = 0;

  /** `defer` runs a task in a later turn; each task hands over one frame, the oldest. */
  constructor(defer: (task: () => void) => void = systemClock.defer) {
    this.#defer = defer;
  }

  attach(): LocalBus {
    return new LocalBus(this);
  }

  /** Disconnects an attachment: it neither hears nor is heard until it is healed. */
  cut(bus: LocalBus): void {
    bus.setConnected(false);
  }

  heal(bus: LocalBus): void {
    bus.setConnected(true);
  }

  /** For LocalBus. */
  add(bus: LocalBus): void {
    this.#attached.add(bus);
  }

  /** For LocalBus. */
  remove(bus: LocalBus): void {
    this.#attached.delete(bus);
  }

  /** For LocalBus: the frame is copied here, once for all who hear it. */
  accept(source: LocalBus, subject: string, frame: Uint8Array, absent: (() => void) | null): void {
    // A replica that is alone publishes for nobody.
    if (absent === null && this.#attached.size === 1) return;
    const copy = Buffer.allocUnsafeSlow(frame.length);
    copy.set(frame);
    this.#waiting.push({ source, subject, frame: copy, absent });
    this.#defer(() => this.#handOver());
  }

  #handOver(): void {
    const publication = this.#waiting[this.#waitingFrom++];
    if (this.#waitingFrom === this.#waiting.length || this.#waitingFrom > 1024) {
      this.#waiting.splice(0, this.#waitingFrom);
      this.#waitingFrom = 0;
    }
    if (publication === undefined) return;
    const { source, subject, frame, absent } = publication;
    let isHeard = false;
    for (const target of [...this.#attached]) {
      if (target !== source && target.hear(subject, frame)) isHeard = true;
    }
    if (!isHeard && source.isConnected) absent?.();
  }
}

/** One attachment of a hub; without one, it is alone. */
export class LocalBus implements Bus {
  onConnection: (isConnected: boolean) => void = () => {};
  readonly #hub: LocalHub;
  /** One entry per subscription, so that the same handler may have several. */
  readonly #handlers = new Map<string, Set<Entry>>();
  #isConnected = true;
  #isClosed = false;

  constructor(hub = new LocalHub()) {
    this.#hub = hub;
    hub.add(this);
  }

  get isConnected(): boolean {
    return this.#isConnected;
  }

  publish(subject: string, frame: Uint8Array): void {
    if (this.#isConnected) this.#hub.accept(this, subject, frame, null);
  }

  probe(subject: string, frame: Uint8Array, absent: () => void): void {
    if (this.#isConnected) this.#hub.accept(this, subject, frame, absent);
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    const handlers = this.#handlers.get(subject) ?? new Set();
    const entry = { handle: handler };
    if (!this.#isClosed) this.#handlers.set(subject, handlers.add(entry));
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
    this.#isClosed = true;
    this.#isConnected = false;
    for (const handlers of this.#handlers.values()) handlers.clear();
    this.#handlers.clear();
    this.#hub.remove(this);
  }

  /** For the hub. */
  setConnected(isConnected: boolean): void {
    if (this.#isClosed || isConnected === this.#isConnected) return;
    this.#isConnected = isConnected;
    this.onConnection(isConnected);
  }

  /** For the hub: hands a frame to our subscribers; does anybody hear it? */
  hear(subject: string, frame: Uint8Array): boolean {
    if (!this.#isConnected || this.#handlers.size === 0) return false;
    let isHeard = this.#call(subject, subject, frame);
    for (let end = subject.lastIndexOf('.'); end > 0; end = subject.lastIndexOf('.', end - 1)) {
      if (this.#call(`${subject.slice(0, end)}.>`, subject, frame)) isHeard = true;
    }
    return isHeard;
  }

  #call(pattern: string, subject: string, frame: Uint8Array): boolean {
    const handlers = this.#handlers.get(pattern);
    if (handlers === undefined) return false;
    for (const entry of [...handlers]) {
      // An earlier one may have cancelled it.
      if (handlers.has(entry)) entry.handle(frame, subject);
    }
    return true;
  }
}
