/**
 * How long clients cannot write when the leader is killed, or the bus: three replicas under a write
 * load, beside three servers of Apache ZooKeeper in the same run. Prints a Markdown table; the gap
 * is the longest run of intervals without a write that was answered, in steps of 10 ms.
 *
 *   node bench/outage.mjs --zkload BINARY [--apache TOOL] [--rounds 5] [--build dist]
 *
 * TOOL starts and stops Apache's servers: `TOOL start 3 DIR PORT`, `TOOL role DIR`, `TOOL kill DIR
 * I`, `TOOL stop DIR`. Without it our side runs alone. Needs `npm run build` before.
 */

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { endAll, leaderOf, pause, startBus, startEnsemble } from './ensemble.mjs';

const { values } = parseArgs({
  options: {
    zkload: { type: 'string' },
    apache: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    build: { type: 'string' },
  },
});
if (!values.zkload) {
  console.error('--zkload BINARY is missing: build it with  cc -O2 -o zkload zkload.c -lm');
  process.exit(2);
}
const build = resolve(values.build ?? fileURLToPath(new URL('../dist', import.meta.url)));
const stepMs = 10;
const busAwayMs = 500;

const results = new Map();
try {
  for (let round = 1; round <= Number(values.rounds); round++) {
    note('natskeeper, leader killed', await ours(`kill-${round}`, killLeader));
    note(`natskeeper, bus away for ${busAwayMs} ms`, await ours(`bus-${round}`, restartBus));
    if (values.apache) note('Apache ZooKeeper, leader killed', await apache(round));
  }
  console.log('| | longest time without a write, ms, by round | median |\n|---|---|---|');
  for (const [name, gaps] of results) {
    const sorted = gaps.toSorted((a, b) => a - b);
    console.log(`| ${name} | ${gaps.join(', ')} | ${sorted[Math.floor(sorted.length / 2)]} |`);
  }
} finally {
  endAll();
}

function note(name, gapMs) {
  results.set(name, [...(results.get(name) ?? []), gapMs]);
}

async function ours(name, harm) {
  const bus = await startBus();
  const members = await startEnsemble({ build, natsUrl: bus.url, name, voters: 3 });
  const addresses = members.map(({ port }) => `127.0.0.1:${port}`);
  const gapMs = await gapUnder(addresses, () => harm(members, bus));
  for (const { child } of members) child.kill('SIGKILL');
  bus.child.kill('SIGKILL');
  return gapMs;
}

async function killLeader(members) {
  (await leaderOf(members)).child.kill('SIGKILL');
}

async function restartBus(_, bus) {
  bus.child.kill('SIGKILL');
  await pause(busAwayMs);
  bus.child = (await startBus(bus.port)).child;
}

async function apache(round) {
  const directory = mkdtempSync(join(tmpdir(), 'outage-apache-'));
  const port = 22_000 + round * 10;
  const tool = (...args) => execFileSync(values.apache, args, { encoding: 'utf8' });
  try {
    tool('start', '3', directory, String(port));
    const addresses = [1, 2, 3].map((at) => `127.0.0.1:${port + at}`);
    return await gapUnder(addresses, () => {
      const roles = tool('role', directory).trim().split('\n');
      const leader = roles.findIndex((line) => line.includes('leader')) + 1;
      tool('kill', directory, String(leader));
    });
  } finally {
    tool('stop', directory);
    await pause(1000);
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The longest stretch without a write that was answered while `harm` was done, ms. */
async function gapUnder(addresses, harm) {
  const args = ['-s', addresses.join(','), '-c', '30', '-o', '1', '-w', '100'];
  const load = spawn(values.zkload, [...args, '-d', '6', '-W', '1', '-i', String(stepMs)]);
  let text = '';
  load.stdout.on('data', (chunk) => {
    text += chunk;
  });
  await pause(3000);
  await harm();
  await new Promise((done) => load.on('close', done));
  let gap = 0;
  let longest = 0;
  for (const [, ms, ops] of text.matchAll(/"t_ms":(\d+),"ops_per_s":(\d+)/g)) {
    gap = Number(ms) > 2000 && Number(ops) === 0 ? gap + stepMs : 0;
    longest = Math.max(longest, gap);
  }
  return longest;
}
