/**
 * One replica beside one Apache ZooKeeper on the same machine, with the same load generator, in
 * turn (A B A B …): throughput, then memory, disk and start-up with many znodes. Prints a Markdown
 * table; quote the ratios, not the absolute figures.
 *
 *   node bench/standalone.mjs --zkload BINARY [--apache CLASSPATH] [--rounds 3] [--seconds 5]
 *                             [--znodes 1800000]
 *
 * Without --apache our side runs alone. Needs `npm run build` before.
 */

import { spawn, spawnSync } from 'node:child_process';
import {
  createWriteStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    zkload: { type: 'string' },
    apache: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    znodes: { type: 'string', default: '1800000' },
  },
});
if (!values.zkload) {
  console.error('--zkload BINARY is missing: build it with  cc -O2 -o zkload zkload.c -lm');
  process.exit(2);
}
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const top = mkdtempSync(join(tmpdir(), 'standalone-bench-'));

const loads = [
  ['reads', ['-c', '10', '-o', '100', '-w', '0']],
  ['writes', ['-c', '10', '-o', '100', '-w', '100']],
  ['30 % writes', ['-c', '10', '-o', '100', '-w', '30']],
  ['one write at a time', ['-c', '1', '-o', '1', '-w', '100']],
];

const sides = {
  natskeeper: (config) => [process.execPath, [main, 'server', '--config', config]],
  ...(values.apache && {
    apache: (config) => [
      'java',
      ['-Xmx3g', '-cp', values.apache, 'org.apache.zookeeper.server.quorum.QuorumPeerMain', config],
    ],
  }),
};

try {
  await throughput();
  await manyZnodes();
} finally {
  rmSync(top, { recursive: true, force: true });
}

async function throughput() {
  const results = {};
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const side of Object.keys(sides)) {
      for (const [name, args] of loads) {
        const server = await start(side, `${side}-${round}`);
        const out = load(server.port, [...args, '-d', values.seconds, '-W', '2']);
        await server.stop();
        const kind = args.at(-1) === '100' ? 'write_us' : 'read_us';
        results[name] ??= {};
        results[name][side] ??= [];
        results[name][side].push({ ops: out.ops_per_s, p99: out[kind].p99 });
      }
    }
  }
  console.log('\n| load | natskeeper, ops/s | Apache, ops/s | ratio | p99 us, ours / Apache |');
  console.log('|---|---|---|---|---|');
  for (const [name, args] of loads) {
    const { natskeeper, apache } = results[name];
    const ours = median(natskeeper.map((run) => run.ops));
    const theirs = apache ? median(apache.map((run) => run.ops)) : null;
    const p99 = [natskeeper, apache].map((runs) => (runs ? median(runs.map((r) => r.p99)) : '-'));
    const ratio = theirs ? `${(ours / theirs).toFixed(2)}x` : '-';
    console.log(
      `| ${name}: ${args.join(' ')} | ${ours} | ${theirs ?? '-'} | ${ratio} | ${p99.join(' / ')} |`,
    );
  }
}

async function manyZnodes() {
  console.log(
    '\n| side | znodes | creates/s | B resident per znode, loading | after a restart ' +
      '| start, s | disk, MB |',
  );
  console.log('|---|---|---|---|---|---|---|');
  for (const side of Object.keys(sides)) {
    const server = await start(side, `${side}-many`);
    const before = residentBytes(server.child.pid);
    const target = Number(values.znodes);
    let creates = 0;
    for (let root = 0; (await count(server.port)) < target; root++) {
      const args = ['-c', '8', '-o', '200', '-w', '100', '-O', 'create', '-v', '100'];
      const out = load(server.port, [...args, '-d', '5', '-W', '0', '-r', `/many${root}`]);
      creates = Math.max(creates, out.ops_per_s);
    }
    const znodes = await count(server.port);
    const loading = residentBytes(server.child.pid);
    await server.stop('SIGKILL');
    const startedMs = performance.now();
    const again = await start(side, `${side}-many`, server.port);
    const tookMs = performance.now() - startedMs;
    const restarted = residentBytes(again.child.pid);
    const disk = spawnSync('du', ['-sm', again.directory]).stdout.toString().split('\t')[0];
    await again.stop();
    const cells = [
      side,
      znodes,
      creates,
      Math.round(loading / znodes),
      Math.round(restarted / znodes),
    ];
    console.log(`| ${[...cells, (tookMs / 1000).toFixed(2), disk].join(' | ')} |`);
    console.error(`${side}: ${Math.round(before / 1e6)} MB resident before the first znode`);
  }
}

/** Starts a side with its data in a folder of its own; resolves when `srvr` answers. */
async function start(side, name, port) {
  const directory = join(top, name);
  mkdirSync(directory, { recursive: true });
  port ??= await freePort();
  const config = join(directory, 'zoo.cfg');
  const lines = ['tickTime=2000', `dataDir=${join(directory, 'data')}`, `clientPort=${port}`];
  lines.push('maxClientCnxns=0', '4lw.commands.whitelist=*', 'admin.enableServer=false');
  writeFileSync(config, `${lines.join('\n')}\n`);
  const [command, args] = sides[side](config);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(join(directory, 'log'), { flags: 'a' });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (let waited = 0; !(await word(port, 'srvr')).includes('Mode'); waited++) {
    if (waited > 6000 || child.exitCode !== null) {
      throw new Error(`${side} did not start: ${readFileSync(join(directory, 'log'), 'utf8')}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const stop = (signal = 'SIGTERM') => {
    child.kill(signal);
    return ended;
  };
  return { child, port, directory, stop };
}

function load(port, args) {
  const run = spawnSync(values.zkload, ['-s', `127.0.0.1:${port}`, ...args]);
  return JSON.parse(run.stdout.toString().trim().split('\n').at(-1));
}

async function count(port) {
  return Number(/Node count: (\d+)/.exec(await word(port, 'srvr'))?.[1] ?? 0);
}

function word(port, text) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', () => resolve(''));
    // One that has accepted and is not serving yet may never answer.
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('close', () => resolve(answer));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

function residentBytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
