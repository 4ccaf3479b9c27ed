/**
 * Hosts the session tracker's machine: feeds it ticks and has sessions expired when it says so.
 */

import { sessionTrackerMachine } from '../machines/session-tracker.ts';
import type { Clock, Timer } from './clock.ts';
import { MachineHost } from './host.ts';
import type { Sessions } from './sessions.ts';
import type { Tap } from './tap.ts';

export class SessionTracker {
  readonly #clock: Clock;
  readonly #tickMs: number;
  readonly #host: MachineHost<typeof sessionTrackerMachine>;
  #timer: Timer | null = null;

  constructor(
    sessions: Pick<Sessions, 'renewAll' | 'expireDue'>,
    clock: Clock,
    options: { readonly tickMs: number; readonly stallTicks: number; readonly name?: string },
    tap: Tap,
  ) {
    this.#clock = clock;
    this.#tickMs = options.tickMs;
    this.#host = new MachineHost(
      sessionTrackerMachine,
      {
        renewSessions: () => sessions.renewAll(),
        expireSessions: ({ tick }: { tick: number }) => sessions.expireDue(tick),
      },
      {
        input: { stallTicks: options.stallTicks },
        ...{ tap, ...(options.name !== undefined && { name: options.name }) },
      },
    );
  }

  get stateName(): string {
    return this.#host.state;
  }

  get #tick(): number {
    return Math.floor(this.#clock.monotonicMs() / this.#tickMs);
  }

  start(): void {
    this.#host.send({ type: 'authority.gained', tick: this.#tick });
    this.#timer = this.#clock.every(this.#tickMs, () =>
      this.#host.send({ type: 'tick', tick: this.#tick }),
    );
  }

  stop(): void {
    this.#timer?.cancel();
    this.#host.send({ type: 'authority.lost' });
  }
}
