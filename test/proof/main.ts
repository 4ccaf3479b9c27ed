/**
 * `npm run proof`: the long form of everything that is proved here, one part after the other, with
 * progress; then docs/PROOF.md is written from what they found. `--report` only writes it anew from
 * the figures of the last run, `--parts a,b` runs some.
 */

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
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
    parts: { type: 'string', default: 'machines,model,crash,simulation,teeth' },
    seeds: { type: 'string', default: '50000' },
    minutes: { type: 'string', default: '600' },
    jobs: { type: 'string', default: String(availableParallelism()) },
  },
});

/** What each part runs; each leaves its figures in `workFolder`. */
const commands: { readonly [part in keyof Figures]: readonly string[] } = {
  machines: [...runTs, 'test/machines/count.ts'],
  model: [...runTs, 'test/model/main.ts', '--full'],
  crash: ['node_modules/vitest/vitest.mjs', 'run', 'test/crash'],
  simulation: [
    ...runTs,
    'test/simulation/main.ts',
    ...['--seeds', values.seeds, '--jobs', values.jobs, '--minutes', values.minutes],
  ],
  teeth: [...runTs, 'test/teeth/main.ts', '--jobs', values.jobs],
};

function run(args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NATSKEEPER_PROOF_DIR: workFolder, NATSKEEPER_PROOF: 'long' };
    const child = spawn(process.execPath, args, { cwd: top, env, stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

function readFigures(): Figures {
  return existsSync(figuresFile) ? JSON.parse(readFileSync(figuresFile, 'utf8')) : {};
}

async function runParts(): Promise<number> {
  mkdirSync(workFolder, { recursive: true });
  let worst = 0;
  for (const part of values.parts.split(',') as (keyof Figures)[]) {
    console.log(`== ${part}`);
    const startedMs = performance.now();
    const code = await run(commands[part]!);
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

process.exitCode = values.report ? 0 : await runParts();
writeFileSync(join(top, 'docs/PROOF.md'), report(readFigures()));
console.log('docs/PROOF.md is written');
