/**
 * A real nats-server for tests: on a port of its own at 127.0.0.1 that it keeps over restarts, with
 * a temporary folder, ended by its pid. Where there is none on the PATH, tests that need one are
 * skipped. Real time passes here, for a real process is waited for.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { accessSync, constants, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { freePort } from './free-port.ts';
import { pause } from './zoo-process.ts';

const startMsMax = 20_000;
const pollMs = 10;
const logCharsMax = 100_000;

/** The nats-server of the PATH, or null. */
export const natsServerPath: string | null = findNatsServer();

export const natsSkipReason = 'needs nats-server on the PATH';

export class NatsServer {
  readonly port: number;
  readonly folder: string;
  readonly #configFile: string;
  #child: ChildProcess | null = null;
  #exit: Promise<void> = Promise.resolve();
  #log = '';

  private constructor(port: number, config: readonly string[]) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'natskeeper-nats-'));
    this.#configFile = join(this.folder, 'nats.conf');
    const lines = [`listen: "127.0.0.1:${port}"`, ...config];
    writeFileSync(this.#configFile, `${lines.join('\n')}\n`);
  }

  /** Starts a server, with more lines of configuration if given, and waits until it accepts. */
  static async start(config: readonly string[] = []): Promise<NatsServer> {
    // Another process may take a free port before we do.
    for (let attempt = 1; ; attempt++) {
      const server = new NatsServer(await freePort(), config);
      try {
        await server.restart();
        return server;
      } catch (error) {
        await server.remove();
        if (attempt === 3) throw error;
      }
    }
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`;
  }

  get log(): string {
    return this.#log;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts the process, again on the same port; one that still runs is stopped before. */
  async restart(): Promise<void> {
    await this.stop();
    if (natsServerPath === null) throw new Error(natsSkipReason);
    const child = spawn(natsServerPath, ['-c', this.#configFile], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const record = (text: Buffer): void => {
      this.#log = (this.#log + text).slice(-logCharsMax);
    };
    child.stdout?.on('data', record);
    child.stderr?.on('data', record);
    const killWithUs = (): unknown => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.#exit = new Promise((done) => {
      child.once('error', (error) => {
        record(Buffer.from(String(error)));
        done();
      });
      child.once('exit', () => done());
    });
    void this.#exit.then(() => {
      process.off('exit', killWithUs);
      if (this.#child === child) this.#child = null;
    });
    await this.#accepting();
  }

  /** SIGKILL: its connections break at once. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  async stop(): Promise<void> {
    this.resume();
    this.#child?.kill('SIGTERM');
    await this.#exit;
  }

  /** SIGSTOP: its connections stay, and nobody answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends the process and removes its folder. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #accepting(): Promise<void> {
    const deadline = Date.now() + startMsMax;
    while (Date.now() < deadline && this.#child !== null) {
      if (await greets(this.port)) {
        // On the port there may be somebody else, and ours about to end for that.
        await pause(pollMs);
        if (this.#child !== null) return;
      }
      await pause(pollMs);
    }
    await this.kill();
    throw new Error(`nats-server did not start:\n${this.#log.slice(-4000)}`);
  }
}

/** Does the port speak as a NATS server does? */
function greets(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.setTimeout(1000, () => socket.destroy());
    socket.once('data', (text: Buffer) => {
      done(text.toString().startsWith('INFO '));
      socket.destroy();
    });
    socket.once('error', () => {});
    socket.once('close', () => done(false));
  });
}

function findNatsServer(): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder === '') continue;
    try {
      const path = join(folder, 'nats-server');
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}
