/**
 * `npm run proof`: the long form of everything that is proved here, with progress; then
 * docs/PROOF.md is written from what was found. The full bounds of the model take one process, the
 * crash points another, beside the rest. `--report` only writes the page anew from the figures of
 * the last run, `--parts a,b` runs some, `--minutes` bounds the full model and the simulation.
 */

import { type StdioOptions, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Figures, report } from './report.ts';

const top = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** What the parts found: committed, so that the page can be made anew without them. */
const figuresFile = join(top, 'test/proof/figures.json');
const workFolder = join(top, 'data/proof');
const runTs = ['--import', join(top, 'test/support/run-ts.mjs')];

const { values } = parseArgs({
  options: {
    report: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'machines,model,fullModel,crash,simulation,teeth' },
    seeds: { type: 'string', default: '50000' },
    minutes: { type: 'string', default: '600' },
    jobs: { type: 'string', default: String(Math.max(1, availableParallelism() - 1)) },
  },
});

/** Millions of states, and what their parts can be (test/model/interner.ts). */
const modelTs = ['--max-old-space-size=16000', ...runTs, 'test/model/main.ts'];

/** Lanes run side by side. */
const lanes: readonly (readonly (keyof Figures)[])[] = [
  ['machines', 'simulation', 'teeth'],
  ['fullModel'],
  ['model', 'crash'],
];

/** What each part runs; each leaves its figures in `workFolder`. */
const commands: { readonly [part in keyof Figures]: readonly string[] } = {
  machines: [...runTs, 'test/machines/count.ts'],
  model: [...modelTs, '--long'],
  fullModel: [...modelTs, '--full', '--seconds', String(60 * Number(values.minutes))],
  crash: ['node_modules/vitest/vitest.mjs', 'run', 'test/crash', '--maxWorkers', '1'],
  simulation: [
    ...runTs,
    'test/simulation/main.ts',
    ...['--seeds', values.seeds, '--jobs', values.jobs, '--minutes', values.minutes],
  ],
  teeth: [...runTs, 'test/teeth/main.ts', '--jobs', values.jobs],
};

function run(part: keyof Figures): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NATSKEEPER_PROOF_DIR: workFolder, NATSKEEPER_PROOF: 'long' };
    const stdio: StdioOptions = ['inherit', 'pipe', 'pipe'];
    const child = spawn(process.execPath, commands[part]!, { cwd: top, env, stdio });
    for (const output of [child.stdout!, child.stderr!]) {
      createInterface(output).on('line', (line) => console.log(`${part}: ${line}`));
    }
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

function readFigures(): Figures {
  return existsSync(figuresFile) ? JSON.parse(readFileSync(figuresFile, 'utf8')) : {};
}

async function runLane(parts: readonly (keyof Figures)[]): Promise<number> {
  let worst = 0;
  for (const part of parts) {
    const startedMs = performance.now();
    const code = await run(part);
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.log(`== ${part}: ${code === 0 ? 'nothing found' : 'FOUND SOMETHING'}, ${seconds} s`);
    worst = Math.max(worst, code);
    const found = join(workFolder, `${part}.json`);
    if (!existsSync(found)) throw new Error(`${part} has left no figures in ${found}`);
    const figures = { ...readFigures(), [part]: JSON.parse(readFileSync(found, 'utf8')) };
    writeFileSync(figuresFile, `${JSON.stringify(figures, null, 1)}\n`);
  }
  return worst;
}

async function runParts(): Promise<number> {
  const wanted = values.parts.split(',');
  const unknown = wanted.filter((part) => !Object.hasOwn(commands, part));
  if (unknown.length > 0) {
    throw new Error(`no part ${unknown.join()}: there are ${Object.keys(commands).join()}`);
  }
  mkdirSync(workFolder, { recursive: true });
  const codes = lanes.map((parts) => runLane(parts.filter((part) => wanted.includes(part))));
  // What other lanes find is kept, whatever becomes of one.
  const ends = await Promise.allSettled(codes);
  for (const end of ends) if (end.status === 'rejected') console.error(`== ${end.reason}`);
  return Math.max(...ends.map((end) => (end.status === 'fulfilled' ? end.value : 1)));
}

process.exitCode = values.report ? 0 : await runParts();
writeFileSync(join(top, 'docs/PROOF.md'), report(readFigures()));
console.log('docs/PROOF.md is written');
