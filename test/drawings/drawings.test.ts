/**
 * Holds the drawings and pages of the machines against the machines: none stale, none missing, none
 * left over; every state and transition in them; nothing that covers something else; nothing that a
 * reader of SVG, Mermaid or Markdown would take for markup.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { type Layout, layOut } from '../../console/drawings/chart-layout.ts';
import { mermaidOf } from '../../console/drawings/chart-mermaid.ts';
import { allStates, chartOf, fileNameOf } from '../../console/drawings/chart-model.ts';
import type { Area } from '../../console/drawings/chart-route.ts';
import { svgOf } from '../../console/drawings/chart-svg.ts';
import { heightOf, widthOf } from '../../console/drawings/chart-text.ts';
import { draw, madeFiles } from '../../console/drawings/draw.ts';
import { pageOf, purposeOf } from '../../console/drawings/machine-page.ts';
import { machines } from '../../machines/index.ts';
import { treeTop } from '../support/tidy-source.ts';
import { diagramOf, mermaidFaults, readXml } from './markup.ts';
import { markup, strangeMachine } from './strange-machine.ts';

const all: [name: string, machine: AnyStateMachine][] = [
  ...Object.entries(machines),
  ['strange', strangeMachine as unknown as AnyStateMachine],
];
const made = madeFiles(treeTop);
const svgPath = (name: string): string => `console/drawings/${fileNameOf(name)}.svg`;
const pagePath = (name: string): string => `docs/machines/${fileNameOf(name)}.md`;

async function drawn(machine: AnyStateMachine): Promise<string> {
  const chart = chartOf(machine);
  return svgOf(chart, await layOut(chart));
}

describe('drawings and pages', () => {
  test('are those of the machines as they are, and the same each time', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawings-'));
    try {
      madeFiles(folder);
      writeFileSync(join(folder, 'console/drawings/gone.svg'), 'of a machine that is gone');
      await draw(treeTop, folder);
      const fresh = madeFiles(folder);

      const stale = [...new Set([...fresh.keys(), ...made.keys()])].filter(
        (path) => fresh.get(path) !== made.get(path),
      );
      expect(stale, 'stale: npm run draw').toEqual([]);
      expect(fresh.has('console/drawings/gone.svg')).toBe(false);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 300_000);

  test('are there for each machine, and in the index', () => {
    const index = made.get('docs/machines/README.md');
    for (const name of Object.keys(machines)) {
      expect([...made.keys()]).toEqual(expect.arrayContaining([svgPath(name), pagePath(name)]));
      expect(index).toContain(`[${name}](${fileNameOf(name)}.md)`);
    }
  });

  test('say what a machine is for by the first sentence of its file', () => {
    expect(purposeOf('/**\n * One term (spec 6.6 to 6.8). Then more.\n */\n')).toBe(
      'One term (spec 6.6 to 6.8).',
    );
    expect(made.get('docs/machines/peer.md')).toContain('\nThe life of one replica.\n');
  });
});

describe.each(all)('the drawing of %s', (name, machine) => {
  const source = made.get(svgPath(name)) ?? null;
  const read = async () => readXml(source ?? (await drawn(machine)));

  test('is sound XML, without styles, scripts or links', async () => {
    const { elements, faults } = await read();

    expect(faults).toEqual([]);
    const names = new Set(elements.map((element) => element.name));
    expect([...names].sort()).toEqual(
      [...names].filter((one) => /^(svg|title|g|rect|path|circle|text|tspan)$/.test(one)).sort(),
    );
    const attributes = new Set(elements.flatMap((element) => Object.keys(element.attributes)));
    expect([...attributes].filter((one) => /^(style|href|src)$|^on|:/.test(one))).toEqual([]);
  });

  test('has every state and transition of the machine, once', async () => {
    const { elements } = await read();
    const states = elements.flatMap(({ attributes }) => attributes['data-state'] ?? []);
    const transitions = elements.flatMap(({ attributes }) => attributes['data-transition'] ?? []);
    const expected = written(machine.config as Config, machine.id);

    expect(states.sort()).toEqual(expected.states.sort());
    expect(new Set(transitions).size).toBe(transitions.length);
    if (name === 'strange') return;
    expect(transitions.map((id) => id.split('|').slice(0, 3).join('|')).sort()).toEqual(
      expected.transitions.sort(),
    );
  });

  test('is legible: nothing is too wide, nothing covers anything', async () => {
    const layout = await layOut(chartOf(machine));

    expect(layout.width).toBeLessThanOrEqual(1600);
    expect(overfull(layout)).toEqual([]);
    expect(covering(layout)).toEqual([]);
  });
});

describe.each(all)('the diagram of %s', (name, machine) => {
  const page =
    made.get(pagePath(name)) ?? pageOf({ name, purpose: markup, chart: chartOf(machine) });

  test('is Mermaid, with every state of the machine', () => {
    const diagram = diagramOf(page);

    expect(mermaidFaults(diagram)).toEqual([]);
    expect(diagram).toBe(mermaidOf(chartOf(machine)));
    const containers = allStates(chartOf(machine).root).filter(({ states }) => states.length > 0);
    expect(diagram.split('{').length).toBeGreaterThanOrEqual(containers.length);
  });
});

describe('names with markup in them', () => {
  const chart = chartOf(strangeMachine as unknown as AnyStateMachine);

  test('are text in a drawing', async () => {
    const source = await drawn(strangeMachine as unknown as AnyStateMachine);
    const { elements, text } = readXml(source);

    expect(source).not.toMatch(/<script|<b>|<i>/);
    expect(text.replace(/\s/g, '')).toContain('<script>alert("x")</script>');
    expect(elements.map(({ attributes }) => attributes['data-state'])).toContain('strange."&<b>');
  });

  test('are text in a page', () => {
    const page = pageOf({ name: markup, purpose: `${markup} | [a](b) \`c\``, chart });

    expect(page).not.toMatch(/<(?!br\/>)/);
    expect(page.split('```')).toHaveLength(3);
    for (const row of page.split('\n').filter((line) => line.startsWith('|'))) {
      expect(row.split('|')).toHaveLength(7);
    }
  });

  test('that differ in punctuation alone stay apart', () => {
    expect(mermaidOf(chart)).toContain('as strange_both_left_a_45_b');
    expect(mermaidOf(chart)).toContain('as strange_both_left_a_95_b');
  });
});

describe('the readers of this test', () => {
  test('find what is wrong in XML', () => {
    const faulty = [
      '<a><b></a></b>',
      '<a>',
      '<a b="c"d>',
      '<a b="1" b="2"/>',
      'a & b',
      '</a>',
      '<',
    ];
    for (const source of faulty) expect(readXml(source).faults, source).not.toEqual([]);
    expect(readXml('<?a?><a b="&#60;"><c/>&#38;</a>').faults).toEqual([]);
  });

  test('find what is wrong in Mermaid', () => {
    const faulty = [
      'state "a" as b {',
      '}',
      'a --> b',
      'state "a"b" as c',
      'state "a" as b-c',
      'a : b',
    ];
    for (const line of faulty) {
      expect(mermaidFaults(`stateDiagram-v2\n${line}\n`), line).not.toEqual([]);
    }
    expect(mermaidFaults('stateDiagram-v2\nstate "a" as b\n[*] --> b : c#58;<br/>d\n')).toEqual([]);
  });

  test('find labels that cover each other', () => {
    const chip = { x: 0, y: 0, width: 10, height: 10 };

    expect(overlaps(chip, { ...chip, x: 9 })).toBe(true);
    expect(overlaps(chip, { ...chip, x: 10 })).toBe(false);
  });
});

interface Config {
  readonly on?: { readonly [event: string]: unknown };
  readonly always?: unknown;
  readonly states?: { readonly [name: string]: Config };
}

/** What is written in the machine's file, read in another way than the drawings do. */
function written({ on = {}, always, states = {} }: Config, id: string) {
  const lists = { ...on, ...(always === undefined ? {} : { always }) };
  const own = Object.entries(lists).flatMap(([event, item]) =>
    [item].flat().map((_, index) => `${id}|${event}|${index}`),
  );
  const found = { states: [id], transitions: own };
  for (const [name, child] of Object.entries(states)) {
    const inner = written(child, `${id}.${name}`);
    found.states.push(...inner.states);
    found.transitions.push(...inner.transitions);
  }
  return found;
}

function overfull({ boxes, arrows }: Layout): string[] {
  const isFull = (rows: Parameters<typeof widthOf>[0], { width, height }: Area) =>
    widthOf(rows) > width || heightOf(rows) > height;
  const chips = arrows.filter(({ chip, rows }) => chip !== null && isFull(rows, chip));
  return [
    ...[...boxes.values()].filter((box) => isFull(box.rows, box)).map(({ state }) => state.id),
    ...chips.map(({ source, target }) => `${source} to ${target}`),
  ];
}

function overlaps(one: Area, other: Area): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

/** Chips, states without inner ones and the heads of the others are each alone in their place. */
function covering({ boxes, arrows }: Layout): string[] {
  const areas: [string, Area][] = [
    ...[...boxes.values()].map((box): [string, Area] => {
      const isContainer = box.state.states.length > 0;
      return [box.state.id, isContainer ? { ...box, height: box.headHeight } : box];
    }),
    ...arrows.flatMap(({ chip, source, target }): [string, Area][] =>
      chip === null ? [] : [[`${source} to ${target}`, chip]],
    ),
  ];
  return areas.flatMap(([name, area], at) =>
    areas
      .slice(at + 1)
      .filter(([, other]) => overlaps(area, other))
      .map(([other]) => `${name} and ${other}`),
  );
}
