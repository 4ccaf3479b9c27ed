/**
 * `npm run simulate`: one seed, replayed with its trace, or many on all cores with a summary.
 * Ends with 1 when an invariant was broken.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { type SimulateOptions, simulate } from './simulate.ts';
import { addOutcome, describeSummary, emptySummary, type Summary, type Told } from './summary.ts';
import { workloads } from './workloads/workloads.ts';

interface Arguments {
  readonly seed?: number;
  readonly seeds: number;
  readonly from: number;
  readonly jobs: number;
  readonly minutes?: number;
  readonly workload?: string;
  readonly trace?: boolean;
  readonly stopAtFirst?: boolean;
  readonly worker?: boolean;
}

const tellEveryMs = 2000;

/**
 * With a job for each core, a collection in one thread is faster: helpers would wait for cores that
 * other jobs use, and the job for its helpers. Most of a seed's garbage is dead in time for a large
 * young generation.
 */
const collectorFlags = ['--single-threaded-gc', '--max-semi-space-size=32'];

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 0) {
    throw new InvalidArgumentError('a whole number from 0 on is needed.');
  }
  return number;
}

function knownWorkload(name: string): string {
  if (name in workloads) return name;
  throw new InvalidArgumentError(`one of ${Object.keys(workloads).join(', ')} is needed.`);
}

const program = new Command('simulate')
  .description('Runs whole ensembles on simulated time, with faults, each from one seed.')
  .option('--seed <number>', 'replay this one, and say what was found', whole)
  .option('--trace', 'with --seed: print all that happened')
  .option('--seeds <count>', 'run so many', whole, 100)
  .option('--from <number>', 'the first of them', whole, 1)
  .option('--jobs <count>', 'processes', whole, availableParallelism())
  .option('--minutes <count>', 'begin no more seeds after that', whole)
  .option('--workload <name>', 'only this one', knownWorkload)
  .option('--stop-at-first', 'end at the first finding')
  .option('--worker', 'for internal use: take seeds from the parent process');

const options = program.parse().opts<Arguments>();
const simulateOptions: SimulateOptions =
  options.workload === undefined ? {} : { workload: options.workload };

if (options.worker) work();
else process.exitCode = options.seed === undefined ? await runMany() : await runOne(options.seed);

async function run(
  seed: number,
  keepsLines: boolean,
): Promise<Told & { lines: readonly string[] }> {
  const startedMs = performance.now();
  const outcome = await simulate(seed, { ...simulateOptions, keepsLines });
  return { ...outcome, realMs: performance.now() - startedMs };
}

async function runOne(seed: number): Promise<number> {
  const { lines, ...told } = await run(seed, options.trace === true);
  for (const line of lines) console.log(line);
  const { hash, simulatedMs, realMs, findings } = told;
  const summary = emptySummary(seed);
  addOutcome(summary, told);
  console.log(describeSummary(summary));
  console.log(`seed ${seed}: trace ${hash}, ${simulatedMs.toFixed(0)} ms in ${realMs.toFixed(0)}`);
  for (const { text } of findings) console.log(text);
  return findings.length > 0 ? 1 : 0;
}

/** In a child process: one seed after the other, as the parent asks for them. */
function work(): void {
  // What nobody catches would end a replica's process: so it ends this one, and is told.
  process.on('uncaughtException', (failure) => {
    process.stderr.write(`${failure.stack}\n`);
    process.exit(3);
  });
  process.on('message', async (seed: number) => {
    const { lines: _, ...told } = await run(seed, false);
    process.send!(told);
  });
}

async function runMany(): Promise<number> {
  const summary = emptySummary(options.from);
  const last = options.from + options.seeds - 1;
  let next = options.from;
  const untilMs = performance.now() + (options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
  const teller = setInterval(() => tell(summary), tellEveryMs);
  // Ctrl-C: what is under way comes to its end, and is told.
  process.once('SIGINT', () => {
    next = last + 1;
  });
  const job = () =>
    new Promise<void>((resolve, reject) => {
      const child = startWorker();
      let seed = 0;
      const ask = () => {
        const isFound = options.stopAtFirst && summary.failed.length > 0;
        const isOver = next > last || isFound || performance.now() > untilMs;
        if (isOver) {
          child.removeAllListeners('exit');
          child.kill();
          return resolve();
        }
        seed = next++;
        child.send(seed);
      };
      child.on('message', (told: Told) => {
        addOutcome(summary, told);
        for (const { text } of told.findings.slice(0, 3)) console.log(`seed ${seed}: ${text}`);
        ask();
      });
      child.on('exit', (code) => {
        const text = `it ended its process with ${code}`;
        console.log(`seed ${seed}: ${text}`);
        summary.failed.push({ seed, findings: [{ invariant: 'assertion', text }] });
        job().then(resolve, reject);
      });
      ask();
    });
  try {
    await Promise.all(Array.from({ length: Math.min(options.jobs, options.seeds) }, job));
  } finally {
    clearInterval(teller);
  }
  console.log(describeSummary(summary));
  const directory = process.env['NATSKEEPER_PROOF_DIR'];
  if (directory !== undefined) {
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'simulation.json'), JSON.stringify(summary, null, 1));
  }
  return summary.failed.length > 0 ? 1 : 0;
}

function startWorker(): ChildProcess {
  const args = ['--worker', ...(options.workload ? ['--workload', options.workload] : [])];
  const execArgv = [...process.execArgv, ...collectorFlags];
  return fork(fileURLToPath(import.meta.url), args, { execArgv });
}

function tell({ seeds, failed, simulatedMs }: Summary): void {
  const share = seeds / Math.max(1, options.seeds);
  const bar = '#'.repeat(Math.round(share * 30)).padEnd(30, '.');
  const hours = (simulatedMs / 3_600_000).toFixed(2);
  const line = `${bar} ${seeds} of ${options.seeds} seeds, ${hours} h, ${failed.length} failed`;
  process.stderr.write(process.stderr.isTTY ? `\r${line}` : `${line}\n`);
}
