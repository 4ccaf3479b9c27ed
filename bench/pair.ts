/**
 * `npm run bench:pair -- A B LOAD...`: two builds, or one and Apache ZooKeeper, both running all
 * the time, with short loads on them in turn: on a machine whose speed drifts by the minute, pairs
 * of two seconds tell a difference of a few percent that whole runs do not. Prints medians of the
 * pairs' ratios, B over A. Keeps nothing.
 */

import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Ensemble } from './ensemble.ts';
import { LoadGenerator } from './load.ts';
import type { Unit } from './measure.ts';
import { count } from './options.ts';
import { Processes } from './processes.ts';
import { digits, quantity } from './quantity.ts';
import type { Sample } from './results.ts';
import { apacheSide, natskeeperSide, type Side } from './side.ts';
import { spreadOf } from './statistics.ts';
import { table } from './table.ts';
import { findTools, type Tools, usualProcessors } from './tools.ts';

const usage = `npm run bench:pair -- A B [options] -- LOAD...
  A, B            dist/ folder, or apache; behind it, each after a @, --FLAG of node or NAME=VALUE
                  of its environment
  LOAD            arguments of zkload in one word each, e.g. "-c 30 -o 1 -w 100"
  --rounds N      pairs for each load (default 6), the first of a pair in turn
  --seconds N     of each load (default 2), after --warm N (default 1)
  --cpus LIST     processors that servers and load share (default: the first two)`;

interface Figure {
  readonly title: string;
  readonly unit: Unit;
  of(sample: Sample): number | undefined;
}

const figures: readonly Figure[] = [
  { title: 'operations', unit: 'perSecond', of: ({ perSecond }) => perSecond },
  { title: 'processor', unit: 'seconds', of: ({ processorPerOperation }) => processorPerOperation },
  { title: 'p50', unit: 'seconds', of: ({ readP50, writeP50 }) => writeP50 || readP50 },
  { title: 'p99', unit: 'seconds', of: ({ readP99, writeP99 }) => writeP99 || readP99 },
  { title: 'resident', unit: 'bytes', of: ({ residentBytes }) => residentBytes },
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '6' },
    seconds: { type: 'string', default: '2' },
    warm: { type: 'string', default: '1' },
    cpus: { type: 'string', default: usualProcessors() },
    help: { type: 'boolean', default: false },
  },
});
const rounds = count('rounds', values.rounds);
const options = { seconds: count('seconds', values.seconds), warm: count('warm', values.warm) };
const [first, second, ...loads] = positionals;
if (values.help || first === undefined || second === undefined || loads.length === 0) {
  console.log(usage);
} else await main([first, second], loads);

async function main(names: readonly [string, string], loads: readonly string[]): Promise<void> {
  const processes = new Processes({ processors: values.cpus });
  const { NATSKEEPER_ZKLOAD: zkload = null } = process.env;
  const tools = findTools({ zkload, zkwatch: null, folder: processes.folder });
  if (tools.zkload === null) throw new Error('there is no load generator to measure with');
  const generator = new LoadGenerator(tools.zkload, processes);
  const ensembles: Ensemble[] = [];
  for (const name of names) {
    ensembles.push(await Ensemble.start(sideOf(name, tools), { voters: 3 }, processes));
  }
  for (const load of loads) {
    console.log(`\n${load}\n${comparison(await inTurn(ensembles, load, generator))}`);
  }
  for (const ensemble of ensembles) await ensemble.stop();
}

function sideOf(name: string, { java, natsServer }: Tools): Side {
  const [program, ...extras] = name.split('@') as [string, ...string[]];
  const flags = extras.filter((extra) => extra.startsWith('--'));
  const environment = extras.filter((extra) => !extra.startsWith('--'));
  if (program === 'apache' && java === null) throw new Error('there is no Apache ZooKeeper here');
  if (program === 'apache' && flags.length > 0) {
    throw new Error(`${name}: ${flags[0]} is for node; apache takes NAME=VALUE only`);
  }
  const side =
    program === 'apache' ? apacheSide(java!) : natskeeperSide(resolve(program), natsServer);
  return {
    ...side,
    command: (config, heap) => {
      const command = [...side.command(config, heap)];
      command.splice(command.indexOf(process.execPath) + 1, 0, ...flags);
      return ['env', ...environment, ...command];
    },
  };
}

/** Samples of both, pair by pair. */
async function inTurn(
  ensembles: readonly Ensemble[],
  load: string,
  generator: LoadGenerator,
): Promise<[Sample, Sample][]> {
  const pairs: [Sample, Sample][] = [];
  for (let round = 0; round < rounds; round++) {
    const pair: Sample[] = [];
    for (const at of round % 2 === 0 ? [0, 1] : [1, 0]) {
      pair[at] = (await generator.run(ensembles[at]!, load.split(/\s+/), options)).sample;
    }
    pairs.push(pair as [Sample, Sample]);
  }
  return pairs;
}

function comparison(pairs: readonly [Sample, Sample][]): string {
  const lines = figures.map(({ title, unit, of }) => {
    const figureOf = (sample: Sample) => of(sample) ?? Number.NaN;
    const [a, b] = [0, 1].map((at) => spreadOf(pairs.map((pair) => figureOf(pair[at]!)))!);
    const ratio = spreadOf(pairs.map(([one, other]) => figureOf(other) / figureOf(one)))!;
    const spread = `${digits(ratio.least)} to ${digits(ratio.most)}`;
    return [
      title,
      quantity(a!.median, unit),
      quantity(b!.median, unit),
      `**${digits(ratio.median)}**`,
      spread,
    ];
  });
  return table(['', 'A', 'B', 'B over A', 'least to most'], lines);
}
