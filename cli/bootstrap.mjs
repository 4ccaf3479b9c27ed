/**
 * What `npm start` and `npm test` run on a fresh clone: plain JavaScript with nothing but Node, as
 * neither packages nor compiled files need exist yet. It installs what is missing, builds what is
 * out of date and then hands over. It decides nothing about the server: cli/main.ts does.
 */

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { constants, tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeVersionMin = [20, 19];
const top = dirname(dirname(fileURLToPath(import.meta.url)));
const sourceFolders = ['protocol', 'machines', 'storage', 'actors', 'client', 'cli'];
const buildFiles = ['package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];

/** Programs of our packages, started as scripts of this Node: no shell, no PATH, any system. */
const programs = {
  biome: 'node_modules/@biomejs/biome/bin/biome',
  tsc: 'node_modules/typescript/bin/tsc',
  vitest: 'node_modules/vitest/vitest.mjs',
};

const usage = `usage:
  npm start                       one standalone replica on port 2181, data in ./data
  npm start -- --port 2281        … on another port
  npm start -- --data DIR         … with its data in DIR
  npm start -- --config zoo.cfg   a replica as an existing zoo.cfg describes it
  npm test                        lint, types, build and all tests
  npm test -- NAME …              only the test files whose path contains NAME`;

class Stop extends Error {
  constructor(message, code = 1) {
    super(message);
    this.code = code;
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(error instanceof Stop ? error.message : error);
    process.exitCode = error instanceof Stop ? error.code : 1;
  },
);

async function main([task, ...rest]) {
  checkNode();
  if (task === 'start' && !rest.includes('--help')) return start(rest);
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

async function start(args) {
  const serverArgs = args.some((arg) => /^--config(=|$)/.test(arg)) ? args : await standalone(args);
  await install();
  await build();
  const main = join(top, 'dist/cli/main.js');
  return run(process.execPath, [main, 'server', ...serverArgs], { forward: true });
}

/** Writes the zoo.cfg of one standalone replica; returns the arguments that start it. */
async function standalone(args) {
  const options = { port: '2181', data: 'data' };
  for (let at = 0; at < args.length; at++) {
    const arg = args[at];
    const [, name, inline] = /^--(port|data)(?:=(.*))?$/.exec(arg) ?? [];
    const value = inline ?? args[++at];
    if (name === undefined || !value) throw new Stop(`cannot use '${arg}'\n${usage}`, 2);
    options[name] = value;
  }
  const port = Number(options.port);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new Stop(`--port takes a number from 1 to 65535, not '${options.port}'`, 2);
  }
  await checkPort(port);
  const data = resolve(options.data);
  mkdirSync(data, { recursive: true });
  const config = join(data, 'zoo.cfg');
  const lines = ['tickTime=2000', `dataDir=${data}`, `clientPort=${port}`];
  writeFileSync(config, `${[...lines, '4lw.commands.whitelist=*'].join('\n')}\n`);
  console.log(`natskeeper: one standalone replica on port ${port}, data in ${shown(data)}`);
  console.log(`natskeeper: connect any ZooKeeper client to 127.0.0.1:${port}, for example`);
  console.log(`  zkCli.sh -server 127.0.0.1:${port}`);
  console.log('natskeeper: Ctrl-C stops it');
  return ['--config', config];
}

/** Fails with advice when nobody could listen on `port`. */
function checkPort(port) {
  return new Promise((done, failed) => {
    const probe = createServer();
    probe.once('error', ({ code }) => {
      const other = `choose another: npm start -- --port ${port < 1024 ? 2181 : port + 100}`;
      const reasons = {
        EADDRINUSE: `port ${port} is in use`,
        EACCES: `this user may not listen on port ${port}`,
      };
      failed(new Stop(`${reasons[code] ?? `cannot listen on port ${port} (${code})`}; ${other}`));
    });
    probe.listen(port, () => probe.close(done));
  });
}

// ---- test -------------------------------------------------------------------------------------

async function test(args) {
  const steps = [
    ['packages', install],
    ['lint (biome check)', () => program('biome', ['check', '.'])],
    ['types (tsc --noEmit)', () => program('tsc', ['-p', 'tsconfig.json', '--noEmit'])],
    ['build (tsc)', build],
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
  for (const name of [...buildFiles, ...files.filter((file) => file.endsWith('.ts')).sort()]) {
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

function shown(path) {
  const short = relative(process.cwd(), path);
  return short === '' || short.startsWith('..') ? path : `./${short}`;
}
