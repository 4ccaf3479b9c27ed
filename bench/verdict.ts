/** Whether a figure reaches what it must, and what is aimed at. Pure. */

import type { Goal, Measure, Unit } from './measure.ts';
import { digits, quantity } from './quantity.ts';
import type { Series } from './results.ts';
import type { SideName } from './side.ts';
import { type Spread, spreadOf } from './statistics.ts';

export interface Finding {
  readonly natskeeper: Spread | null;
  readonly apache: Spread | null;
  /** Ours over Apache's. */
  readonly ratio: number | null;
  /** `unknown` when there is nothing to compare with. */
  readonly verdict: 'aim reached' | 'reached' | 'MISSED' | 'unknown' | '';
}

export function findingOf(series: Series | undefined, measure: Measure): Finding {
  const natskeeper = spreadIn(series, 'natskeeper', measure.figure);
  const apache = spreadIn(series, 'apache', measure.figure);
  const ratio =
    natskeeper === null || apache === null || apache.median === 0
      ? null
      : natskeeper.median / apache.median;
  const found = { natskeeper, apache, ratio };
  return { ...found, verdict: verdictOf(found, measure) };
}

export function spreadIn(
  series: Series | undefined,
  side: SideName,
  figure: string,
): Spread | null {
  const values = (series?.samples[side] ?? []).flatMap((sample) => sample[figure] ?? []);
  return spreadOf(values);
}

function verdictOf(found: Omit<Finding, 'verdict'>, measure: Measure): Finding['verdict'] {
  if (measure.must === undefined) return '';
  const must = reaches(found, measure.must, measure);
  if (must === null) return 'unknown';
  if (!must) return 'MISSED';
  const aim = measure.aim === undefined ? false : reaches(found, measure.aim, measure);
  return aim === true ? 'aim reached' : 'reached';
}

/** Null when it cannot be said. */
function reaches(
  { natskeeper, ratio }: Omit<Finding, 'verdict'>,
  goal: Goal,
  { better }: Measure,
): boolean | null {
  const value = 'ratio' in goal ? ratio : (natskeeper?.median ?? null);
  if (value === null) return null;
  const wanted = 'ratio' in goal ? goal.ratio : goal.limit;
  return better === 'more' ? value >= wanted : value <= wanted;
}

export function goalText(goal: Goal | undefined, unit: Unit): string {
  if (goal === undefined) return '';
  return 'ratio' in goal ? `${digits(goal.ratio)}x` : quantity(goal.limit, unit);
}
