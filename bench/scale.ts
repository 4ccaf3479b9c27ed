/** Axes of plots: from figures to positions, and where ticks stand. Pure. */

export interface Scale {
  readonly ticks: readonly number[];
  position(value: number): number;
}

export interface Extent {
  /** Positions of the ends of the axis. */
  readonly from: number;
  readonly to: number;
}

/** Round steps from `least` to a round number at or above `most`. */
export function linearScale(least: number, most: number, { from, to }: Extent): Scale {
  const step = roundStep((most - least) / 5);
  const first = Math.floor(least / step);
  const last = Math.max(Math.ceil(most / step - 1e-9), first + 1);
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => (first + at) * step);
  const span = (last - first) * step;
  return { ticks, position: (value) => from + ((value - first * step) / span) * (to - from) };
}

/** Exactly from `least` to `most`, without rounding the ends. */
export function exactScale(ticks: readonly number[], { from, to }: Extent): Scale {
  const least = ticks[0]!;
  const span = ticks.at(-1)! - least;
  return { ticks, position: (value) => from + ((value - least) / span) * (to - from) };
}

/** From 1, 2 or 5 times a power of ten to another, around all values. */
export function logScale(least: number, most: number, { from, to }: Extent): Scale {
  const power = Math.floor(Math.log10(least)) - 1;
  const powers = Math.ceil(Math.log10(most)) - power + 2;
  const round = Array.from({ length: powers }, (_, at) => 10 ** (power + at)).flatMap((one) => [
    one,
    2 * one,
    5 * one,
  ]);
  const first = round.findLast((tick) => tick <= least * (1 + 1e-9))!;
  const last = round.find((tick) => tick > first && tick >= most * (1 - 1e-9))!;
  const ticks = round.filter((tick) => tick >= first && tick <= last);
  const span = Math.log10(last / first);
  return { ticks, position: (value) => from + (Math.log10(value / first) / span) * (to - from) };
}

/** The next of 1, 2, 5, 10, 20, 50 … at or above. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step > 0 ? step : 1));
  const factor = [1, 2, 5, 10].find((one) => one * power >= step * (1 - 1e-9)) ?? 10;
  return factor * power;
}
