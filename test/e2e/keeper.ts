/**
 * One natskeeper as a real process on a folder that outlives it: started, killed and stopped as an
 * operator or a power cut would, with its exit code and what it said kept apart. ZooProcess of
 * test/support serves tests that only need a server; this one serves those that break it.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { treeTop } from '../support/tidy-source.ts';
import { fourLetterWord, pause } from '../support/zoo-process.ts';

/** Another build than dist/, for work on these tests. */
const build = process.env['NATSKEEPER_BUILD'] ?? join(treeTop, 'dist');
const program = join(build, 'cli/main.js');
const startMsMax = 30_000;
const endMsMax = 15_000;
const pollMs = 10;

export const whyNoKeeper: string | null = existsSync(program)
  ? null
  : `${program} is missing: run npm run build`;

/** Why a small disk cannot be made here; null when it can. */
export const whyNoTmpfs: string | null =
  process.platform === 'linux' && process.getuid?.() === 0
    ? null
    : 'mounting a tmpfs needs root on Linux';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface KeeperOptions {
  readonly dataDir?: string;
  readonly dataLogDir?: string;
  /** More lines of zoo.cfg. */
  readonly config?: readonly string[];
}

export class Keeper {
  readonly folder: string;
  readonly port: number;
  readonly dataDir: string;
  readonly dataLogDir: string;
  readonly #configFile: string;
  #child: ChildProcess | null = null;
  #ended: Promise<Ending> = Promise.resolve({ code: null, signal: null });
  /** What the present or last process wrote. */
  stdout = '';
  stderr = '';

  private constructor(port: number, options: KeeperOptions) {
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'natskeeper-e2e-'));
    this.dataDir = options.dataDir ?? join(this.folder, 'data');
    this.dataLogDir = options.dataLogDir ?? this.dataDir;
    mkdirSync(this.dataDir, { recursive: true });
    this.#configFile = join(this.folder, 'zoo.cfg');
    const lines = [
      'tickTime=2000',
      `dataDir=${this.dataDir}`,
      `dataLogDir=${this.dataLogDir}`,
      `clientPort=${port}`,
      'maxClientCnxns=0',
      'admin.enableServer=false',
      '4lw.commands.whitelist=*',
      ...(options.config ?? []),
    ];
    writeFileSync(this.#configFile, `${lines.join('\n')}\n`);
  }

  /** Makes the folder and the configuration; nothing runs yet. */
  static async make(options: KeeperOptions = {}): Promise<Keeper> {
    return new Keeper(await freePort(), options);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Resolves when the process is gone. */
  get ended(): Promise<Ending> {
    return this.#ended;
  }

  /** Starts the process; `settings` go over its zoo.cfg. Does not wait. */
  spawn(settings: readonly string[] = []): void {
    const args = [program, 'server', '--config', this.#configFile];
    const overrides = settings.map((setting) => `-D${setting}`);
    const child = spawn(process.execPath, [...args, ...overrides], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    this.stdout = '';
    this.stderr = '';
    child.stdout?.on('data', (text: Buffer) => {
      this.stdout = (this.stdout + text).slice(-200_000);
    });
    child.stderr?.on('data', (text: Buffer) => {
      this.stderr = (this.stderr + text).slice(-200_000);
    });
    const killWithUs = (): unknown => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.#ended = new Promise((done) => {
      // 'close' comes after the last output, 'exit' may come before it.
      child.once('close', (code, signal) => {
        process.off('exit', killWithUs);
        if (this.#child === child) this.#child = null;
        done({ code, signal });
      });
    });
  }

  /** Starts the process and waits until it serves; resolves to how long that took, ms. */
  async start(settings: readonly string[] = []): Promise<number> {
    const startedMs = performance.now();
    this.spawn(settings);
    await this.serving();
    return performance.now() - startedMs;
  }

  async serving(): Promise<void> {
    const deadline = Date.now() + startMsMax;
    while (this.#child !== null && Date.now() < deadline) {
      const answer = await fourLetterWord(this.port, 'srvr').catch(() => '');
      if (answer.includes('Mode:')) return;
      await pause(pollMs);
    }
    await this.kill();
    throw new Error(`natskeeper did not start:\n${this.stderr}${this.stdout.slice(-4000)}`);
  }

  /** Starts a process that is expected to refuse; resolves to its ending. */
  async refusal(settings: readonly string[] = []): Promise<Ending> {
    this.spawn(settings);
    return this.#within('refuse to start');
  }

  /** SIGTERM; resolves to how the process ended. */
  stop(): Promise<Ending> {
    this.#child?.kill('SIGTERM');
    return this.#within('stop');
  }

  /** SIGKILL; resolves when the process is gone. */
  async kill(): Promise<Ending> {
    this.#child?.kill('SIGKILL');
    return this.#ended;
  }

  async #within(what: string): Promise<Ending> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((done) => {
      timer = setTimeout(() => done('late'), endMsMax);
    });
    const first = await Promise.race([this.#ended, late]);
    clearTimeout(timer);
    if (first !== 'late') return first;
    await this.kill();
    throw new Error(`natskeeper did not ${what} in ${endMsMax} ms:\n${this.stdout.slice(-4000)}`);
  }

  word(word: string): Promise<string> {
    return fourLetterWord(this.port, word);
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
