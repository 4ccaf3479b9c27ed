/** Lines over two axes, with marked moments and a legend beside them. Pure. */

import { exactScale, linearScale, logScale, type Scale } from './scale.ts';
import { colours, element, line, picture, words } from './svg.ts';

export interface Curve {
  readonly name: string;
  readonly colour: string;
  /** As SVG's stroke-dasharray; '' is a full line. */
  readonly dashes: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Whether each point is worth a dot. */
  readonly hasDots?: boolean;
}

export interface Moment {
  readonly x: number;
  readonly text: string;
}

export interface LinePlot {
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly curves: readonly Curve[];
  /** Ticks of the x axis, from one end to the other. */
  readonly xTicks: readonly number[];
  readonly moments?: readonly Moment[];
  /** Whether the y axis is logarithmic. */
  readonly isLog?: boolean;
}

const width = 800;
const left = 70;
const right = 590;
const bottom = 340;
const height = 390;

export function linePlot(plot: LinePlot): string {
  const { title, curves, xTicks, moments = [] } = plot;
  const top = moments.length > 0 ? 160 : 66;
  const x = exactScale(xTicks, { from: left, to: right });
  const y = yScale(plot, top);
  const parts = [
    ...axes(plot, x, y),
    ...moments.flatMap((moment) => momentMark(moment, x, top)),
    ...curves.flatMap((curve) => drawn(curve, x, y)),
    ...(curves.length > 1 ? curves : []).flatMap((curve, at) => legendLine(curve, top + 22 * at)),
  ];
  return picture({ title, width, height, parts });
}

/** A log axis has no place for zero: such figures are left out of it by the caller. */
function yScale({ curves, isLog }: LinePlot, top: number): Scale {
  const values = curves.flatMap(({ points }) => points.map(([, y]) => y));
  const extent = { from: bottom, to: top };
  const most = Math.max(1, ...values);
  return isLog ? logScale(Math.min(most, ...values), most, extent) : linearScale(0, most, extent);
}

function axes({ xTitle, yTitle }: LinePlot, x: Scale, y: Scale): string[] {
  return [
    ...y.ticks.flatMap((tick) => [
      line(left, y.position(tick), right, y.position(tick)),
      words(left - 8, y.position(tick) + 4, short(tick), { 'text-anchor': 'end' }),
    ]),
    ...x.ticks.map((tick) =>
      words(x.position(tick), bottom + 18, String(tick), { 'text-anchor': 'middle' }),
    ),
    line(left, bottom, right, bottom, { stroke: colours.ink }),
    words((left + right) / 2, bottom + 38, xTitle, { 'text-anchor': 'middle' }),
    words(16, 46, yTitle),
  ];
}

function momentMark({ x: at, text }: Moment, x: Scale, top: number): string[] {
  const place = x.position(at);
  return [
    line(place, top, place, bottom, { stroke: colours.ink, 'stroke-dasharray': '2 3' }),
    words(place + 3, top - 4, text, {
      transform: `rotate(-40 ${place.toFixed(1)} ${top - 4})`,
      'font-size': 10,
    }),
  ];
}

function drawn({ points, colour, dashes, hasDots }: Curve, x: Scale, y: Scale): string[] {
  const places = points.map(([one, other]) => [x.position(one), y.position(other)] as const);
  const path = places.map(([px, py]) => `${px.toFixed(1)},${py.toFixed(1)}`).join(' ');
  const look = { fill: 'none', stroke: colour, 'stroke-width': 2, ...dashed(dashes) };
  const dots = hasDots
    ? places.map(([cx, cy]) => element('circle', { cx, cy, r: 3, fill: colour }))
    : [];
  return [element('polyline', { points: path, ...look }), ...dots];
}

function legendLine({ name, colour, dashes }: Curve, y: number): string[] {
  const look = { stroke: colour, 'stroke-width': 2, ...dashed(dashes) };
  return [line(right + 14, y, right + 44, y, look), words(right + 50, y + 4, name)];
}

function dashed(dashes: string): Record<string, string> {
  return dashes === '' ? {} : { 'stroke-dasharray': dashes };
}

/** 1500000 as 1.5 M. */
export function short(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))} M`;
  if (value >= 1e3) return `${Number((value / 1e3).toPrecision(3))} k`;
  return String(Number(value.toPrecision(3)));
}
