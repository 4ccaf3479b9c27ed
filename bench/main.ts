/**
 * `npm run bench`: natskeeper beside Apache ZooKeeper on this machine, with one load generator, in
 * turn. Keeps what it finds in bench/results.json, writes bench/results.md and bench/plots from
 * that, and prints the table of the parts just run. Progress goes to stderr.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Bench, progress } from './bench.ts';
import { prepareBuild, top } from './build.ts';
import { LoadGenerator } from './load.ts';
import { commitOfTree, machineFacts } from './machine.ts';
import { type Options, readOptions, usage } from './options.ts';
import { plotsOf } from './plots.ts';
import { Processes } from './processes.ts';
import { mainTable, report } from './report.ts';
import { merge, type Results, type RunFacts, readResults, writeResults } from './results.ts';
import { sections } from './sections.ts';
import { apacheSide, natskeeperSide, type Side } from './side.ts';
import { findTools, programPath, type Tools, usualProcessors } from './tools.ts';
import { WatchGenerator } from './watch-load.ts';

if (process.argv.includes('--help')) console.log(usage);
else
  await main(
    readOptions(
      process.argv.slice(2),
      sections.map(({ name }) => name),
    ),
  );

async function main(options: Options): Promise<void> {
  if (options.reportOnly) return writeReport(readResults());
  const processors = processorsOf(options);
  const { dataFolder } = options;
  const processes = new Processes({ processors, ...(dataFolder && { parent: dataFolder }) });
  const tools = findTools({ ...options, folder: processes.folder });
  for (const sentence of tools.missing) progress(`missing: ${sentence}`);
  if (tools.zkload === null) throw new Error('there is no load generator to measure with');
  const facts = factsOf(options, tools, processors);
  const bench = new Bench({
    options,
    sides: sidesOf(options, tools, processes),
    processes,
    loads: new LoadGenerator(tools.zkload, processes),
    watches: tools.zkwatch === null ? null : new WatchGenerator(tools.zkwatch, processes),
    run: facts.date,
  });
  const found = (): Results => {
    const gaps = [...tools.missing, ...bench.problems];
    return { runs: { [facts.date]: { ...facts, gaps } }, series: bench.series };
  };
  for (const { name, title, run } of sections) {
    if (!options.sections.includes(name)) continue;
    progress(`== ${title}`);
    await run(bench);
    // What is found stays, whatever becomes of the sections to come.
    if (options.isKept) writeResults(merge(readResults(), found()));
  }
  for (const problem of bench.problems) progress(`failed: ${problem}`);
  if (bench.problems.length > 0) process.exitCode = 1;
  console.log(mainTable(found()));
  if (options.isKept) writeReport(readResults());
}

function factsOf(options: Options, tools: Tools, processors: string | null): RunFacts {
  const { rounds, seconds, warm, build } = options;
  return {
    date: new Date().toISOString(),
    commit: build === null ? commitOfTree() : 'another build',
    ...{ rounds, seconds, warm },
    machine: machineFacts(processors, tools.natsServer),
    gaps: [],
  };
}

/** As taskset takes it; null pins nothing. */
function processorsOf({ processors }: Options): string | null {
  if (processors === 'all' || programPath('taskset') === null) return null;
  return processors ?? usualProcessors();
}

function sidesOf(
  { sides, build }: Options,
  { java, natsServer }: Tools,
  { folder }: Processes,
): Side[] {
  const ours = sides.includes('natskeeper')
    ? [natskeeperSide(prepareBuild(folder, build), natsServer)]
    : [];
  const theirs = sides.includes('apache') && java !== null ? [apacheSide(java)] : [];
  return [...ours, ...theirs];
}

function writeReport(results: Results): void {
  const plots = plotsOf(results);
  const folder = join(top, 'bench/plots');
  mkdirSync(folder, { recursive: true });
  for (const { file, svg } of plots) writeFileSync(join(folder, file), svg);
  writeFileSync(join(top, 'bench/results.md'), report(results, plots));
  progress('bench/results.md and bench/plots are written');
}
