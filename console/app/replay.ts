/**
 * What the ensemble looks like after so many records: the actors and the replicas' figures. Fed one
 * by one it is the present; fed from the start of a ring up to a record it is that moment.
 */

import type {
  ActorRecord,
  ActorSnapshot,
  InspectRecord,
  ReplicaStatus,
  StepRecord,
} from '../../protocol/inspection.ts';
import { madeAt } from './record-ring.ts';

export interface ActorState {
  readonly sessionId: string;
  readonly sid: number;
  /** As the sessionId without the sid. */
  readonly name: string;
  readonly machine: string;
  readonly parentId: string | null;
  readonly origin: number;
  readonly snapshot: ActorSnapshot;
  /** The snapshot before the last step; null where that is not known. */
  readonly before: ActorSnapshot | null;
  readonly step: StepRecord | null;
  /** Steps that this page has seen. */
  readonly steps: number;
  /** It came to its end, or its process did. */
  readonly isGone: boolean;
  /** When it was last heard of, ms since 1970 by its replica. */
  readonly atMs: number;
}

export interface StatusAt {
  readonly status: ReplicaStatus;
  readonly atMs: number;
  readonly origin: number;
}

export class Replay {
  readonly actors: Map<string, ActorState>;
  readonly statuses: Map<number, StatusAt>;
  readonly #origins: Map<number, { origin: number; atMs: number }>;

  constructor(from?: Replay) {
    this.actors = new Map(from?.actors);
    this.statuses = new Map(from?.statuses);
    this.#origins = new Map(from === undefined ? [] : from.#origins);
  }

  apply(record: InspectRecord): void {
    if (!this.#isOfThisProcess(record)) return;
    if (record.type === '@xstate.snapshot') this.#step(record);
    else if (record.type === '@xstate.actor') this.#meet(record);
    else if (record.type === '@natskeeper.status') {
      const { status, sid, origin } = record;
      this.statuses.set(sid, { status, origin, atMs: madeAt(record) });
    }
  }

  #meet(record: ActorRecord): void {
    const { sessionId, sid, name, machine, origin, snapshot } = record;
    const atMs = madeAt(record);
    const known = this.actors.get(sessionId);
    // It is told again to each viewer that comes; its last step is not undone by that.
    const isSame = known !== undefined && !known.isGone && known.origin === origin;
    if (isSame && known.atMs > atMs) return;
    this.actors.set(sessionId, {
      sessionId,
      sid,
      name,
      machine,
      parentId: record.parentId ?? null,
      origin,
      snapshot,
      before: isSame ? known.before : null,
      step: isSame ? known.step : null,
      steps: isSame ? known.steps : 0,
      isGone: snapshot.status === 'done',
      atMs,
    });
  }

  #step(record: StepRecord): void {
    const { sessionId, sid, machine, origin, snapshot } = record;
    const known = this.actors.get(sessionId);
    this.actors.set(sessionId, {
      sessionId,
      sid,
      name: known?.name ?? sessionId.slice(sessionId.indexOf(':') + 1),
      machine,
      parentId: known?.parentId ?? null,
      origin,
      snapshot,
      before: known?.snapshot ?? null,
      step: record,
      steps: (known?.steps ?? 0) + 1,
      isGone: snapshot.status === 'done',
      atMs: madeAt(record),
    });
  }

  /** A replica that was started again has new actors; those of its process before are gone. */
  #isOfThisProcess(record: InspectRecord): boolean {
    const { sid, origin } = record;
    const known = this.#origins.get(sid);
    if (known?.origin === origin) return true;
    // The server's own words about a viewer come from no replica's process.
    if (record.type === '@natskeeper.dropped') return true;
    const atMs = madeAt(record);
    if (known !== undefined && known.atMs > atMs) return false;
    this.#origins.set(sid, { origin, atMs });
    for (const [id, actor] of this.actors) {
      if (actor.sid === sid && actor.origin !== origin && !actor.isGone) {
        this.actors.set(id, { ...actor, isGone: true });
      }
    }
    return true;
  }
}
