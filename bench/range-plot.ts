/** For each load a line from the median over p99 to p99.9, both sides, over a log axis. Pure. */

import { logScale, type Scale } from './scale.ts';
import { colours, element, line, picture, words } from './svg.ts';

export interface Range {
  readonly colour: string;
  /** In the order of the dots: median, p99, p99.9. */
  readonly values: readonly number[];
}

export interface RangeLine {
  readonly name: string;
  readonly ranges: readonly Range[];
}

export interface RangePlot {
  readonly title: string;
  readonly axis: string;
  readonly lines: readonly RangeLine[];
  readonly legend: readonly { readonly name: string; readonly colour: string }[];
  tickText(value: number): string;
}

const width = 760;
const left = 230;
const right = 730;
const top = 70;
const lineHeight = 40;
const radii = [5, 4, 3];

export function rangePlot({ title, axis, lines, legend, tickText }: RangePlot): string {
  const values = lines.flatMap(({ ranges }) => ranges.flatMap((range) => range.values));
  const x = logScale(Math.min(...values), Math.max(...values), { from: left, to: right });
  const bottom = top + lineHeight * lines.length;
  const parts = [
    ...x.ticks.flatMap((tick) => [
      line(x.position(tick), top - 6, x.position(tick), bottom),
      words(x.position(tick), bottom + 18, tickText(tick), {
        'text-anchor': 'middle',
        'font-size': 10,
      }),
    ]),
    words((left + right) / 2, bottom + 38, axis, { 'text-anchor': 'middle' }),
    ...legend.flatMap(({ name, colour }, at) => legendDot(name, colour, left + 160 * at)),
    ...lines.flatMap((one, at) => drawn(one, x, top + lineHeight * (at + 0.5))),
  ];
  return picture({ title, width, height: bottom + 50, parts });
}

function legendDot(name: string, colour: string, x: number): string[] {
  return [element('circle', { cx: x + 5, cy: 46, r: 5, fill: colour }), words(x + 16, 50, name)];
}

function drawn({ name, ranges }: RangeLine, x: Scale, y: number): string[] {
  const parts = ranges.flatMap(({ colour, values }, at) => {
    const height = y + 12 * (at - (ranges.length - 1) / 2);
    const places = values.map((value) => x.position(value));
    const look = { stroke: colour, 'stroke-width': 2 };
    return [
      line(Math.min(...places), height, Math.max(...places), height, look),
      ...places.map((cx, dot) =>
        element('circle', { cx, cy: height, r: radii[dot] ?? 3, fill: colour }),
      ),
    ];
  });
  return [words(left - 12, y + 4, name, { 'text-anchor': 'end', fill: colours.ink }), ...parts];
}
