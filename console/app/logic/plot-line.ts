/**
 * Samples as lines of a plot: scaled into a box, broken where samples are missing. A stretch that
 * nobody measured is a gap and never a line.
 */

export interface PlotPoint {
  /** ms, as the samples have it. */
  readonly at: number;
  readonly value: number | null;
}

export interface PlotBox {
  readonly width: number;
  readonly height: number;
  /** Times at the left and right edges. */
  readonly from: number;
  readonly to: number;
  /** At the upper edge; the lower is 0. */
  readonly top: number;
}

/** Samples farther apart than this have a gap between them. */
export const gapMs = 3_000;

/** Stretches of points that belong together, oldest first. */
export function stretches(points: readonly PlotPoint[], gap = gapMs): PlotPoint[][] {
  const out: PlotPoint[][] = [];
  let last: PlotPoint | null = null;
  for (const point of points) {
    if (point.value === null) {
      last = null;
      continue;
    }
    if (last === null || point.at - last.at > gap) out.push([]);
    out.at(-1)!.push(point);
    last = point;
  }
  return out;
}

export const xOf = (box: PlotBox, at: number): number =>
  ((at - box.from) / (box.to - box.from)) * box.width;

export const yOf = (box: PlotBox, value: number): number =>
  box.height - (Math.min(value, box.top) / box.top) * box.height;

/** The line as an SVG path, thinned to about one point for each pixel, peaks kept. */
export function linePath(points: readonly PlotPoint[], box: PlotBox): string {
  let path = '';
  for (const stretch of stretches(points)) {
    const thin = thinned(stretch, box);
    thin.forEach(({ at, value }, index) => {
      path += `${index === 0 ? 'M' : 'L'}${tenth(xOf(box, at))} ${tenth(yOf(box, value ?? 0))}`;
    });
    // A lone sample is seen as a dot: a line of no length with round ends.
    if (thin.length === 1) path += 'h0';
  }
  return path;
}

function thinned(points: readonly PlotPoint[], box: PlotBox): readonly PlotPoint[] {
  if (points.length <= 2 * box.width) return points;
  const peaks = new Map<number, PlotPoint>();
  for (const point of points) {
    const column = Math.round(xOf(box, point.at));
    const known = peaks.get(column);
    if (known === undefined || (point.value ?? 0) > (known.value ?? 0)) peaks.set(column, point);
  }
  return [...peaks.values()];
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

/** A round number at or above the highest value, so that the scale does not dance. */
export function niceTop(values: Iterable<number>, least: number): number {
  let top = least;
  for (const value of values) if (value > top) top = value;
  const power = 10 ** Math.floor(Math.log10(top));
  const step = [1, 2, 2.5, 5, 10].find((factor) => factor * power >= top * (1 - 1e-9));
  return (step ?? 10) * power;
}

/** The sample nearest to a time; null when none is within the gap. */
export function nearest(points: readonly PlotPoint[], at: number, gap = gapMs): PlotPoint | null {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle]!.at < at) low = middle + 1;
    else high = middle;
  }
  let best: PlotPoint | null = null;
  for (const point of [points[low - 1], points[low]]) {
    if (point === undefined || Math.abs(point.at - at) > gap) continue;
    if (best === null || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  }
  return best;
}
