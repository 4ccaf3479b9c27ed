/**
 * The demo ensemble of `npm start`, with a real nats-server and stand-ins for the replicas: what it
 * writes, what it says, and that nothing of it is left behind, however it ends.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { demoZooCfg } from '../../cli/demo-replica.ts';
import { leaderOf, listed } from '../../cli/demo-status.ts';
import { findNatsServer } from '../../cli/nats-program.ts';
import { freeLoopbackPort, isAlive } from '../../cli/port-holder.ts';
import type { DemoStatus } from '../../protocol/demo.ts';
import { temporaryFolder } from '../support/temp.ts';
import { treeTop } from '../support/tidy-source.ts';
import { pause } from '../support/zoo-process.ts';
import { compile } from './compiled.ts';
import { portsInARow } from './free-ports.ts';
import { until } from './nats-line-client.ts';

const program = findNatsServer({ env: process.env });
if (program === null) console.log('the demo is not tried: there is no nats-server');

interface RunningDemo {
  readonly process: ChildProcess;
  readonly data: string;
  readonly port: number;
  readonly exit: Promise<number | string | null>;
  said(): string;
  pidOf(sid: number): number;
}

/** Starts cli/demo.ts as bootstrap.mjs does, in a process of its own. */
async function demo(
  options: { standIn?: string; data?: string; isServing?: boolean; idleMs?: number } = {},
): Promise<RunningDemo> {
  const folder = temporaryFolder();
  compile(['cli/demo.ts'], folder);
  const data = options.data ?? join(folder, 'data');
  const port = await portsInARow(3);
  const main = join(treeTop, 'test/cli/stand-in-replica.mjs');
  const { idleMs = 60_000 } = options;
  const consolePort = await freeLoopbackPort();
  const given = { port, replicas: 3, data, program, main, consolePort, idleMs };
  const settings = JSON.stringify(given);
  const script = `
    const { runDemo } = await import(process.argv[2]);
    process.exitCode = await runDemo({ ...${settings}, shown: (path) => path });
  `;
  writeFileSync(join(folder, 'start.js'), script);
  const env = { ...process.env, STAND_IN: options.standIn ?? '' };
  const child = spawn(process.execPath, [join(folder, 'start.js'), './cli/demo.js'], { env });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      text += part;
    });
  }
  const exit = new Promise<number | string | null>((done) => {
    child.once('exit', (code, signal) => done(code ?? signal));
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const pidOf = (sid: number) => Number(readFileSync(join(data, `replica-${sid}/pid`), 'utf8'));
  const running = { process: child, data, port, exit, said: () => text, pidOf };
  if (options.isServing !== false) await until(() => text.includes('Ctrl-C stops it'), 'serving');
  return running;
}

function busPid({ data }: RunningDemo): number {
  return Number(readFileSync(join(data, 'bus/nats.pid'), 'utf8'));
}

test('the zoo.cfg of a demo replica is as a user would write it', () => {
  const options = { sid: 2, port: 2181, replicas: 3, natsUrl: 'nats://127.0.0.1:4333' };

  expect(demoZooCfg(options, '/demo/replica-2').split('\n').slice(1)).toEqual([
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    'dataDir=/demo/replica-2',
    'clientPort=2182',
    '4lw.commands.whitelist=*',
    'admin.enableServer=false',
    'ensemble=demo',
    'natsUrl=nats://127.0.0.1:4333',
    'server.1=127.0.0.1:2888:3888;2181',
    'server.2=127.0.0.1:2889:3889;2182',
    'server.3=127.0.0.1:2890:3890;2183',
    '',
  ]);
  expect(demoZooCfg({ ...options, replicas: 1, sid: 1 }, '/d')).toContain(
    'standaloneEnabled=false',
  );
});

test('of two that say they lead the new one is believed', () => {
  expect(leaderOf(new Map([[1, 'follower']]), 1)).toBeNull();
  expect(leaderOf(new Map([[1, 'leader']]), 1)).toBe(1);
  expect(
    leaderOf(
      new Map([
        [1, 'leader'],
        [2, 'leader'],
      ]),
      1,
    ),
  ).toBe(2);
  expect([listed([1]), listed([1, 2]), listed([1, 2, 3])]).toEqual(['1', '1 and 2', '1, 2 and 3']);
});

describe.skipIf(program === null)('the demo', () => {
  test('says who leads and how to connect, and stops all in order', async () => {
    const running = await demo();
    const { port, data } = running;
    const bus = busPid(running);

    running.process.kill('SIGINT');
    running.process.kill('SIGINT');

    expect(await running.exit).toBe(0);
    const said = running.said();
    expect(said).toContain(
      `serving: replica 1 (port ${port}, pid ${running.pidOf(1)}) leads; 2 and 3`,
    );
    expect(said).toContain(`zkCli.sh -server 127.0.0.1:${port},127.0.0.1:${port + 1},127.0.0.1:`);
    expect(said).toContain('replica 2: a warning about=something');
    expect(said).toContain('stopped; the data stay in');
    expect(said).not.toMatch(/nothing to see|ended/);
    expect([1, 2, 3].map((sid) => isAlive(running.pidOf(sid)))).toEqual([false, false, false]);
    expect(isAlive(bus)).toBe(false);
    const log = readFileSync(join(data, 'replica-3/replica.log'), 'utf8');
    expect(log).toMatch(/natsUrl=nats:\/\/127\.0\.0\.1:\d+\n[\s\S]*nothing to see/);
  });

  test('names a replica that dies and the new leader, and goes on without a quorum', async () => {
    const running = await demo();
    const page = /break it and watch: (http:\/\/127\.0\.0\.1:\d+)/.exec(running.said())?.[1];

    process.kill(running.pidOf(1), 'SIGKILL');
    await until(() => running.said().includes('leads now'), 'another leader');
    process.kill(running.pidOf(3), 'SIGKILL');
    await until(() => running.said().includes('no quorum'), 'the quorum lost');

    expect(running.said()).toMatch(/replica 1 ended: killed by SIGKILL; log: .*replica-1/);
    expect(running.said()).toContain('2 of 3 go on');
    expect(running.said()).toMatch(/replica 2 \(port \d+, pid \d+\) leads now/);
    expect(running.said()).toContain(
      `1 of 3 are no quorum, so nothing can be written for now (start it again: ${page}/#/play`,
    );
    expect(isAlive(running.pidOf(2))).toBe(true);
    const status = (await (await fetch(`${page}/api/demo`)).json()) as DemoStatus;
    const states = status.replicas.map(({ state }) => state);
    expect(states).toEqual(['dead', 'running', 'dead']);
    const headers = { 'content-type': 'application/json' };
    const asked = { method: 'POST', headers, body: '{"sid":1}' };
    const answer = await fetch(`${page}/api/demo/restart`, asked);
    expect(answer.status).toBe(200);
    await until(() => running.said().includes('replica 1 (port'), 'it leads again');
    expect((await fetch(`${page}/api/demo/heal`, asked)).status).toBe(409);
  });

  test('ends when all replicas are dead and nobody looks', async () => {
    const running = await demo({ idleMs: 300 });

    for (const sid of [1, 2, 3]) process.kill(running.pidOf(sid), 'SIGKILL');

    expect(await running.exit).toBe(1);
    expect(running.said()).toContain('all replicas are dead, and nobody looks at the console');
  });

  test('shows why replicas cannot start', async () => {
    const running = await demo({ standIn: 'broken', isServing: false });

    expect(await running.exit).toBe(1);
    expect(running.said()).toMatch(/replica \d: natskeeper: zoo\.cfg line 1: it is broken/);
    expect(running.said()).toMatch(/replica \d ended: exit code 2/);
  });

  test('is killed by a second Ctrl-C when replicas do not stop', async () => {
    const running = await demo({ standIn: 'stubborn' });

    running.process.kill('SIGINT');
    await until(() => running.said().includes('stopping'), 'stopping');
    // Less than a second later it counts as the same one.
    await pause(1100);
    running.process.kill('SIGINT');

    expect(await running.exit).toBe(130);
    expect([1, 2, 3].some((sid) => isAlive(running.pidOf(sid)))).toBe(false);
  });

  test('leaves no process behind when it is killed (SIGKILL)', async () => {
    const running = await demo({ standIn: 'stubborn' });
    const pids = [busPid(running), ...[1, 2, 3].map(running.pidOf)];
    expect(pids.map(isAlive)).toEqual([true, true, true, true]);

    running.process.kill('SIGKILL');

    await until(() => !pids.some(isAlive), 'the end of all');
  });

  test('leaves the data of a standalone replica alone, and says so', async () => {
    const data = join(temporaryFolder(), 'data');
    mkdirSync(join(data, 'natskeeper'), { recursive: true });
    writeFileSync(join(data, 'zoo.cfg'), 'standalone');

    const running = await demo({ data });

    expect(running.said()).toContain('data of one standalone replica: they stay as they are');
    expect(readFileSync(join(data, 'zoo.cfg'), 'utf8')).toBe('standalone');
    expect(existsSync(join(data, 'replica-1/zoo.cfg'))).toBe(true);
  });
});
