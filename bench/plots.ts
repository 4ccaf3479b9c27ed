/** Which plots are made of the results: those whose parts have been run. Pure. */

import { failuresKey } from './failures.ts';
import { type Curve, linePlot } from './line-plot.ts';
import { quantity } from './quantity.ts';
import { type RangeLine, rangePlot } from './range-plot.ts';
import { ensembleSizes, type Placement, shareKey, writeShares } from './read-share.ts';
import type { Results } from './results.ts';
import { rows } from './rows.ts';
import type { SideName } from './side.ts';
import { colours } from './svg.ts';
import { spreadIn } from './verdict.ts';

export interface Plot {
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

const sides: readonly SideName[] = ['natskeeper', 'apache'];
const names = { natskeeper: 'natskeeper', apache: 'Apache' };
const dashesOf: { readonly [voters: number]: string } = { 1: '2 4', 3: '', 5: '8 4' };

export function plotsOf(results: Results): Plot[] {
  return [
    sharePlot(results, 'all servers', 'Throughput over the share of reads'),
    sharePlot(results, 'the leader', 'The same with all clients on the leader'),
    ...sides.map((side) => failuresPlot(results, side)),
    latencyPlot(results, 'read', 'Latency of reads: median, p99, p99.9'),
    latencyPlot(results, 'write', 'Latency of writes: median, p99, p99.9'),
  ].filter((plot) => plot !== null);
}

/** Figures 5 and 6 of the paper. */
function sharePlot({ series }: Results, placement: Placement, title: string): Plot | null {
  const curves = sides.flatMap((side) =>
    ensembleSizes.flatMap((voters): Curve[] => {
      const points = writeShares.flatMap((writes) => {
        const of = series[shareKey(voters, writes, placement)];
        const spread = spreadIn(of, side, 'perSecond');
        return spread === null || spread.median === 0
          ? []
          : [[100 - writes, spread.median] as const];
      });
      const name = `${names[side]}, ${voters} server${voters === 1 ? '' : 's'}`;
      const look = { colour: colours[side], dashes: dashesOf[voters] ?? '', hasDots: true };
      return points.length === 0 ? [] : [{ name, points: points.toReversed(), ...look }];
    }),
  );
  if (curves.length === 0) return null;
  const axes = { xTitle: 'share of reads, %', yTitle: 'operations per second' };
  const xTicks = [0, 20, 40, 60, 80, 100];
  const svg = linePlot({ title, ...axes, curves, xTicks, isLog: true });
  const file = placement === 'the leader' ? 'share-of-reads-leader.svg' : 'share-of-reads.svg';
  return { file, title, svg };
}

/** Figure 8 of the paper; each side by itself, for the moments of failure differ. */
function failuresPlot({ series }: Results, side: SideName): Plot | null {
  const course = series[failuresKey]?.courses?.[side];
  if (course === undefined) return null;
  const points = course.points.map(([ms, perSecond]) => [ms / 1000, perSecond] as const);
  const last = Math.ceil((points.at(-1)?.[0] ?? 1) / 5) * 5;
  const title = `Throughput of five servers while some fail: ${names[side]}`;
  const svg = linePlot({
    title,
    xTitle: 'seconds',
    yTitle: 'operations per second',
    curves: [{ name: names[side], colour: colours[side], dashes: '', points }],
    xTicks: Array.from({ length: last / 5 + 1 }, (_, at) => 5 * at),
    moments: course.marks.map(({ ms, text }) => ({ x: ms / 1000, text })),
  });
  return { file: `failures-${side}.svg`, title, svg };
}

function latencyPlot({ series }: Results, kind: 'read' | 'write', title: string): Plot | null {
  const measured = rows.filter(({ section }) => section === 'mixes' || section === 'latency');
  const lines = measured.flatMap((row): RangeLine[] => {
    const ranges = sides.flatMap((side) => {
      const values = ['P50', 'P99', 'P999'].flatMap(
        (name) => spreadIn(series[row.key], side, kind + name)?.median ?? [],
      );
      return values.some((value) => value > 0) ? [{ colour: colours[side], values }] : [];
    });
    return ranges.length === 0 ? [] : [{ name: row.load.join(' '), ranges }];
  });
  if (lines.length === 0) return null;
  const legend = sides.map((side) => ({ name: names[side], colour: colours[side] }));
  const tickText = (value: number) => quantity(value, 'seconds');
  const svg = rangePlot({ title, axis: 'from request to reply', lines, legend, tickText });
  return { file: `latency-of-${kind}s.svg`, title, svg };
}
