/**
 * What of a chart becomes a line, and what stands inside a box. Transitions between the same two
 * states share one line, and their rows one chip on it; those that stay where they are stand inside
 * the box of their state.
 */

import { allStates, type Chart, type ChartTransition } from './chart-model.ts';
import { type Row, stateRows, transitionRow } from './chart-text.ts';

const boxColumns = 38;
const containerColumns = 60;
const chipColumns = 24;
/** A chip of many rows is wider: it would be a tower. */
const fullChipColumns = 44;
const fullChipRows = 3;

export interface ChartLine {
  /** It leads back to a state that stands before its own: laid out the other way round. */
  readonly isBackward: boolean;
  readonly source: string;
  readonly target: string;
  readonly rows: readonly Row[];
}

const isDrawnAsLine = ({ source, target }: ChartTransition): boolean =>
  target !== null && target !== source;

/** From the dot of each container to the state that is entered first. */
export function startsOf({ root }: Chart, dotEnding: string): ChartLine[] {
  return allStates(root).flatMap(({ id, initial }) =>
    initial === null
      ? []
      : [{ source: `${id}${dotEnding}`, target: initial, rows: [], isBackward: false }],
  );
}

export function linesOf({ root, transitions }: Chart): ChartLine[] {
  const groups = new Map<string, ChartTransition[]>();
  for (const transition of transitions.filter(isDrawnAsLine)) {
    const key = `${transition.source}|${transition.target}`;
    groups.set(key, [...(groups.get(key) ?? []), transition]);
  }
  const order = allStates(root).map(({ id }) => id);
  return [...groups.values()].map((group) => {
    const { source, target } = group[0]! as { source: string; target: string };
    const columns = group.length > fullChipRows ? fullChipColumns : chipColumns;
    return {
      source,
      target,
      isBackward: order.indexOf(source) > order.indexOf(target),
      rows: group.map((transition) => transitionRow(transition, columns)),
    };
  });
}

export function rowsByState(
  { root, transitions }: Chart,
  fitting: ReadonlyMap<string, number>,
): Map<string, Row[]> {
  return new Map(
    allStates(root).map((state) => {
      const usual = state.states.length > 0 ? containerColumns : boxColumns;
      const columns = fitting.get(state.id) ?? usual;
      const inner = transitions.filter((item) => item.source === state.id && !isDrawnAsLine(item));
      const rows = [
        ...stateRows(state, columns),
        ...inner.map((transition) => transitionRow(transition, columns)),
      ];
      return [state.id, rows];
    }),
  );
}
