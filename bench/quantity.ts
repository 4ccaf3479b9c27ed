/** Figures in words: 23.1 k/s, 0.73 ms, 1,360 B. Pure. */

import type { Unit } from './measure.ts';
import type { Spread } from './statistics.ts';

interface Scale {
  readonly from: number;
  readonly factor: number;
  readonly suffix: string;
}

/** From the largest to the smallest; the last one takes the rest. */
const scales: { readonly [unit in Unit]: readonly Scale[] } = {
  perSecond: [
    { from: 1e6, factor: 1e-6, suffix: 'M/s' },
    { from: 1e3, factor: 1e-3, suffix: 'k/s' },
    { from: 0, factor: 1, suffix: '/s' },
  ],
  seconds: [
    { from: 1, factor: 1, suffix: 's' },
    { from: 1e-4, factor: 1e3, suffix: 'ms' },
    { from: 0, factor: 1e6, suffix: 'µs' },
  ],
  number: [{ from: 0, factor: 1, suffix: '' }],
  bytes: [
    { from: 1e9, factor: 1e-9, suffix: 'GB' },
    { from: 1e6, factor: 1e-6, suffix: 'MB' },
    { from: 0, factor: 1, suffix: 'B' },
  ],
};

export function quantity(value: number, unit: Unit): string {
  const scale = scaleOf(value, unit);
  return `${digits(value * scale.factor)} ${scale.suffix}`.trimEnd();
}

/** The median, and behind it the least and the most of several rounds, in the median's unit. */
export function spreadText({ median, least, most, count }: Spread, unit: Unit): string {
  if (count === 1) return quantity(median, unit);
  const { factor } = scaleOf(median, unit);
  return `${quantity(median, unit)} (${digits(least * factor)}–${digits(most * factor)})`;
}

function scaleOf(value: number, unit: Unit): Scale {
  return scales[unit].find(({ from }) => Math.abs(value) >= from)!;
}

/** Three significant digits, thousands apart. */
export function digits(value: number): string {
  const places = value === 0 ? 0 : Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number(value.toFixed(Math.min(places, 3)));
  return rounded.toLocaleString('en-US', { maximumFractionDigits: 3 });
}
