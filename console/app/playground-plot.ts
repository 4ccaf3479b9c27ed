/**
 * The arithmetic of the throughput plot: where times and rates lie, the line with its gaps, outages
 * as stretches, failures as marks whose labels do not cover each other. No drawing.
 */

import type { DemoEvent, DemoOutage, DemoPoint, DemoStatus } from '../../protocol/demo.ts';

export const plotMs = 120_000;
const stepMs = 100;
/** Shorter stretches are what any write may take. */
const shownOutageMs = 50;
const letterWidth = 6.2;
const labelGap = 10;
export const labelRows = 5;
/** Room at the right of the plot for the labels of what has just happened. */
export const labelRoom = 130;
/** An outage is told apart from others of the same replica by when it began. */
const sameMs = 50;

export interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** The right end of the time shown, and the highest rate. */
  readonly nowMs: number;
  readonly rateMax: number;
}

export interface Stretch {
  readonly x: number;
  readonly width: number;
  readonly isOngoing: boolean;
}

export interface Mark {
  readonly x: number;
  readonly label: string;
  readonly kind: DemoEvent['kind'];
  /** In which row its label has room; null where there is none, and it can be done without. */
  readonly row: number | null;
}

export function xOf(atMs: number, { left, width, nowMs }: Frame): number {
  return left + width * (1 - (nowMs - atMs) / plotMs);
}

export function yOf(rate: number, { top, height, rateMax }: Frame): number {
  return top + height * (1 - rate / rateMax);
}

/** A round rate that is not below any that is shown: 1, 2 or 5 of a power of ten. */
export function roundMax(points: readonly DemoPoint[]): number {
  const highest = Math.max(100, ...points.map(({ perSecond }) => perSecond));
  const power = 10 ** Math.floor(Math.log10(highest));
  return [1, 2, 5, 10].map((factor) => factor * power).find((rate) => rate >= highest)!;
}

/** A path of SVG; it is interrupted where there was no load. */
export function linePath(points: readonly DemoPoint[], frame: Frame): string {
  let path = '';
  let beforeMs = Number.NEGATIVE_INFINITY;
  for (const { atMs, perSecond } of points) {
    const x = xOf(atMs + stepMs / 2, frame);
    if (x < frame.left) continue;
    const isGap = atMs - beforeMs > 1.5 * stepMs;
    path += `${isGap ? 'M' : 'L'}${x.toFixed(1)} ${yOf(perSecond, frame).toFixed(1)}`;
    beforeMs = atMs;
  }
  return path;
}

/** Of those that overlap (two failures, one outage) only the longest. */
export function stretches(outages: readonly DemoOutage[], frame: Frame): Stretch[] {
  const shown: { fromMs: number; toMs: number; outage: DemoOutage }[] = [];
  const longest = [...outages].sort((one, other) => other.ms - one.ms);
  for (const outage of longest) {
    const { fromMs } = outage;
    const toMs = outage.toMs ?? fromMs + outage.ms;
    if (outage.ms < shownOutageMs || frame.nowMs - toMs > plotMs) continue;
    if (shown.some((other) => fromMs < other.toMs && toMs > other.fromMs)) continue;
    shown.push({ fromMs, toMs, outage });
  }
  return shown.map(({ fromMs, toMs, outage }) => {
    const x = Math.max(frame.left, xOf(fromMs, frame));
    const width = Math.max(1, xOf(toMs, frame) - x);
    return { x, width, isOngoing: outage.toMs === null };
  });
}

/** `killed`, to replica 2: `2 killed`. */
export function eventLabel({ what, sid }: Pick<DemoEvent, 'what' | 'sid'>): string {
  return sid === null ? what : `${sid} ${what}`;
}

/** What broke, with what it cost; what was mended, and who leads since. Row by row, from above. */
export function marks(status: Pick<DemoStatus, 'events' | 'outages'>, frame: Frame): Mark[] {
  const ends: number[] = Array(labelRows).fill(Number.NEGATIVE_INFINITY);
  const found: Mark[] = [];
  for (const event of status.events) {
    const { kind } = event;
    if (kind === 'seen' && event.what !== 'leads') continue;
    const x = xOf(event.atMs, frame);
    if (x < frame.left) continue;
    const label = eventLabel(event) + costText(event, status.outages);
    const free = ends.findIndex((end) => end + labelGap <= x);
    const row = free < 0 && kind !== 'seen' ? ends.indexOf(Math.min(...ends)) : free;
    if (row >= 0) ends[row] = x + label.length * letterWidth;
    found.push({ x, label, kind, row: row < 0 ? null : row });
  }
  return found;
}

function costText({ atMs, what, sid }: DemoEvent, outages: readonly DemoOutage[]): string {
  const outage = outages.find((one) => {
    return one.what === what && one.sid === sid && Math.abs(one.atMs - atMs) < sameMs;
  });
  return outage === undefined ? '' : `: ${outage.ms} ms`;
}
