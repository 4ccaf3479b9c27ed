/**
 * One server process under test, ours or Apache's: started from a zoo.cfg in a folder of its own on
 * a port chosen at run time, awaited by its four-letter words, ended by its pid. Real time passes
 * here, for a real process is waited for.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.ts';

const startMsMax = 45_000;
const stopMsMax = 10_000;
const pollMs = 50;
const logCharsMax = 200_000;

export interface Launch {
  readonly command: string;
  /** Arguments; the zoo.cfg's path is appended. */
  readonly args: readonly string[];
  /** More lines of zoo.cfg. */
  readonly config?: readonly string[];
  readonly env?: { readonly [name: string]: string };
}

export class ZooProcess {
  readonly port: number;
  readonly folder: string;
  readonly dataDir: string;
  readonly #launch: Launch;
  readonly #configFile: string;
  #child: ChildProcess | null = null;
  #exit: Promise<number | null> = Promise.resolve(null);
  #log = '';

  private constructor(launch: Launch, port: number) {
    this.#launch = launch;
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'natskeeper-zoo-'));
    this.dataDir = join(this.folder, 'data');
    mkdirSync(this.dataDir);
    this.#configFile = join(this.folder, 'zoo.cfg');
    const lines = [
      'tickTime=2000',
      `dataDir=${this.dataDir}`,
      `clientPort=${port}`,
      'maxClientCnxns=0',
      'admin.enableServer=false',
      '4lw.commands.whitelist=*',
      ...(launch.config ?? []),
    ];
    writeFileSync(this.#configFile, `${lines.join('\n')}\n`);
  }

  /** Starts a server and waits until it serves. */
  static async start(launch: Launch): Promise<ZooProcess> {
    const server = new ZooProcess(launch, await freePort());
    await server.restart();
    return server;
  }

  /** What the process has written so far, its end only when that is very long. */
  get log(): string {
    return this.#log;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Starts the process again on the same port and data. */
  async restart(): Promise<void> {
    const { command, args, env } = this.#launch;
    const child = spawn(command, [...args, this.#configFile], {
      cwd: this.folder,
      env: { ...process.env, ...env },
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
        done(-1);
      });
      child.once('exit', (code) => done(code));
    });
    this.#exit.then(() => {
      process.off('exit', killWithUs);
      if (this.#child === child) this.#child = null;
    });
    await this.#serving();
  }

  /** SIGTERM, and SIGKILL when that is ignored; returns the exit code. The data stay. */
  async stop(): Promise<number | null> {
    const child = this.#child;
    if (child === null) return this.#exit;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
    const code = await this.#exit;
    clearTimeout(timer);
    return code;
  }

  /** SIGKILL: the process gets no chance to tidy up. The data stay. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  /** Resolves to the exit code when the process ends by itself. */
  get exited(): Promise<number | null> {
    return this.#exit;
  }

  /** Stops the process and removes its folder. */
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #serving(): Promise<void> {
    const deadline = Date.now() + startMsMax;
    while (Date.now() < deadline) {
      if (this.#child === null) break;
      const answer = await fourLetterWord(this.port, 'srvr').catch(() => '');
      if (answer.includes('Mode:')) return;
      await pause(pollMs);
    }
    await this.kill();
    throw new Error(`the server did not start:\n${this.#log.slice(-4000)}`);
  }
}

/** Sends a four-letter word; resolves to all that comes back before the server closes. */
export function fourLetterWord(port: number, word: string): Promise<string> {
  return new Promise((done, failed) => {
    const parts: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.setTimeout(5000, () => socket.destroy(new Error(`no answer to ${word}`)));
    socket.on('data', (part: Buffer) => parts.push(part));
    socket.once('error', failed);
    socket.once('close', () => done(Buffer.concat(parts).toString()));
  });
}

export function pause(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}
