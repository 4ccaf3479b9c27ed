/** The cost of growth as a table: what more servers make of a write and of a read. Pure. */

import { growthKey, growthShapes, shapeText } from './growth.ts';
import { quantity, spreadText } from './quantity.ts';
import type { Results } from './results.ts';
import type { SideName } from './side.ts';
import { type Line, table } from './table.ts';
import { spreadIn } from './verdict.ts';

const sides: readonly SideName[] = ['natskeeper', 'apache'];

/** '' when nothing of it has been run. */
export function growthTable(results: Results): string {
  const lines = growthShapes.flatMap((shape) =>
    sides.flatMap((side): Line[] => {
      const writes = results.series[growthKey(shape, 'writes')];
      const reads = results.series[growthKey(shape, 'reads')];
      if (writes?.samples[side] === undefined && reads?.samples[side] === undefined) return [];
      const of = (figure: string) => spreadIn(writes, side, figure);
      const seconds = (figure: string) => {
        const found = of(figure);
        return found === null ? '' : quantity(found.median, 'seconds');
      };
      const rate = (spread: ReturnType<typeof of>) =>
        spread === null ? '' : spreadText(spread, 'perSecond');
      return [
        [
          ...[shapeText(shape), side, rate(of('perSecond'))],
          ...[seconds('leaderProcessorPerOperation'), seconds('processorPerOperation')],
          rate(spreadIn(reads, side, 'perSecond')),
        ],
      ];
    }),
  );
  if (lines.length === 0) return '';
  const costs = ["leader's processor time by write", 'that of all'];
  return table(['replicas', 'side', 'writes', ...costs, 'reads'], lines);
}
