/**
 * A chart that was laid out, as SVG: a group per state (`id` and `data-state`), nested as the
 * states are, then a group per line, with a text per transition (`data-transition`). No style, no
 * script: chart.css colours it, in a page as on its own. What it says without that stylesheet is
 * plain, but legible.
 */

import type { Arrow, Box, Layout } from './chart-layout.ts';
import { boxMargin, chipMargin, titleHeight } from './chart-layout.ts';
import type { Chart, ChartState } from './chart-model.ts';
import type { Point } from './chart-route.ts';
import { escaped, type Line, labelLine, type Row } from './chart-text.ts';

const cornerRadius = 7;
const headLength = 7;
const headWidth = 3.5;
/** From the top of a line to where its letters stand. */
const baseline = 11;

/** Inherited by every shape, and overruled by any stylesheet. */
const plainShape = 'fill="none" stroke="currentColor"';
const plainArea = 'fill="#fff"';
const plainText = 'fill="currentColor" stroke="none"';

export function svgOf({ root }: Chart, layout: Layout): string {
  const name = escaped(root.name);
  const { width, height, boxes, dots, arrows } = layout;
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`;
  const type = 'font-family="monospace" font-size="11"';
  return [
    '<?xml-stylesheet href="chart.css"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" class="chart" ${size} ${plainShape} ${type}`,
    ` role="img" data-machine="${name}">`,
    `<title>${name}</title>`,
    stateGroup(root, boxes),
    ...dots.map(
      ({ x, y, width: size }) =>
        `<circle class="initial" cx="${x + size / 2}" cy="${y + size / 2}" r="${size / 2}" ` +
        'fill="currentColor"/>',
    ),
    ...arrows.map(arrowGroup),
    '</svg>',
    '',
  ].join('\n');
}

function stateGroup(state: ChartState, boxes: ReadonlyMap<string, Box>): string {
  const box = boxes.get(state.id)!;
  const { x, y, width, height, rows } = box;
  const id = escaped(state.id);
  const place = `x="${x}" y="${y}" width="${width}" height="${height}"`;
  const corner = { x: x + boxMargin, y: y + titleHeight + 5 };
  return [
    `<g class="state ${state.kind}" id="${id}" data-state="${id}">`,
    `<rect class="box" ${plainArea} ${place} rx="8"/>`,
    ...ornaments(box),
    title(box),
    ...rowTexts(rows, corner),
    ...state.states.map((child) => stateGroup(child, boxes)),
    '</g>',
  ].join('\n');
}

/** A final state has a second border; others a line below the name, if anything follows. */
function ornaments({ x, y, width, height, rows, headHeight, state }: Box): string[] {
  if (state.kind === 'final') {
    const inner = `x="${x + 3}" y="${y + 3}" width="${width - 6}" height="${height - 6}"`;
    return [`<rect class="inner" ${inner} rx="5"/>`];
  }
  const bottom = y + titleHeight;
  if (state.states.length > 0) {
    const sides = `M${x} ${bottom}V${y + 8}q0-8 8-8H${x + width - 8}q8 0 8 8V${bottom}z`;
    const rule = `<path class="rule" d="M${x} ${y + headHeight}h${width}"/>`;
    return [`<path class="bar" d="${sides}"/>`, ...(rows.length === 0 ? [] : [rule])];
  }
  return rows.length === 0 ? [] : [`<path class="rule" d="M${x} ${bottom}h${width}"/>`];
}

function title({ x, y, width, height, rows, state }: Box): string {
  const name = escaped(state.name);
  const middle = rows.length === 0 ? height / 2 : titleHeight / 2;
  if (state.states.length > 0) {
    return `<text class="name" ${plainText} x="${x + boxMargin}" y="${y + 19}">${name}</text>`;
  }
  const place = `x="${x + width / 2}" y="${y + middle + 5}"`;
  return `<text class="name" ${plainText} text-anchor="middle" ${place}>${name}</text>`;
}

function arrowGroup({ source, target, parts, rows, chip }: Arrow): string {
  const texts = chip === null ? [] : rowTexts(rows, { x: chip.x + chipMargin, y: chip.y + 5 });
  const [path, head] = pathOf(parts);
  const ends = `data-source="${escaped(source)}" data-target="${escaped(target)}"`;
  return [
    rows.length === 0 ? '<g class="start">' : `<g class="line" ${ends}>`,
    `<path class="shaft" d="${path}"/>`,
    `<path class="head" d="${head}" fill="currentColor"/>`,
    ...(chip === null
      ? []
      : [
          `<rect class="chip" ${plainArea} x="${chip.x}" y="${chip.y}" ` +
            `width="${chip.width}" height="${chip.height}" rx="5"/>`,
        ]),
    ...texts,
    '</g>',
  ].join('\n');
}

function rowTexts(rows: readonly Row[], corner: Point): string[] {
  let { y } = corner;
  return rows.map((row) => {
    const text = rowText(row, { x: corner.x, y });
    y += row.lines.length * labelLine;
    return text;
  });
}

function rowText({ transition, lines }: Row, { x, y }: Point): string {
  const spans = lines.map((line, at) => lineSpans(line, x, y + baseline + at * labelLine)).join('');
  if (transition === null) return `<text class="row" ${plainText}>${spans}</text>`;
  const id = escaped(transition);
  return `<text class="row transition" data-transition="${id}" ${plainText}>${spans}</text>`;
}

/** Each line is placed by itself; the pieces of a line follow each other. */
function lineSpans(line: Line, x: number, y: number): string {
  return line
    .map(({ voice, text }, at) => {
      const place = at === 0 ? ` x="${x}" y="${y}"` : '';
      return `${at === 0 ? '' : ' '}<tspan class="${voice}"${place}>${escaped(text)}</tspan>`;
    })
    .join('');
}

/** Lines with rounded corners, the last of which ends where its head begins; and the head. */
function pathOf(parts: readonly (readonly Point[])[]): [path: string, head: string] {
  const points = parts.at(-1)!;
  const last = points.at(-1)!;
  const along = towards(last, points.at(-2)!, headLength);
  const neck = { x: last.x + along.x, y: last.y + along.y };
  const side = { x: (along.y / headLength) * headWidth, y: (along.x / headLength) * headWidth };
  const head =
    `M${last.x} ${last.y}L${neck.x + side.x} ${neck.y - side.y}` +
    `L${neck.x - side.x} ${neck.y + side.y}z`;
  return [[...parts.slice(0, -1), [...points.slice(0, -1), neck]].map(route).join(''), head];
}

function route(points: readonly Point[]): string {
  const [first, last] = [points[0]!, points.at(-1)!];
  const bends = points.slice(1, -1).map((_, at) => bend(points, at + 1));
  return `M${first.x} ${first.y}${bends.join('')}L${last.x} ${last.y}`;
}

function bend(points: readonly Point[], at: number): string {
  const [from, corner, to] = [points[at - 1]!, points[at]!, points[at + 1]!];
  const radius = Math.min(cornerRadius, distance(from, corner) / 2, distance(corner, to) / 2);
  const back = towards(corner, from, radius);
  const on = towards(corner, to, radius);
  return (
    `L${corner.x + back.x} ${corner.y + back.y}` +
    `Q${corner.x} ${corner.y} ${corner.x + on.x} ${corner.y + on.y}`
  );
}

const distance = (one: Point, other: Point): number =>
  Math.abs(one.x - other.x) + Math.abs(one.y - other.y);

/** A step of that length; lines run at right angles, so that one part of it is zero. */
function towards(from: Point, to: Point, length: number): Point {
  return { x: Math.sign(to.x - from.x) * length, y: Math.sign(to.y - from.y) * length };
}
