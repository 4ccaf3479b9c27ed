/**
 * The pages of docs/machines: one per machine with what it is for, its diagram and its events, and
 * an index of all. Nothing in them is written by hand: what a machine is for is said by the first
 * sentence of its file.
 */

import { mermaidOf } from './chart-mermaid.ts';
import { allStates, type Chart, type ChartTransition, fileNameOf } from './chart-model.ts';

export interface Page {
  readonly name: string;
  /** First sentence of the comment that opens the machine's file. */
  readonly purpose: string;
  readonly chart: Chart;
}

const origin = 'Made by `npm run draw` from the machines themselves.';

export function pageOf({ name, purpose, chart }: Page): string {
  const file = fileNameOf(name);
  return [
    `# ${prose(name)}`,
    '',
    prose(purpose),
    '',
    `Source: [machines/${file}.ts](../../machines/${file}.ts). ` +
      `Drawing: [console/drawings/${file}.svg](../../console/drawings/${file}.svg). ` +
      '[All machines](README.md).',
    '',
    '```mermaid',
    `${mermaidOf(chart)}\`\`\``,
    '',
    '## Events',
    '',
    '| Event | In state | If | Goes to | Does |',
    '| --- | --- | --- | --- | --- |',
    ...eventRows(chart),
    '',
    'Of several rows for an event and a state the first whose condition holds is taken; an inner',
    'state is asked before the one around it. No entry under "Goes to": the state stays. `always`',
    'waits for no event.',
    '',
    origin,
    '',
  ].join('\n');
}

export function indexOf(pages: readonly Page[]): string {
  const rows = pages.map(({ name, purpose, chart }) => {
    const file = fileNameOf(name);
    const states = allStates(chart.root).length - 1;
    const events = new Set(chart.transitions.map(({ event }) => event));
    events.delete('always');
    const drawing = `[svg](../../console/drawings/${file}.svg)`;
    const link = `[${prose(name)}](${file}.md)`;
    return `| ${link} | ${prose(purpose)} | ${states} | ${events.size} | ${drawing} |`;
  });
  return [
    '# Machines',
    '',
    'All that natskeeper decides about roles, links, sessions and watches is decided by these',
    'state machines. How they run is told in [ARCHITECTURE.md](../ARCHITECTURE.md).',
    '',
    '| Machine | What it is | States | Events | Drawing |',
    '| --- | --- | --: | --: | --- |',
    ...rows,
    '',
    'In the drawings a state that holds others has a title bar; what stands below it, or inside a',
    'state, happens without leaving it. A second border marks a final state, a broken one a region',
    'that is active beside others. Labels read `event [guard] / actions`.',
    '',
    origin,
    '',
  ].join('\n');
}

/** The first sentence of the comment that opens a source file. */
export function purposeOf(source: string): string {
  const comment = /^\/\*\*([\s\S]*?)\*\//.exec(source)?.[1] ?? '';
  const text = comment
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .replace(/\s+/g, ' ')
    .trim();
  return /^.*?[.?!](?= [A-Z]|$)/.exec(text)?.[0] ?? text;
}

/**
 * Rows in the order of events. What happens alike in several states is one row, unless a state has
 * more to say about the event: the order of its rows is the order in which they are tried.
 */
function eventRows({ root, transitions }: Chart): string[] {
  const events = new Set(transitions.map(({ event }) => event));
  return [...events].flatMap((event) => {
    const rows = new Map<string, { from: string[]; rest: string }>();
    const own = transitions.filter((item) => item.event === event);
    for (const transition of own) {
      const { id, source } = transition;
      const rest = consequence(transition, root.id);
      const isAlone = own.filter((item) => item.source === source).length === 1;
      const key = isAlone ? rest : id;
      const { from } = rows.get(key) ?? { from: [] };
      rows.set(key, { from: [...from, stateName(source, root.id)], rest });
    }
    return [...rows.values()].map(
      ({ from, rest }) => `| ${name(event)} | ${from.join(', ')} | ${rest} |`,
    );
  });
}

function consequence({ guard, target, actions }: ChartTransition, root: string): string {
  const condition = guard === null ? '' : name(guard);
  const goal = target === null ? '' : stateName(target, root);
  return [condition, goal, actions.map(name).join(', ')].join(' | ');
}

/** As everywhere else, without the machine's own name. */
function stateName(id: string, root: string): string {
  return id === root ? 'any' : name(id.slice(root.length + 1));
}

/** Names are code; one that could be mistaken for markup is text. */
const name = (text: string): string => (/^[\w.*-]+$/.test(text) ? `\`${text}\`` : prose(text));

const prose = (text: string): string =>
  text.replace(/[^\p{L}\p{N} .,:;()?!'/=+-]/gu, (mark) => `&#${mark.codePointAt(0)};`);
