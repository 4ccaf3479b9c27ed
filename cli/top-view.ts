/**
 * What `natskeeper top` shows, wherever it comes from: a row for each replica. Figures that nobody
 * counts are null.
 */

export interface TopRow {
  /** Null when a server does not tell it. */
  readonly sid: number | null;
  readonly address: string;
  /** `leader`, `follower`, …; null while it says nothing at all. */
  readonly role: string | null;
  readonly phase: string | null;
  readonly epoch: number | null;
  /** `0x…`. */
  readonly zxid: string | null;
  /** Txns behind the furthest one; null when it cannot be told. */
  readonly lag: number | null;
  readonly requestsPerSecond: number | null;
  readonly commitsPerSecond: number | null;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly syncP99Ms: number | null;
  readonly connections: number | null;
  readonly sessions: number | null;
  readonly watches: number | null;
  readonly znodes: number | null;
  readonly heapBytes: number | null;
  readonly loopP99Ms: number | null;
  /** Since it was heard of; null when it never was. */
  readonly silentMs: number | null;
  readonly isStale: boolean;
}

export interface TopView {
  readonly title: string;
  readonly rows: readonly TopRow[];
  /** What the columns of latency hold. */
  readonly latency: 'percentiles' | 'average and maximum';
}

export interface TopSource {
  /** As it is now; never rejects. */
  read(): Promise<TopView>;
  close(): Promise<void>;
}

/** A row of one that was not heard of. */
export function silentRow(sid: number | null, address: string, silentMs: number | null): TopRow {
  return {
    sid,
    address,
    role: null,
    phase: null,
    epoch: null,
    zxid: null,
    lag: null,
    requestsPerSecond: null,
    commitsPerSecond: null,
    p50Ms: null,
    p99Ms: null,
    syncP99Ms: null,
    connections: null,
    sessions: null,
    watches: null,
    znodes: null,
    heapBytes: null,
    loopP99Ms: null,
    silentMs,
    isStale: true,
  };
}

/** Epoch and counter of a zxid as text; null when it is none. */
export function zxidParts(text: string): { epoch: number; counter: number } | null {
  if (!/^0x[0-9a-f]{1,16}$/i.test(text)) return null;
  const zxid = BigInt(text);
  return { epoch: Number(zxid >> 32n), counter: Number(zxid & 0xffffffffn) };
}

/** How many txns `zxid` is behind the furthest of `all`; null across epochs, where none can say. */
export function lagOf(zxid: string, all: readonly string[]): number | null {
  const own = zxidParts(zxid);
  if (own === null) return null;
  let lag = 0;
  for (const other of all) {
    const parts = zxidParts(other);
    if (parts === null || parts.epoch < own.epoch) continue;
    if (parts.epoch > own.epoch) return null;
    lag = Math.max(lag, parts.counter - own.counter);
  }
  return lag;
}
