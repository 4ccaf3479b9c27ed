/** The last ten minutes of each replica's figures, for plots. */

import type { ReplicaStatus } from '../../protocol/inspection.ts';

const keptMs = 600_000;

export interface StatusSample {
  /** When its replica said so, ms since 1970. */
  readonly atMs: number;
  readonly status: ReplicaStatus;
}

export class StatusHistory {
  readonly #samples = new Map<number, StatusSample[]>();
  #shown: ReadonlyMap<number, readonly StatusSample[]> | null = null;

  /** Adds the newest; what is older than the last of its replica is passed over. */
  add(status: ReplicaStatus, atMs: number): void {
    const list = this.#samples.get(status.sid) ?? [];
    if (atMs <= (list.at(-1)?.atMs ?? 0)) return;
    list.push({ atMs, status });
    const old = list.findIndex((sample) => sample.atMs >= atMs - keptMs);
    if (old > 0) list.splice(0, old);
    this.#samples.set(status.sid, list);
    this.#shown = null;
  }

  /** By sid, in their order; another map, with other lists, whenever something was added. */
  all(): ReadonlyMap<number, readonly StatusSample[]> {
    const inOrder = () => [...this.#samples].sort(([one], [other]) => one - other);
    this.#shown ??= new Map(inOrder().map(([sid, list]) => [sid, [...list]]));
    return this.#shown;
  }
}
