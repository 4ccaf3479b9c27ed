/**
 * What a write costs on the bus: starts a nats-server and ensembles of different sizes, listens to
 * all their subjects, and prints the frames of single writes with their sizes; then counts what the
 * leader publishes for a thousand writes, whatever the number of learners. Prints Markdown: the
 * page docs/BUS.md is made of it.
 *
 *   node bench/bus-capture.mjs [--writes 1000]
 *
 * Needs `npm run build` before, and nats-server on the PATH.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect as connectBus } from 'nats';

const { values } = parseArgs({
  options: { writes: { type: 'string', default: '1000' }, build: { type: 'string' } },
});
const build = values.build ?? fileURLToPath(new URL('../dist', import.meta.url));
const { connect } = await import(join(build, 'client/client.js'));
const { PacketKind } = await import(join(build, 'protocol/packet.js'));
const kindNames = new Map(Object.entries(PacketKind).map(([name, kind]) => [kind, name]));
const top = mkdtempSync(join(tmpdir(), 'bus-capture-'));
const children = [];

try {
  const [port] = await freePorts(1);
  run('nats-server', ['-a', '127.0.0.1', '-p', String(port)]);
  const url = `nats://127.0.0.1:${port}`;
  const rows = [];
  for (const [voters, observers] of [
    [3, 0],
    [5, 0],
    [3, 4],
  ]) {
    rows.push(await measure(url, voters, observers));
  }
  printCounts(rows);
} finally {
  for (const child of children) child.kill('SIGKILL');
  rmSync(top, { recursive: true, force: true });
}

async function measure(url, voters, observers) {
  const name = `capture-${voters}-${observers}`;
  const members = await startEnsemble(url, name, voters, observers);
  const addresses = members.map(({ port }) => `127.0.0.1:${port}`);
  const bus = await connectBus({ servers: url, waitOnFirstConnect: true, reconnectTimeWait: 50 });
  const frames = [];
  bus.subscribe(`natskeeper.${name}.>`, {
    callback: (_, { subject, data }) => {
      const kind = kindNames.get(data[0]) ?? `part ${data[0]}`;
      frames.push({ ms: performance.now(), subject, kind, sender: data[2], bytes: data.length });
    },
  });
  await bus.flush();
  const leader = await leaderOf(members);
  const follower = members.find(({ sid }) => sid !== leader && sid <= voters);
  const client = await connect(addresses[follower.sid - 1], { sessionTimeoutMs: 10_000 });
  await client.create('/warm', Buffer.alloc(1000));
  if (observers === 0 && voters === 3) {
    for (const bytes of [100, 1000]) await showOne(client, frames, bytes, leader, follower.sid);
  }
  frames.length = 0;
  const writes = Number(values.writes);
  for (let at = 0; at < writes; at++) await client.setData('/warm', Buffer.alloc(1000));
  await new Promise((resolve) => setTimeout(resolve, 100));
  const of = (kind) => frames.filter((frame) => frame.kind === kind).length;
  const row = { voters, observers, writes, propose: of('propose'), commit: of('commit') };
  Object.assign(row, { ack: of('ack'), requests: of('requests') });
  await client.close();
  await bus.close();
  for (const { child } of members) child.kill('SIGKILL');
  return row;
}

async function showOne(client, frames, bytes, leader, follower) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  frames.length = 0;
  const startMs = performance.now();
  await client.setData('/warm', Buffer.alloc(bytes));
  const answeredMs = performance.now() - startMs;
  await new Promise((resolve) => setTimeout(resolve, 50));
  const data = frames.filter(({ kind }) => !['status', 'beat'].includes(kind));
  console.log(`\n### setData of ${bytes} bytes by a client of replica ${follower}\n`);
  console.log('| after | frame | from | subject | bytes |\n|---|---|---|---|---|');
  for (const { ms, kind, sender, subject, bytes: size } of data) {
    const from = sender === leader ? `leader ${sender}` : `replica ${sender}`;
    const tail = subject.split('.').slice(2).join('.');
    console.log(`| ${(ms - startMs).toFixed(2)} ms | ${kind} | ${from} | ${tail} | ${size} |`);
  }
  console.log(`\nThe client had its answer after ${answeredMs.toFixed(2)} ms.`);
}

function printCounts(rows) {
  console.log('\n### Frames for single writes, one after the other\n');
  console.log('| voters | observers | writes | propose | commit alone | ack | requests |');
  console.log('|---|---|---|---|---|---|---|');
  for (const row of rows) {
    const { voters, observers, writes, propose, commit, ack, requests } = row;
    console.log(`| ${[voters, observers, writes, propose, commit, ack, requests].join(' | ')} |`);
  }
}

async function startEnsemble(natsUrl, name, voters, observers) {
  const count = voters + observers;
  const ports = await freePorts(count);
  const servers = ports.map((port, at) => {
    const type = at < voters ? 'participant' : 'observer';
    return `server.${at + 1}=127.0.0.1:${1000 + at}:${2000 + at}:${type};127.0.0.1:${port}`;
  });
  return ports.map((port, at) => {
    const dataDir = join(top, name, String(at + 1));
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'myid'), String(at + 1));
    const lines = [
      ...[`dataDir=${dataDir}`, 'tickTime=2000', 'initLimit=10', 'syncLimit=5'],
      ...[`clientPort=${port}`, `natsUrl=${natsUrl}`, `ensemble=${name}`],
      ...['4lw.commands.whitelist=*', 'admin.enableServer=false', ...servers],
    ];
    const config = join(dataDir, 'zoo.cfg');
    writeFileSync(config, `${lines.join('\n')}\n`);
    const main = join(build, 'cli/main.js');
    return {
      sid: at + 1,
      port,
      child: run(process.execPath, [main, 'server', '--config', config]),
    };
  });
}

/** Whoever says so, once all serve. */
async function leaderOf(members) {
  for (;;) {
    const modes = await Promise.all(members.map(({ port }) => modeOf(port)));
    if (modes.every((mode) => mode !== '')) {
      return members[modes.findIndex((mode) => mode.includes('leader'))].sid;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function modeOf(port) {
  const { connect: dial } = await import('node:net');
  return new Promise((resolve) => {
    let text = '';
    const socket = dial(port, '127.0.0.1', () => socket.write('srvr'));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(/Mode: (.*)/.exec(text)?.[1] ?? ''));
  });
}

function run(command, args) {
  const child = spawn(command, args, { stdio: 'ignore' });
  children.push(child);
  return child;
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
