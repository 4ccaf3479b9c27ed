/**
 * One session as a program lives through it: a client that is not renewed, and a clock of the
 * program's own that can be halted, so that the session dies of silence or the program sleeps
 * through its end.
 */

import type { Client, ClientClock } from '../../../client/client.ts';
import type { Crew } from './crew.ts';
import type { WorkloadClientOptions, WorkloadTime } from './workload.ts';

/** The clock of a process that can be stopped: what was due meanwhile comes when it goes on. */
export class HaltingClock implements ClientClock {
  readonly #time: WorkloadTime;
  readonly #due = new Set<() => void>();
  isHalted = false;

  constructor(time: WorkloadTime) {
    this.#time = time;
  }

  now(): number {
    return this.#time.nowMs;
  }

  timer(delayMs: number, action: () => void): () => void {
    const planned = this.#time.after(delayMs, () => {
      if (this.isHalted) this.#due.add(action);
      else action();
    });
    return () => {
      planned.cancel();
      this.#due.delete(action);
    };
  }

  halt(): void {
    this.isHalted = true;
  }

  goOn(): void {
    this.isHalted = false;
    const due = [...this.#due];
    this.#due.clear();
    for (const action of due) action();
  }
}

export interface Life {
  readonly name: string;
  readonly client: Client;
  readonly clock: HaltingClock;
  /** Its session's id, once there is one. */
  id: string;
  /** The ensemble has said that the session is over. */
  isLost: boolean;
}

/** A life whose session has begun; null when none began in time. */
export async function beginLife(
  crew: Crew,
  time: WorkloadTime,
  name: string,
  options: WorkloadClientOptions,
): Promise<Life | null> {
  const clock = new HaltingClock(time);
  const client = crew.open({ connectWithinMs: 10_000, ...options, clock, renewSession: false });
  try {
    await client.connected();
  } catch {
    await client.close();
    return null;
  }
  const life: Life = { name, client, clock, id: client.sessionId, isLost: false };
  const check = () => {
    life.isLost ||= client.state === 'lost';
  };
  client.onState(check);
  check();
  return life;
}

/** Can the program rely on its session now? */
export function isConnected({ client, clock }: Life): boolean {
  return client.state === 'connected' && !clock.isHalted;
}

/** Is there no more to come of it? */
export function isOver({ client }: Life): boolean {
  return client.state === 'lost' || client.state === 'closed';
}
