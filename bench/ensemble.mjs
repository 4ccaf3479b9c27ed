/**
 * For the scripts of this folder: starts ensembles of compiled replicas on a nats-server, as
 * processes of their own, and asks them who leads. Everything that was started is ended by its pid.
 */

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const children = new Set();
const top = mkdtempSync(join(tmpdir(), 'natskeeper-bench-'));

/** Starts a nats-server on `port`, or on a free one; resolves when it accepts. */
export async function startBus(port) {
  const chosen = port ?? (await freePorts(1))[0];
  const child = run('nats-server', ['-a', '127.0.0.1', '-p', String(chosen)]);
  await until(() => accepts(chosen));
  return { port: chosen, url: `nats://127.0.0.1:${chosen}`, child };
}

/** Starts voters and observers; resolves when all of them serve. */
export async function startEnsemble({ build, natsUrl, name, voters, observers = 0 }) {
  const ports = await freePorts(voters + observers);
  const servers = ports.map((port, at) => {
    const type = at < voters ? 'participant' : 'observer';
    return `server.${at + 1}=127.0.0.1:${1000 + at}:${2000 + at}:${type};127.0.0.1:${port}`;
  });
  const members = ports.map((port, at) => {
    const dataDir = join(top, name, String(at + 1));
    mkdirSync(dataDir, { recursive: true });
    writeFileSync(join(dataDir, 'myid'), String(at + 1));
    const lines = [
      ...[`dataDir=${dataDir}`, 'tickTime=2000', 'initLimit=10', 'syncLimit=5'],
      ...[`clientPort=${port}`, `natsUrl=${natsUrl}`, `ensemble=${name}`, 'maxClientCnxns=0'],
      ...['4lw.commands.whitelist=*', 'admin.enableServer=false', ...servers],
    ];
    const config = join(dataDir, 'zoo.cfg');
    writeFileSync(config, `${lines.join('\n')}\n`);
    const main = join(build, 'cli/main.js');
    const child = run(process.execPath, [main, 'server', '--config', config]);
    return { sid: at + 1, port, child };
  });
  await until(async () => (await modesOf(members)).every((mode) => mode !== ''));
  return members;
}

/** What each member's `srvr` calls it; '' for one that does not serve. */
export function modesOf(members) {
  return Promise.all(members.map(({ port }) => modeOf(port)));
}

export async function leaderOf(members) {
  const modes = await modesOf(members);
  return members[modes.indexOf('leader')];
}

function modeOf(port) {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write('srvr'));
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(/Mode: (.*)/.exec(text)?.[1] ?? ''));
  });
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(!socket.destroy().connecting));
    socket.on('error', () => resolve(false));
  });
}

async function until(isDone) {
  for (let left = 300; left > 0; left--) {
    if (await isDone()) return;
    await pause(100);
  }
  throw new Error('it did not come up within 30 s');
}

export function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function run(command, args) {
  const child = spawn(command, args, { stdio: 'ignore' });
  children.add(child);
  return child;
}

async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((done) => server.once('listening', done))));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

/** Ends all that was started, and removes its data. */
export function endAll() {
  for (const child of children) child.kill('SIGKILL');
  rmSync(top, { recursive: true, force: true });
}
