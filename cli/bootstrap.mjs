/**
 * What `npm start`, `npm run standalone` and `npm test` run on a fresh clone: plain JavaScript with
 * nothing but Node, as neither packages nor compiled files need exist yet. It installs what is
 * missing, builds what is out of date and then hands over: to cli/main.ts for one replica, to
 * cli/demo.ts for the demo ensemble.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import {
  demoOptions,
  Stop,
  shown,
  standaloneConfig,
  usage,
  wantsOwnBus,
} from './start-options.mjs';

const nodeVersionMin = [20, 19];
const top = dirname(dirname(fileURLToPath(import.meta.url)));
const mainProgram = join(top, 'dist/cli/main.js');
const sourceFolders = ['protocol', 'machines', 'storage', 'actors', 'client', 'cli', 'console'];
/** What is compiled in them, or built to the console's app. */
const sourceEndings = /\.(ts|tsx|css|html|svg)$/;
/** What Vite makes: the console's app, and of the compiled program few files. */
const viteConfigs = ['console/vite.config.ts', 'cli/vite.config.ts'];
const buildFiles = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Programs of our packages, started as scripts of this Node: no shell, no PATH, any system. */
const programs = {
  biome: 'node_modules/@biomejs/biome/bin/biome',
  tsc: 'node_modules/typescript/bin/tsc',
  vite: 'node_modules/vite/bin/vite.js',
  vitest: 'node_modules/vitest/vitest.mjs',
};

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    const isPlain = error instanceof Stop || error?.name === 'ConfigError';
    console.error(isPlain ? error.message : error);
    process.exitCode = error instanceof Stop ? error.code : 1;
  },
);

async function main([task, ...rest]) {
  checkNode();
  if (task === 'start' && !rest.includes('--help')) return start(rest);
  if (task === 'standalone' && !rest.includes('--help')) return standalone(rest);
  if (task === 'test' && !rest.includes('--help')) return test(rest);
  console.log(usage);
  return task === undefined || rest.includes('--help') ? 0 : 2;
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const [majorMin, minorMin] = nodeVersionMin;
  if (major > majorMin || (major === majorMin && minor >= minorMin)) return;
  const needed = nodeVersionMin.join('.');
  throw new Stop(
    `natskeeper needs Node ${needed} or newer; this is Node ${process.versions.node}.`,
  );
}

// ---- start ------------------------------------------------------------------------------------

/** The demo ensemble, or one replica as a zoo.cfg describes it. */
async function start(args) {
  if (args.some(isConfig)) return replica(args);
  const options = await demoOptions(args);
  await install();
  await build();
  const program = await natsServer();
  if (program === null) {
    const { waysToGetNatsServer } = await built('nats-program.js');
    const without = 'Or, without a bus: npm run standalone';
    throw new Stop(`natskeeper: the demo needs a bus.\n${waysToGetNatsServer}\n${without}`);
  }
  const { runDemo } = await built('demo.js');
  return runDemo({ ...options, program, main: mainProgram, shown });
}

function isConfig(arg) {
  return /^--config(=|$)/.test(arg);
}

async function standalone(args) {
  if (args.some(isConfig)) return replica(args);
  return replica(['--config', await standaloneConfig(args)]);
}

async function replica(args) {
  await install();
  await build();
  const at = args.findIndex(isConfig);
  const file = args[at].includes('=') ? args[at].slice(args[at].indexOf('=') + 1) : args[at + 1];
  // Where that does not help, the replica itself says what it misses.
  if (wantsOwnBus(file ?? '', process.env)) await natsServer();
  const { replicaCommand } = await built('replica-command.js');
  const [first, ...rest] = replicaCommand(mainProgram, args);
  return run(first, rest, { forward: true });
}

/** The path of nats-server, installed if it is missing and that is possible; else null. */
async function natsServer() {
  const { findOrInstallNatsServer } = await built('nats-program.js');
  return findOrInstallNatsServer({
    env: process.env,
    isRoot: process.getuid?.() === 0,
    run,
    say: (line) => console.log(`natskeeper: ${line}`),
  });
}

/** A module of the command line, once it is compiled. */
function built(name) {
  return import(pathToFileURL(join(top, 'dist/cli', name)).href);
}

// ---- test -------------------------------------------------------------------------------------

async function test(args) {
  const steps = [
    ['packages', install],
    ['lint (biome check)', () => program('biome', ['check', '.'])],
    ['types (tsc --noEmit)', () => program('tsc', ['-p', 'tsconfig.json', '--noEmit'])],
    ['types of the console (tsc)', () => program('tsc', ['-p', 'console/app/tsconfig.json'])],
    ['build (tsc, vite)', build],
  ];
  for (const [heading, step] of steps) {
    console.log(`== ${heading}`);
    try {
      await step();
    } catch (error) {
      if (!(error instanceof Stop)) throw error;
      console.log(`== stopped: ${heading}: ${error.message}`);
      console.log('0 passed, 1 failed');
      return error.code;
    }
  }
  console.log('== tests (vitest run)');
  const folder = mkdtempSync(join(tmpdir(), 'natskeeper-test-'));
  try {
    const report = join(folder, 'vitest.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const vitest = join(top, programs.vitest);
    const code = await run(process.execPath, [vitest, 'run', ...reporters, ...args], { cwd: top });
    console.log(counts(report, code));
    return code;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The closing line. A file that could not be loaded, or a stray error, counts as a failure. */
function counts(report, code) {
  if (!existsSync(report)) return '0 passed, 1 failed';
  const { testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const isBroken = ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed');
  let failed = numFailedTests + testResults.filter(isBroken).length;
  if (code !== 0 && failed === 0) failed = 1;
  const skipped = (numPendingTests ?? 0) + (numTodoTests ?? 0);
  const line = `${numPassedTests} passed, ${failed} failed`;
  return skipped > 0 ? `${line}, ${skipped} skipped` : line;
}

// ---- packages and build -----------------------------------------------------------------------

/** Runs `npm ci` unless node_modules holds what package-lock.json asks for. */
async function install() {
  const lock = join(top, 'package-lock.json');
  const marker = join(top, 'node_modules/.natskeeper-lock');
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  // npm's own record of an install: at least as new as the lock file means a plain `npm ci` or
  // `npm install` was here already. A marker that disagrees means the lock file changed since.
  const record = join(top, 'node_modules/.package-lock.json');
  const isInstalled =
    !existsSync(marker) && existsSync(record) && statSync(record).mtimeMs >= statSync(lock).mtimeMs;
  if (!isInstalled) {
    console.log('natskeeper: installing packages (npm ci)');
    const script = process.env.npm_execpath;
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund'];
    const code = script?.endsWith('.js')
      ? await run(process.execPath, [script, ...args], { cwd: top })
      : await run('npm', args, { cwd: top });
    if (code !== 0) throw new Stop(`npm ci failed with exit code ${code}`, code);
  }
  writeFileSync(marker, wanted);
}

/** Compiles when any source changed since the last build that worked. */
async function build() {
  const marker = join(top, 'dist/.sources');
  const wanted = fingerprint();
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  rmSync(marker, { force: true });
  await program('tsc', ['-p', 'tsconfig.build.json']);
  for (const config of viteConfigs.filter((file) => existsSync(join(top, file)))) {
    await program('vite', ['build', '--config', config]);
  }
  writeFileSync(marker, wanted);
}

/** Changes when a source is edited, added or removed, also by a checkout of older files. */
function fingerprint() {
  const hash = createHash('sha256');
  const files = sourceFolders.flatMap((folder) =>
    existsSync(join(top, folder))
      ? readdirSync(join(top, folder), { recursive: true }).map((name) => join(folder, `${name}`))
      : [],
  );
  for (const name of [...buildFiles, ...files.filter((file) => sourceEndings.test(file)).sort()]) {
    const { mtimeMs, size } = statSync(join(top, name));
    hash.update(`${name} ${size} ${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

// ---- processes --------------------------------------------------------------------------------

async function program(name, args) {
  const code = await run(process.execPath, [join(top, programs[name]), ...args], { cwd: top });
  if (code !== 0) throw new Stop(`${name} failed with exit code ${code}`, code);
}

/** Runs a child to its end on our own terminal; resolves to its exit code. */
function run(command, args, { cwd, forward = false } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, stdio: 'inherit' });
    const pass = (signal) => child.kill(signal);
    const signals = forward ? ['SIGINT', 'SIGTERM', 'SIGHUP'] : [];
    for (const signal of signals) process.on(signal, pass);
    child.once('error', (error) => failed(new Stop(`cannot run ${command}: ${error.message}`)));
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, pass);
      done(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}
