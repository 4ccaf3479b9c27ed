/**
 * Where everything of a chart stands: boxes of states, lines of transitions, and the chips on them
 * that say what happens. Laid out by ELK in layers, states within states, lines at right angles;
 * the same chart always comes out the same.
 */

import type { ElkExtendedEdge, ELK as ElkInstance, ElkNode, LayoutOptions } from 'elkjs';
import elkModule from 'elkjs';
import { type ChartLine, linesOf, rowsByState, startsOf } from './chart-lines.ts';
import { allStates, type Chart, type ChartState } from './chart-model.ts';
import { type Area, type Point, partsOf } from './chart-route.ts';
import { heightOf, labelCharacter, nameCharacter, type Row, widthOf } from './chart-text.ts';

export interface Box extends Area {
  readonly state: ChartState;
  readonly rows: readonly Row[];
  /** Of name and rows, above whatever is inside. */
  readonly headHeight: number;
}

export interface Arrow {
  readonly source: string;
  readonly target: string;
  /** More than one where the line goes on behind the head of a state that it enters. */
  readonly parts: readonly (readonly Point[])[];
  readonly rows: readonly Row[];
  readonly chip: Area | null;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: ReadonlyMap<string, Box>;
  readonly dots: readonly Area[];
  readonly arrows: readonly Arrow[];
}

/** Names of states, and the room around and below them. */
export const titleHeight = 28;
export const boxMargin = 12;
export const chipMargin = 5;

const boxWidthMin = 80;
const dotSize = 10;
const dotEnding = '|dot';
/** Beyond it a row is broken wherever it must be. */
const passesMax = 4;
const widthMax = 1500;

const Elk = elkModule as unknown as new () => ElkInstance;

const options: LayoutOptions = {
  'elk.algorithm': 'layered',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.json.shapeCoords': 'ROOT',
  'elk.json.edgeCoords': 'ROOT',
  'elk.padding': '[top=8,left=8,bottom=8,right=8]',
  'elk.layered.considerModelOrder.strategy': 'NODES_AND_EDGES',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
  'elk.layered.nodePlacement.networkSimplex.nodeFlexibility.default': 'NODE_SIZE',
};

const spacing: LayoutOptions = {
  'elk.spacing.nodeNode': '28',
  'elk.spacing.edgeNode': '18',
  'elk.spacing.edgeEdge': '14',
  'elk.spacing.edgeLabel': '4',
  'elk.spacing.labelLabel': '10',
  'elk.layered.spacing.nodeNodeBetweenLayers': '30',
  'elk.layered.spacing.edgeNodeBetweenLayers': '16',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '14',
};

/** Both directions are tried: the drawing that fits the page, and of two the smaller one. */
export async function layOut(chart: Chart): Promise<Layout> {
  const layouts = [await fit(chart, 'DOWN'), await fit(chart, 'RIGHT')];
  const [best] = layouts.sort((one, other) => badness(one) - badness(other));
  return best!;
}

function badness({ width, height }: Layout): number {
  return Math.max(width, height * 1.2) + (width > widthMax ? 10_000 : 0);
}

/**
 * ELK makes a container as wide as what is inside. Rows that do not fit are wrapped anew, which
 * makes it higher; that can change widths elsewhere, so it may take more than one pass.
 */
async function fit(chart: Chart, direction: string): Promise<Layout> {
  const columns = new Map<string, number>();
  let layout = await pass(chart, direction, columns);
  for (let passes = 1; passes < passesMax; passes++) {
    const narrow = [...layout.boxes.values()].filter(
      ({ rows, width }) => widthOf(rows) > width - 2 * boxMargin,
    );
    if (narrow.length === 0) break;
    for (const { state, width } of narrow) {
      columns.set(state.id, Math.floor((width - 2 * boxMargin) / labelCharacter));
    }
    layout = await pass(chart, direction, columns);
  }
  return layout;
}

async function pass(
  chart: Chart,
  direction: string,
  columns: ReadonlyMap<string, number>,
): Promise<Layout> {
  const rows = rowsByState(chart, columns);
  const lines = [...startsOf(chart, dotEnding), ...linesOf(chart)];
  const graph: ElkNode = await new Elk().layout({
    id: '',
    layoutOptions: { ...options, ...spacing, 'elk.direction': direction },
    children: [elkNode(chart.root, rows)],
    edges: lines.map(elkEdge),
  });
  const areas = areasOf(graph);
  const boxes = allStates(chart.root).map((state): Box => {
    const own = rows.get(state.id)!;
    return { ...areas.get(state.id)!, state, rows: own, headHeight: headHeight(own) };
  });
  const heads = boxes
    .filter(({ state }) => state.states.length > 0)
    .map((box): Area => ({ ...box, height: box.headHeight }));
  return {
    width: Math.ceil(graph.width!),
    height: Math.ceil(graph.height!),
    boxes: new Map(boxes.map((box) => [box.state.id, box])),
    dots: [...areas].filter(([id]) => id.endsWith(dotEnding)).map(([, area]) => area),
    arrows: lines.map((line, at) => arrow(graph.edges![at]!, line, heads)),
  };
}

function headHeight(rows: readonly Row[]): number {
  return titleHeight + (rows.length === 0 ? 0 : heightOf(rows) + 10);
}

function elkNode(state: ChartState, rows: ReadonlyMap<string, readonly Row[]>): ElkNode {
  const own = rows.get(state.id)!;
  const height = headHeight(own);
  if (state.states.length === 0) {
    const width = Math.max(state.name.length * nameCharacter, widthOf(own)) + 2 * boxMargin;
    return { id: state.id, width: Math.max(boxWidthMin, width), height: height + 6 };
  }
  const dot: ElkNode = {
    id: `${state.id}${dotEnding}`,
    width: dotSize,
    height: dotSize,
    layoutOptions: { 'elk.layered.layering.layerConstraint': 'FIRST' },
  };
  return {
    id: state.id,
    layoutOptions: { ...spacing, 'elk.padding': `[top=${height + 14},left=18,bottom=18,right=18]` },
    children: [
      ...(state.initial === null ? [] : [dot]),
      ...state.states.map((child) => elkNode(child, rows)),
    ],
  };
}

function elkEdge({ source, target, rows, isBackward }: ChartLine, at: number): ElkExtendedEdge {
  const width = widthOf(rows) + 2 * chipMargin;
  const height = heightOf(rows) + 2 * chipMargin;
  const layoutOptions = { 'elk.edgeLabels.inline': 'true' };
  return {
    id: String(at),
    sources: [isBackward ? target : source],
    targets: [isBackward ? source : target],
    labels: rows.length === 0 ? [] : [{ text: String(at), width, height, layoutOptions }],
  };
}

function areasOf(node: ElkNode): Map<string, Area> {
  const { x = 0, y = 0, width = 0, height = 0 } = node;
  const below = (node.children ?? []).flatMap((child) => [...areasOf(child)]);
  return new Map([[node.id, rounded({ x, y, width, height })], ...below]);
}

function arrow(routed: ElkExtendedEdge, line: ChartLine, heads: readonly Area[]): Arrow {
  const { startPoint, bendPoints = [], endPoint } = routed.sections![0]!;
  const { x = 0, y = 0, width = 0, height = 0 } = routed.labels?.[0] ?? {};
  const points = [startPoint, ...bendPoints, endPoint].map((point) => ({
    x: Math.round(point.x),
    y: Math.round(point.y),
  }));
  return {
    ...line,
    parts: partsOf(line.isBackward ? points.reverse() : points, heads),
    chip: line.rows.length === 0 ? null : rounded({ x, y, width, height }),
  };
}

function rounded({ x, y, width, height }: Area): Area {
  return {
    x: Math.round(x),
    y: Math.round(y),
    width: Math.round(width),
    height: Math.round(height),
  };
}
