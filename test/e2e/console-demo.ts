/**
 * The demo as a user starts it: the bus, three replicas, console and playground in processes of
 * their own, from what `npm run build` made. Stopped by its pid; nothing of it is left.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '../../cli/nats-program.ts';
import type { DemoStatus } from '../../protocol/demo.ts';
import { portsInARow } from '../cli/free-ports.ts';
import { freePort } from '../support/free-port.ts';
import { treeTop } from '../support/tidy-source.ts';
import { pause } from '../support/zoo-process.ts';

const build = process.env['NATSKEEPER_BUILD'] ?? join(treeTop, 'dist');
const demoModule = join(build, 'cli/demo.js');
const main = join(build, 'cli/main.js');
const startMsMax = 45_000;
const pollMs = 50;

const natsServer = findNatsServer({ env: process.env });

export const whyNoDemo: string | null =
  natsServer === null
    ? 'there is no nats-server'
    : [demoModule, join(build, 'console/app/index.html')].every((path) => existsSync(path))
      ? null
      : `${build} is not complete: run npm run build`;

export class ConsoleDemo {
  /** Of the console, `http://127.0.0.1:…`. */
  readonly origin: string;
  /** Of the replicas, for clients. */
  readonly servers: string;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #exit: Promise<unknown>;
  #said = '';

  private constructor(folder: string, port: number, consolePort: number) {
    this.#folder = folder;
    this.origin = `http://127.0.0.1:${consolePort}`;
    this.servers = [0, 1, 2].map((at) => `127.0.0.1:${port + at}`).join(',');
    const data = join(folder, 'data');
    const options = { port, replicas: 3, data, program: natsServer, main, consolePort };
    const script = `
      const { runDemo } = await import(process.argv[1]);
      process.exitCode = await runDemo({ ...${JSON.stringify(options)}, shown: (path) => path });
    `;
    const args = ['--input-type=module', '-e', script, demoModule];
    this.#child = spawn(process.execPath, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.#said = (this.#said + text).slice(-100_000);
      });
    }
    this.#exit = new Promise((done) => this.#child.once('exit', done));
    // Its own children end with it (guarded-process.ts).
    process.once('exit', () => this.#child.kill('SIGKILL'));
  }

  /** Resolves when there is a leader and all replicas serve. */
  static async start(): Promise<ConsoleDemo> {
    const folder = mkdtempSync(join(tmpdir(), 'natskeeper-console-'));
    const demo = new ConsoleDemo(folder, await portsInARow(3), await freePort());
    await demo.until('all replicas serve', ({ replicas }) => {
      return replicas.every(({ mode }) => mode !== null) && leaderOf(replicas) !== null;
    });
    return demo;
  }

  async status(): Promise<DemoStatus> {
    const response = await fetch(`${this.origin}/api/demo`);
    return (await response.json()) as DemoStatus;
  }

  /** Asks the playground until it is so. */
  async until(what: string, isSo: (status: DemoStatus) => boolean): Promise<DemoStatus> {
    const deadline = Date.now() + startMsMax;
    while (this.#child.exitCode === null && Date.now() < deadline) {
      const status = await this.status().catch(() => null);
      if (status !== null && isSo(status)) return status;
      await pause(pollMs);
    }
    throw new Error(`not seen: ${what}\n${this.#said}`);
  }

  /** The only replica that says it leads, all others being heard of. */
  async leader(): Promise<number> {
    const { replicas } = await this.until('a leader', (status) => {
      return leaderOf(status.replicas) !== null;
    });
    return leaderOf(replicas)!;
  }

  async act(action: string, body: object = {}): Promise<void> {
    const response = await fetch(`${this.origin}/api/demo/${action}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${action}: ${await response.text()}`);
  }

  /** Ends the load, starts what is dead, resumes what is paused; resolves when all serve. */
  async mend(): Promise<void> {
    const { replicas, load } = await this.status();
    if (load.isRunning) await this.act('stopLoad');
    for (const { sid, state, isCut } of replicas) {
      if (state === 'dead') await this.act('restart', { sid });
      if (state === 'paused') await this.act('resume', { sid });
      if (isCut) await this.act('heal', { sid });
    }
    await this.until('all serve again', (status) => {
      return status.replicas.every(({ mode }) => mode === 'leader' || mode === 'follower');
    });
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    await this.#exit;
    clearTimeout(timer);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function leaderOf(replicas: DemoStatus['replicas']): number | null {
  const leaders = replicas.filter(({ mode, state }) => mode === 'leader' && state === 'running');
  return leaders.length === 1 ? leaders[0]!.sid : null;
}
