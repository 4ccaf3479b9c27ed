/** bench/results.md and the table on stdout, from the results. Pure. */

import { growthTable } from './growth-table.ts';
import type { Measure } from './measure.ts';
import type { Plot } from './plots.ts';
import { quantity, spreadText } from './quantity.ts';
import type { Results, RunFacts, Series } from './results.ts';
import { type Row, reasons, rows } from './rows.ts';
import type { SideName } from './side.ts';
import { type Line, table } from './table.ts';
import { findingOf, goalText, spreadIn } from './verdict.ts';
import { viewersTable } from './viewers.ts';

const head = ['', 'natskeeper', 'Apache', 'ratio', 'must', 'aim', ''];

/** The rows that have been run, with what they reach; then the reasons of those that miss. */
export function mainTable(results: Results): string {
  const measured = rows.filter(({ key }) => results.series[key] !== undefined);
  const lines = measured.flatMap((row) => row.measures.map((one) => lineOf(results, row, one)));
  return [table(head, lines), ...reasonsText(results, measured)].join('\n');
}

function lineOf(results: Results, row: Row, measure: Measure): Line {
  const { natskeeper, apache, ratio, verdict } = findingOf(results.series[row.key], measure);
  const { unit } = measure;
  const name = row.measures.length > 1 || measure.figure !== 'perSecond' ? measure.name : '';
  return [
    [title(row), name].filter((part) => part !== '').join(': '),
    natskeeper === null ? '–' : spreadText(natskeeper, unit),
    apache === null ? '–' : spreadText(apache, unit),
    ratio === null ? '–' : `${ratio.toFixed(2)}x`,
    goalText(measure.must, unit),
    goalText(measure.aim, unit),
    verdict === 'MISSED' ? '**MISSED**' : verdict,
  ];
}

const sectionsWithLoad = new Set(['mixes', 'latency']);

function title({ title: words, load, section }: Row): string {
  return sectionsWithLoad.has(section) ? `\`${load.join(' ')}\` ${words}` : words;
}

function reasonsText(results: Results, measured: readonly Row[]): string[] {
  const missing = measured.filter(({ key, measures }) =>
    measures.some((measure) => findingOf(results.series[key], measure).verdict === 'MISSED'),
  );
  if (missing.length === 0) return [];
  const lines = missing.map(
    (row) => `- ${title(row)}: ${reasons[row.key] ?? 'no reason known yet'}`,
  );
  return ['\nRows that miss what they must reach, and why:\n', ...lines];
}

const percentiles = ['readP50', 'readP99', 'readP999', 'writeP50', 'writeP99', 'writeP999'];

/** What stands behind the ratios: percentiles of both sides, and processor time by operation. */
export function detailTable(results: Results): string {
  const sides: readonly SideName[] = ['natskeeper', 'apache'];
  const measured = rows.filter(
    ({ key, section }) => sectionsWithLoad.has(section) && results.series[key] !== undefined,
  );
  const lines = measured.flatMap((row) =>
    sides.flatMap((side) => {
      const series = results.series[row.key];
      if (series?.samples[side] === undefined) return [];
      return [[`\`${row.load.join(' ')}\``, side, ...costs(series, side)]];
    }),
  );
  const names = ['p50', 'p99', 'p99.9'].map((name) => `reads ${name}`);
  const columns = [...names, 'writes p50', 'p99', 'p99.9', 'processor time', 'resident', 'errors'];
  return table(['load', 'side', ...columns], lines);
}

function costs(series: Series, side: SideName): string[] {
  const of = (figure: string) => spreadIn(series, side, figure)?.median ?? 0;
  const seconds = [...percentiles, 'processorPerOperation'].map((figure) =>
    of(figure) === 0 ? '' : quantity(of(figure), 'seconds'),
  );
  return [...seconds, quantity(of('residentBytes'), 'bytes'), String(of('errors'))];
}

/** Which run each part is from, and on what machine. */
export function runsText({ runs, series }: Results): string {
  const lines = Object.entries(runs).flatMap(([run, facts]) => {
    const keys = Object.keys(series).filter((key) => series[key]?.run === run);
    const parts = partsText(keys);
    const gaps = facts.gaps.map((gap) => `  - Not measured: ${gap.replaceAll('\n', ' ')}`);
    return [`- ${factsText(facts)} Parts: ${parts}.`, ...gaps];
  });
  return [...lines, ...disturbances(series)].join('\n');
}

/** Sections, and how many series each has from the run: `mixes (9), latency (2)`. */
function partsText(keys: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const key of keys) {
    // What has no row begins with its section's name.
    const section = rows.find((row) => row.key === key)?.section ?? key.split(' ')[0]!;
    counts.set(section, (counts.get(section) ?? 0) + 1);
  }
  return [...counts].map(([section, count]) => `${section} (${count})`).join(', ');
}

const disturbedFrom = 0.1;

/** Loads during which much of the processors went to other programs. */
function disturbances(series: Results['series']): string[] {
  const shares = Object.entries(series).flatMap(([key, { samples }]) => {
    const all = Object.values(samples).flat();
    const most = Math.max(0, ...all.map(({ othersShare = 0 }) => othersShare));
    return most < disturbedFrom ? [] : [`${key} (${Math.round(most * 100)} %)`];
  });
  if (shares.length === 0) return [];
  const about = 'Other programs took part of the same processors, in the worst round, during';
  return [`- ${about}: ${shares.join('; ')}. These figures are not to be trusted.`];
}

function factsText({ date, commit, rounds, seconds, warm, machine }: RunFacts): string {
  const { processor, processors, pinnedTo, memoryGigabytes, kernel } = machine;
  const pinned = pinnedTo === 'all' ? 'nothing pinned' : `all pinned to processors ${pinnedTo}`;
  return (
    `${date}, commit ${commit}: ${rounds} rounds, ${seconds} s measured after ${warm} s; ` +
    `${processor}, ${processors} processors, ${pinned}, ${memoryGigabytes} GB, Linux ${kernel}; ` +
    `Node ${machine.node}, Java ${machine.java}, nats-server ${machine.natsServer}, ` +
    `Apache ZooKeeper ${machine.apache}.`
  );
}

const introduction = `Written by \`npm run bench\` from results.json. Both sides on one machine, in
turn, each freshly started, servers and load generator on the same processors; three servers each if
not said otherwise, our nats-server counted with ours. Medians of the rounds, least and most in
brackets. The ratio counts, ours over theirs: absolute figures drift from machine to machine.`;

const viewersAbout =
  '`-c 30 -o 100 -w 30` on three replicas of ours, with so many viewers of the console at one of ' +
  'them. Each takes every machine of all replicas and the frames between them, as sampled.\n';

export function report(results: Results, plots: readonly Plot[]): string {
  const growth = growthTable(results);
  const viewers = viewersTable(results);
  return [
    '# natskeeper beside Apache ZooKeeper\n',
    `${introduction}\n`,
    mainTable(results),
    '\n## Percentiles and costs\n',
    'Processor time is that of all processes of the side, by operation.\n',
    detailTable(results),
    ...(growth === '' ? [] : ['\n## The cost of growth\n', growth]),
    ...(viewers === '' ? [] : ['\n## The cost of being looked at\n', viewersAbout, viewers]),
    ...(plots.length === 0 ? [] : ['\n## Plots\n']),
    ...plots.map(({ title: words, file }) => `![${words}](plots/${file})\n`),
    '\n## Runs\n',
    runsText(results),
    '',
  ].join('\n');
}
