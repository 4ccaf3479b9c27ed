/** A small plot of a counter's rate over the last minute: no axes, it shows the shape only. */

import { type Counter, rateBetween } from '../rates.ts';
import type { StatusSample } from '../status-history.ts';

const width = 150;
const height = 30;
const spanMs = 60_000;

interface SparklineProps {
  readonly samples: readonly StatusSample[];
  readonly counter: Counter;
  /** What stands at the right end. */
  readonly endMs: number;
}

export function Sparkline({ samples, counter, endMs }: SparklineProps) {
  const points: { x: number; rate: number }[] = [];
  for (let at = 1; at < samples.length; at++) {
    const sample = samples[at]!;
    if (sample.atMs < endMs - spanMs || sample.atMs > endMs) continue;
    const rate = rateBetween(samples[at - 1]!, sample, counter);
    if (rate === null) continue;
    points.push({ x: width - ((endMs - sample.atMs) * width) / spanMs, rate });
  }
  const top = Math.max(1, ...points.map(({ rate }) => rate));
  const line = points.map(({ x, rate }) => {
    const y = height - 1.5 - (rate * (height - 4)) / top;
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  });
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none">
      <title>Throughput of the last minute</title>
      {line.length > 1 && (
        <>
          <path class="area" d={`M${line.join('L')}V${height}H${points[0]!.x.toFixed(1)}Z`} />
          <path class="curve" d={`M${line.join('L')}`} />
        </>
      )}
    </svg>
  );
}
