/**
 * One nats-server that runs as our child, from a folder of its own with its configuration (mode
 * 0600) and its pid. Its ports are checked before it starts; one that an earlier natskeeper left
 * behind there is ended first. When it ends by itself it is started again, sooner at first, then
 * every few seconds, for as long as we live; it never outlives us (guarded-process.ts).
 */

import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import type { Notes } from '../actors/note.ts';
import type { HostPort } from '../protocol/server-spec.ts';
import { ConfigError } from './config-error.ts';
import { describeExit, type Exit, type GuardedProcess, startGuarded } from './guarded-process.ts';
import { type NatsConfig, natsConfigText } from './nats-config.ts';
import { NatsLog } from './nats-log.ts';
import {
  argumentsOf,
  describeHolder,
  isAlive,
  parentOf,
  portHolder,
  whyNotListen,
} from './port-holder.ts';

const startMsMax = 10_000;
const stopMsMax = 3_000;
const portMsMax = 1_000;
const pollMs = 20;
/** Pauses before a restart: doubled from the first to the last; a calm brings back the first. */
const restartMsMin = 50;
const restartMsMax = 5_000;
const calmMs = 10_000;

export interface NatsLaunch {
  /** The path of nats-server. */
  readonly program: string;
  readonly folder: string;
  readonly config: NatsConfig;
  readonly notes: Notes;
}

export class NatsProcess {
  /** Resolves when it has ended for good, which only stop() brings about. */
  readonly exited: Promise<Exit>;
  /** What the server says of its version. */
  version = '';
  readonly #launch: NatsLaunch;
  readonly #log: NatsLog;
  readonly #configFile: string;
  readonly #pidFile: string;
  readonly #ownerFile: string;
  #config: NatsConfig;
  #child: GuardedProcess | null = null;
  #startedAt = 0;
  #restartMs = restartMsMin;
  #restartTimer: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | null = null;
  /** Down because it was asked for: it is not started again by itself. */
  #isHeldDown = false;
  #isPaused = false;
  #resolveExited: (exit: Exit) => void = () => {};

  private constructor(launch: NatsLaunch) {
    const folder = resolve(launch.folder);
    this.#launch = launch;
    this.#config = launch.config;
    this.#log = new NatsLog(launch.notes);
    this.#configFile = join(folder, 'nats.conf');
    this.#pidFile = join(folder, 'nats.pid');
    this.#ownerFile = join(folder, 'owner.pid');
    this.exited = new Promise((done) => {
      this.#resolveExited = done;
    });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
  }

  /**
   * Resolves when the server answers.
   * @throws ConfigError when a port is taken or the server ends instead
   */
  static async start(launch: NatsLaunch): Promise<NatsProcess> {
    const bus = new NatsProcess(launch);
    for (const pid of bus.#leftBehind()) await bus.#end(pid);
    await bus.#checkPorts();
    writeFileSync(bus.#ownerFile, `${process.pid}\n`);
    bus.#writeConfig();
    const child = bus.#spawn();
    if (!(await bus.#answers(child))) {
      child.kill('SIGKILL');
      const exit = describeExit(await child.exited);
      const said = bus.#log.lastLines.map((line) => `\n  ${line}`).join('');
      throw new ConfigError(
        `${launch.program} -c ${bus.#configFile}: did not start: ${exit}${said}`,
      );
    }
    void child.exited.then((exit) => bus.#ended(exit));
    return bus;
  }

  /** The server's pid; null while it is being started again. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get port(): number {
    return this.#config.client.port;
  }

  /**
   * Writes another configuration for the next start of the server; it must listen as before. The
   * running one is not asked to reload: releases before 2.9.17 may lose subscriptions of other
   * servers in a reload, which leaves their replicas unheard (nats-server pull request 4130).
   */
  rewrite(config: NatsConfig): void {
    this.#config = config;
    this.#writeConfig();
  }

  /** For the failure playground: `dead` is what holdDown brought about. */
  get state(): 'running' | 'paused' | 'dead' | 'starting' {
    if (this.#child === null) return this.#isHeldDown ? 'dead' : 'starting';
    return this.#isPaused ? 'paused' : 'running';
  }

  /** Kills the server (SIGKILL), which stays down until `again`. */
  async holdDown(): Promise<void> {
    this.#isHeldDown = true;
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    child?.kill('SIGKILL');
    await child?.exited;
  }

  /** Starts a server that is held down; resolves when it answers, to false if it does not. */
  async again(): Promise<boolean> {
    this.#isHeldDown = false;
    if (this.#stopped !== null) return false;
    return this.#child === null ? this.#restart() : true;
  }

  /** Its connections stay open, and nothing passes. */
  pause(): void {
    this.#isPaused = this.#child !== null;
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#isPaused = false;
    this.#child?.kill('SIGCONT');
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#restartTimer);
    const child = this.#child;
    if (child === null) this.#resolveExited({ code: null, signal: null, problem: 'was down' });
    this.resume();
    child?.kill('SIGTERM');
    const timer = setTimeout(() => child?.kill('SIGKILL'), stopMsMax);
    await this.exited;
    clearTimeout(timer);
    for (const file of [this.#pidFile, this.#ownerFile]) rmSync(file, { force: true });
  }

  #spawn(): GuardedProcess {
    const { program } = this.#launch;
    const child = startGuarded([program, '-c', this.#configFile], {
      onLine: (line) => this.#log.take(line),
    });
    this.#child = child;
    this.#startedAt = Date.now();
    return child;
  }

  #ended(exit: Exit): void {
    this.#child = null;
    this.#isPaused = false;
    if (this.#stopped !== null) return this.#resolveExited(exit);
    if (this.#isHeldDown) return;
    if (Date.now() - this.#startedAt >= calmMs) this.#restartMs = restartMsMin;
    const inMs = this.#restartMs;
    this.#restartMs = Math.min(2 * inMs, restartMsMax);
    const fields = { exit: describeExit(exit), inMs };
    this.#launch.notes.warn('nats-server ended by itself and is started again', fields);
    this.#restartTimer = setTimeout(() => void this.#restart(), inMs);
  }

  async #restart(): Promise<boolean> {
    const child = this.#spawn();
    void child.exited.then((exit) => this.#ended(exit));
    const isUp = await this.#answers(child);
    if (isUp) this.#launch.notes.info('nats-server is up again', { pid: child.pid });
    return isUp;
  }

  /** Waits for the greeting of this very server; false when it ends or takes too long. */
  async #answers(child: GuardedProcess): Promise<boolean> {
    let isOver = false;
    void child.exited.then(() => {
      isOver = true;
    });
    const deadline = Date.now() + startMsMax;
    while (!isOver && Date.now() < deadline) {
      const info = await readInfo(this.#config.client);
      if (info !== null && info.server_name === this.#config.serverName) {
        this.version = info.version ?? '';
        return !isOver;
      }
      await new Promise((done) => setTimeout(done, pollMs));
    }
    return false;
  }

  /** Written anew under another name first: the server never reads half a file. */
  #writeConfig(): void {
    const fresh = `${this.#configFile}.new`;
    rmSync(fresh, { force: true });
    writeFileSync(fresh, natsConfigText(this.#config, this.#pidFile), { mode: 0o600 });
    renameSync(fresh, this.#configFile);
  }

  // ---- what an earlier natskeeper left behind ---------------------------------------------------

  #listeners(): HostPort[] {
    const { client, cluster } = this.#config;
    return cluster === null ? [client] : [client, cluster.listen];
  }

  /**
   * Servers that run from our configuration file, by the pid file and by our ports.
   * @throws ConfigError when the one who started it is alive: then it is not left behind
   */
  #leftBehind(): Set<number> {
    const suspects = [
      readPid(this.#pidFile),
      ...this.#listeners().map(({ port }) => portHolder(port)),
    ];
    const isOurs = (pid: number | null): pid is number =>
      pid !== null && argumentsOf(pid)?.join(' ').endsWith(` -c ${this.#configFile}`) === true;
    const pids = new Set(suspects.filter(isOurs));
    const owner = readPid(this.#ownerFile);
    for (const pid of pids) {
      if (owner === null || parentOf(pid) !== owner) continue;
      const valid = 'another dataDir, or end that process first';
      throw new ConfigError(
        `${this.#launch.folder}: pid ${owner} runs its bus here; valid: ${valid}`,
      );
    }
    return pids;
  }

  async #end(pid: number): Promise<void> {
    this.#launch.notes.warn('a nats-server that an earlier process left behind is ended', { pid });
    try {
      process.kill(pid, 'SIGKILL');
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ESRCH') return;
      throw new ConfigError(`nats-server (pid ${pid}) of an earlier natskeeper: ${message}`);
    }
    const deadline = Date.now() + startMsMax;
    while (isAlive(pid) && Date.now() < deadline) {
      await new Promise((done) => setTimeout(done, pollMs));
    }
  }

  async #checkPorts(): Promise<void> {
    const uses = ['for the replicas of this machine', 'for the other servers of the bus'];
    for (const [at, listener] of this.#listeners().entries()) {
      const problem = await whyNotListenForLong(listener);
      if (problem === null) continue;
      const reason =
        problem === 'EADDRINUSE' ? `in use by ${describeHolder(listener.port)}` : problem;
      const place = `port ${listener.port} on ${listener.host}`;
      const valid = 'a free port in the server.N line, or end that program';
      throw new ConfigError(`${place} (${uses[at]}): ${reason}; valid: ${valid}`);
    }
  }
}

/** A server that was killed a moment ago holds its port until its last thread has ended. */
async function whyNotListenForLong(listener: HostPort): Promise<string | null> {
  const deadline = Date.now() + portMsMax;
  for (;;) {
    const problem = await whyNotListen(listener);
    if (problem !== 'EADDRINUSE' || Date.now() >= deadline) return problem;
    await new Promise((done) => setTimeout(done, pollMs));
  }
}

function readPid(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, 'utf8').trim());
    return Number.isInteger(pid) && pid > 1 ? pid : null;
  } catch {
    return null;
  }
}

interface Info {
  readonly server_name?: string;
  readonly version?: string;
}

/** The first line that a server sends to whoever connects; null when nobody sends one. */
function readInfo({ host, port }: HostPort): Promise<Info | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port });
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (part) => {
      text += part.toString();
      if (text.includes('\r\n') || text.length > 65536) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(parseInfo(text)));
  });
}

function parseInfo(text: string): Info | null {
  const json = /^INFO (\{.*\})\s*\r\n/.exec(text)?.[1];
  if (json === undefined) return null;
  try {
    return JSON.parse(json);
  } catch {
    return null;
  }
}
