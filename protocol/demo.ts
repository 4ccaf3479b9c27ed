/**
 * The failure playground of the demo ensemble as JSON: how its processes stand, what was done to
 * them, and what the writers noticed of it. Times are ms since 1970. Only shapes: browsers import
 * them too.
 */

export type DemoProcessState = 'running' | 'paused' | 'dead' | 'starting';

export interface DemoReplicaStatus {
  readonly sid: number;
  /** Of its clients. */
  readonly port: number;
  readonly pid: number | null;
  readonly state: DemoProcessState;
  /** No frame passes between it and the bus. */
  readonly isCut: boolean;
  /** What it says it is (`srvr`); null while it says nothing. */
  readonly mode: string | null;
}

export interface DemoEvent {
  readonly atMs: number;
  /** `killed`, `cut off`, `leads`, … */
  readonly what: string;
  /** Null when it happened to the bus, or to all. */
  readonly sid: number | null;
  /** Something broke, something was mended, or something came of it. */
  readonly kind: 'broke' | 'mended' | 'seen';
}

/** What one failure cost: the longest stretch without an acknowledged write after it. */
export interface DemoOutage {
  /** When the failure was caused or seen, what it was, and to whom. */
  readonly atMs: number;
  readonly what: string;
  readonly sid: number | null;
  readonly fromMs: number;
  /** Null while it goes on. */
  readonly toMs: number | null;
  readonly ms: number;
}

export interface DemoPoint {
  /** The start of a step of 100 ms. */
  readonly atMs: number;
  /** Acknowledged writes. */
  readonly perSecond: number;
  /** Requests that failed or were given up within the step. */
  readonly failed: number;
}

export interface DemoStatus {
  readonly nowMs: number;
  readonly replicas: readonly DemoReplicaStatus[];
  readonly bus: { readonly state: DemoProcessState };
  readonly load: {
    readonly isRunning: boolean;
    readonly clients: number;
    /** Of all requests; the rest are reads. */
    readonly writesShare: number;
  };
  /** The last 200, oldest first. */
  readonly events: readonly DemoEvent[];
  readonly outage: {
    /** Of the last failure, as far as it is known; null when there was none under load. */
    readonly lastMs: number | null;
    /** The last acknowledged write, while there is an outage. */
    readonly since: number | null;
    readonly isOngoing: boolean;
  };
  /** By failure, oldest first: the last 50. */
  readonly outages: readonly DemoOutage[];
  /** Of the last 120 s; steps without load are left out. */
  readonly series: readonly DemoPoint[];
}
