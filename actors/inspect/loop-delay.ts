/** How late the event loop of this process runs its timers, while somebody wants to know. */

import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Percentiles } from '../../protocol/inspection.ts';

const resolutionMs = 10;
const nanosPerMs = 1e6;

export class LoopDelay {
  #histogram: IntervalHistogram | null = null;

  start(): void {
    this.#histogram = monitorEventLoopDelay({ resolution: resolutionMs });
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram?.disable();
    this.#histogram = null;
  }

  /** Since it was taken last; what is measured has the length of the timer itself in it. */
  take(): Percentiles | null {
    const histogram = this.#histogram;
    if (histogram === null || histogram.count === 0) return null;
    const beyond = (nanos: number) => Math.max(0, nanos / nanosPerMs - resolutionMs);
    const taken = {
      count: histogram.count,
      p50: beyond(histogram.percentile(50)),
      p99: beyond(histogram.percentile(99)),
      max: beyond(histogram.max),
    };
    histogram.reset();
    return taken;
  }
}
