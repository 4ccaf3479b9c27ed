/** How long something took, over a stretch of time: percentiles since they were taken last. */

import { createHistogram } from 'node:perf_hooks';
import type { Percentiles } from '../protocol/inspection.ts';

const perMs = 1000;

export class Durations {
  readonly #micros = createHistogram();

  note(ms: number): void {
    this.#micros.record(Math.max(1, Math.round(ms * perMs)));
  }

  /** null when nothing was noted. */
  take(): Percentiles | null {
    const { count, max } = this.#micros;
    if (count === 0) return null;
    const [p50, p99] = [this.#micros.percentile(50), this.#micros.percentile(99)];
    this.#micros.reset();
    return { count, p50: p50 / perMs, p99: p99 / perMs, max: max / perMs };
  }
}
