/**
 * A chart as the text of a Mermaid state diagram, which code-hosting sites draw. Mermaid cannot
 * draw a transition from a state to one inside it, nor write into a state that has others inside:
 * both stand at a state of their own there, called `… as a whole`. What happens along an arrow is
 * left to the table below the diagram, as long labels cover each other.
 */

import { allStates, type Chart, type ChartState, type ChartTransition } from './chart-model.ts';
import { stateText, transitionText } from './chart-text.ts';

export function mermaidOf({ root, transitions }: Chart): string {
  const places = placesOf(root, transitions);
  const regions = root.kind === 'parallel';
  const lines = regions ? stateLines(root, places) : insideLines(root, places);
  return ['stateDiagram-v2', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** What is written inside which container, by its id. */
interface Places {
  readonly arrows: ReadonlyMap<string, readonly ChartTransition[]>;
  readonly inner: ReadonlyMap<string, readonly ChartTransition[]>;
}

function placesOf(root: ChartState, transitions: readonly ChartTransition[]): Places {
  const arrows = new Map<string, ChartTransition[]>();
  const inner = new Map<string, ChartTransition[]>();
  for (const transition of transitions) {
    const { source, target } = transition;
    const isInner = target === null || target === source;
    const [places, place] = isInner
      ? [inner, source]
      : [arrows, containerOf(root, source, target).id];
    places.set(place, [...(places.get(place) ?? []), transition]);
  }
  return { arrows, inner };
}

/** The innermost state with both of them in it, or that is one of them. */
function containerOf(state: ChartState, source: string, target: string): ChartState {
  const holds = (child: ChartState, id: string) => allStates(child).some((one) => one.id === id);
  const child = state.states.find((one) => holds(one, source) && holds(one, target));
  return child === undefined ? state : containerOf(child, source, target);
}

function stateLines(state: ChartState, places: Places): string[] {
  const declared = `state "${mermaidText(state.name)}" as ${mermaidId(state.id)}`;
  if (state.states.length > 0) {
    return [`${declared} {`, ...insideLines(state, places).map((line) => `  ${line}`), '}'];
  }
  return [declared, ...descriptions(mermaidId(state.id), state, places)];
}

function insideLines(state: ChartState, places: Places): string[] {
  const arrows = places.arrows.get(state.id) ?? [];
  const whole = wholeId(state.id);
  const inner = descriptions(whole, state, places);
  const isNeeded = inner.length > 0 || arrows.some((arrow) => isEnd(state, arrow));
  return [
    ...(isNeeded ? [`state "${mermaidText(state.name)} as a whole" as ${whole}`, ...inner] : []),
    ...state.states.flatMap((child) => stateLines(child, places)),
    ...(state.initial === null ? [] : [`[*] --> ${mermaidId(state.initial)}`]),
    ...arrowLines(state, arrows),
    ...state.states
      .filter(({ kind }) => kind === 'final')
      .map(({ id }) => `${mermaidId(id)} --> [*]`),
  ];
}

function descriptions(id: string, state: ChartState, { inner }: Places): string[] {
  const rows = [...stateText(state), ...(inner.get(state.id) ?? []).map(transitionText)];
  return rows.map((row) => `${id} : ${mermaidText(row)}`);
}

const isEnd = ({ id }: ChartState, { source, target }: ChartTransition): boolean =>
  source === id || target === id;

/** Transitions between the same two states are one arrow with a line for each. */
function arrowLines(container: ChartState, transitions: readonly ChartTransition[]): string[] {
  const endOf = (id: string) => (id === container.id ? wholeId(id) : mermaidId(id));
  const labels = new Map<string, string[]>();
  for (const { source, target, event, guard } of transitions) {
    const arrow = `${endOf(source)} --> ${endOf(target!)}`;
    const label = mermaidText(guard === null ? event : `${event} [${guard}]`);
    labels.set(arrow, [...(labels.get(arrow) ?? []), label]);
  }
  return [...labels].map(([arrow, rows]) => `${arrow} : ${rows.join('<br/>')}`);
}

/** Letters, digits and `_` are all that Mermaid takes; no two states may become one by that. */
export function mermaidId(id: string): string {
  return id.replace(/[^A-Za-z0-9.]/g, (mark) => `_${mark.codePointAt(0)}_`).replaceAll('.', '_');
}

const wholeId = (id: string): string => `${mermaidId(id)}_as_a_whole`;

/** Mermaid's own way to write what means something to it, or to the page. */
function mermaidText(text: string): string {
  return text.replace(/[^\w .,/[\]*-]/g, (mark) => `#${mark.codePointAt(0)};`);
}
