/**
 * `natskeeper top` over the bus: the status that each replica says twice a second while somebody
 * watches. One that falls silent keeps its last figures, marked with their age; members that were
 * never heard of are named.
 */

import type { Inspection } from '../actors/inspect/inspection.ts';
import type { InspectRecord, ReplicaStatus } from '../protocol/inspection.ts';
import { lagOf, silentRow, type TopRow, type TopSource, type TopView } from './top-view.ts';

/** Address by sid, as a configuration has it. */
export type TopMembers = ReadonlyMap<number, string>;

/** Six reports missed. */
const staleMs = 3_000;
const statusOnly = { machines: [], sids: null, instance: null };

interface Heard {
  readonly status: ReplicaStatus;
  readonly atMs: number;
  readonly requestsPerSecond: number | null;
  readonly commitsPerSecond: number | null;
}

export class TopBus implements TopSource {
  readonly #ensemble: string;
  readonly #members: TopMembers;
  readonly #now: () => number;
  readonly #watch: { cancel(): void };
  readonly #closeBus: () => Promise<void>;
  readonly #heard = new Map<number, Heard>();

  /** `members`: of whom nobody has told us yet; `now` is monotonic ms. */
  constructor(
    inspection: Inspection,
    members: TopMembers,
    now: () => number,
    closeBus: () => Promise<void>,
  ) {
    this.#members = members;
    this.#ensemble = inspection.ensemble;
    this.#now = now;
    this.#closeBus = closeBus;
    this.#watch = inspection.watch(statusOnly, (records) => this.#take(records));
  }

  async read(): Promise<TopView> {
    const heard = [...this.#heard.values()];
    const zxids = heard.map(({ status }) => status.loggedZxid);
    const rows = heard.map((each) => this.#row(each, zxids));
    for (const [sid, address] of heard.length > 0 ? membersOf(heard) : this.#members) {
      if (!this.#heard.has(sid)) rows.push(silentRow(sid, address, null));
    }
    rows.sort((one, other) => (one.sid ?? 0) - (other.sid ?? 0));
    return { title: `ensemble ${this.#ensemble}`, rows, latency: 'percentiles' };
  }

  async close(): Promise<void> {
    this.#watch.cancel();
    await this.#closeBus();
  }

  #take(records: readonly InspectRecord[]): void {
    for (const record of records) {
      if (record.type !== '@natskeeper.status') continue;
      const { status } = record;
      const before = this.#heard.get(status.sid);
      this.#heard.set(status.sid, {
        status,
        atMs: this.#now(),
        ...ratesOf(status, before?.status ?? null),
      });
    }
  }

  #row({ status, atMs, requestsPerSecond, commitsPerSecond }: Heard, zxids: string[]): TopRow {
    const silentMs = this.#now() - atMs;
    const { latencyMs, syncMs, loopDelayMs } = status;
    return {
      sid: status.sid,
      address: status.clientAddress ?? '',
      role: status.mode,
      phase: status.phase,
      epoch: status.epoch,
      zxid: status.appliedZxid,
      lag: lagOf(status.appliedZxid, zxids),
      requestsPerSecond,
      commitsPerSecond,
      p50Ms: latencyMs?.p50 ?? null,
      p99Ms: latencyMs?.p99 ?? null,
      syncP99Ms: syncMs?.p99 ?? null,
      connections: status.connections,
      sessions: status.sessions,
      watches: status.watches,
      znodes: status.znodes,
      heapBytes: status.heapBytes,
      loopP99Ms: loopDelayMs?.p99 ?? null,
      silentMs,
      isStale: silentMs > staleMs,
    };
  }
}

/** By the replica's own clock; none over a restart, as it counts anew. */
function ratesOf(
  now: ReplicaStatus,
  before: ReplicaStatus | null,
): Pick<Heard, 'requestsPerSecond' | 'commitsPerSecond'> {
  const ms = before === null ? 0 : now.uptimeMs - before.uptimeMs;
  if (before === null || ms <= 0) return { requestsPerSecond: null, commitsPerSecond: null };
  const rate = (current: number, former: number): number | null =>
    current < former ? null : ((current - former) * 1000) / ms;
  return {
    requestsPerSecond: rate(now.received, before.received),
    commitsPerSecond: rate(now.committed, before.committed),
  };
}

/** What the newest status says of members: sid and `server.N` line's client address. */
function membersOf(heard: readonly Heard[]): Map<number, string> {
  const newest = [...heard].sort((one, other) => other.atMs - one.atMs)[0];
  const members = new Map<number, string>();
  for (const line of newest?.status.members ?? []) {
    const match = /^server\.(\d+)=([^:;]*)[^;]*(?:;(.*))?$/.exec(line);
    if (match === null) continue;
    const [, sid, host = '', client] = match;
    const port = client?.split(':').at(-1);
    members.set(Number(sid), port === undefined ? host : `${host}:${port}`);
  }
  return members;
}
