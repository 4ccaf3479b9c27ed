/**
 * One replica of the demo ensemble: its folder with zoo.cfg and myid, its log file, and its
 * process, which can be killed, paused and started again. The terminal stays quiet: it shows what
 * the replica writes to stderr and what it warns of, a few lines at a time; all of it is in the
 * file.
 */

import {
  appendFileSync,
  existsSync,
  mkdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { DemoProcessState } from '../protocol/demo.ts';
import { type Exit, type GuardedProcess, startGuarded } from './guarded-process.ts';
import { replicaCommand } from './replica-command.ts';

export const demoEnsembleName = 'demo';
const logBytesMax = 16 * 1024 * 1024;
/** Lines shown in each showMs; the file has them all. */
const shownMax = 5;
const showMs = 10_000;
/** From pino's level of a warning on. */
const warnLevel = 40;

export interface DemoReplicaOptions {
  readonly sid: number;
  /** The client port of replica 1; the others follow. */
  readonly port: number;
  readonly replicas: number;
  readonly data: string;
  readonly natsUrl: string;
  /** The compiled cli/main.ts. */
  readonly main: string;
  readonly say: (line: string) => void;
  /** Each time that its process has ended. */
  readonly onExit: (replica: DemoReplica, exit: Exit) => void;
}

export class DemoReplica {
  readonly sid: number;
  readonly port: number;
  readonly logFile: string;
  readonly #options: DemoReplicaOptions;
  readonly #config: string;
  #child: GuardedProcess | null = null;
  #exited: Promise<Exit | null> = Promise.resolve(null);
  #isPaused = false;
  #isRetired = false;
  /** What it said last that it is; null while it says nothing. */
  #mode: string | null = null;
  #hasAnswered = false;
  #isQuiet = false;
  #shown = 0;
  #shownFrom = 0;

  /** Writes its files; nothing runs yet. */
  constructor(options: DemoReplicaOptions) {
    this.#options = options;
    this.sid = options.sid;
    this.port = options.port + options.sid - 1;
    const folder = join(options.data, `replica-${options.sid}`);
    mkdirSync(folder, { recursive: true });
    this.logFile = join(folder, 'replica.log');
    this.#config = join(folder, 'zoo.cfg');
    writeFileSync(this.#config, demoZooCfg(options, folder));
    writeFileSync(join(folder, 'myid'), `${options.sid}\n`);
  }

  /** Starts its process, if none runs and it is not retired. */
  start(): void {
    if (this.#child !== null || this.#isRetired) return;
    keepLogSmall(this.logFile);
    const { main } = this.#options;
    const command = replicaCommand(main, ['--config', this.#config]);
    const child = startGuarded(command, { onLine: (line, from) => this.#take(line, from) });
    this.#child = child;
    this.#isQuiet = false;
    this.#exited = child.exited.then((exit) => {
      this.#child = null;
      this.#isPaused = false;
      this.heard(null);
      this.#hasAnswered = false;
      this.#options.onExit(this, exit);
      return exit;
    });
  }

  /** Of the process that was started last; null when there was none. */
  get exited(): Promise<Exit | null> {
    return this.#exited;
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get isAlive(): boolean {
    return this.#child !== null;
  }

  /** `starting` until it has answered for the first time. */
  get state(): DemoProcessState {
    if (this.#child === null) return 'dead';
    if (this.#isPaused) return 'paused';
    return this.#hasAnswered ? 'running' : 'starting';
  }

  get mode(): string | null {
    return this.#mode;
  }

  /** What it has said, when it was asked what it is. */
  heard(mode: string | null): void {
    this.#mode = mode;
    if (mode !== null) this.#hasAnswered = true;
  }

  /** It warns no more on the terminal: its end is wanted. A paused one goes on to hear of it. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#isQuiet = true;
    if (signal === 'SIGTERM') this.resume();
    this.#child?.kill(signal);
  }

  /** It is never started again, whatever is under way. */
  retire(): void {
    this.#isRetired = true;
  }

  /** Its sockets stay open, and nobody answers. */
  pause(): void {
    if (this.#child === null) return;
    this.#isPaused = true;
    this.heard(null);
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#child?.kill('SIGCONT');
  }

  #take(line: string, stream: 'stdout' | 'stderr'): void {
    appendFileSync(this.logFile, `${line}\n`);
    const text = stream === 'stderr' ? line : this.#isQuiet ? null : warningOf(line);
    if (text === null || text === '') return;
    const now = Date.now();
    if (now - this.#shownFrom >= showMs) {
      this.#shownFrom = now;
      this.#shown = 0;
    }
    this.#shown += 1;
    if (this.#shown <= shownMax) this.#options.say(`replica ${this.sid}: ${text}`);
    else if (this.#shown === shownMax + 1) {
      this.#options.say(`replica ${this.sid}: … more in its log`);
    }
  }
}

/** As a user would write it for three machines, but for the ports. */
export function demoZooCfg(
  {
    sid,
    port,
    replicas,
    natsUrl,
  }: Pick<DemoReplicaOptions, 'sid' | 'port' | 'replicas' | 'natsUrl'>,
  folder: string,
): string {
  const sids = Array.from({ length: replicas }, (_, at) => at + 1);
  const lines = [
    '# Written by `npm start` each time: changes are lost. Copy it to make it your own.',
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    `dataDir=${folder.replaceAll('\\', '\\\\')}`,
    `clientPort=${port + sid - 1}`,
    '4lw.commands.whitelist=*',
    // On one machine they would all want port 8080.
    'admin.enableServer=false',
    `ensemble=${demoEnsembleName}`,
    `natsUrl=${natsUrl}`,
    ...(replicas === 1 ? ['standaloneEnabled=false'] : []),
    // The replicas meet on the bus: nobody listens on the first two ports of a line.
    ...sids.map((s) => `server.${s}=127.0.0.1:${2887 + s}:${3887 + s};${port + s - 1}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The sentence of a log line that warns, with its fields; null for any other. */
function warningOf(line: string): string | null {
  if (!line.startsWith('{')) return null;
  try {
    const { level, msg, time: _, sid: __, role: ___, ...fields } = JSON.parse(line);
    if (typeof level !== 'number' || level < warnLevel) return null;
    const more = Object.entries(fields).map(([key, value]) => `${key}=${value}`);
    return [msg, ...more].join(' ');
  } catch {
    return null;
  }
}

function keepLogSmall(file: string): void {
  if (existsSync(file) && statSync(file).size > logBytesMax) renameSync(file, `${file}.1`);
}
