/**
 * An ensemble of real processes: replicas on free ports and the bus between them, a nats-server of
 * ours or those that the replicas bring along. Killed, paused, restarted and wiped by number, and
 * ended by the pids that it has started; what is left over at the end is an error.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../support/free-port.ts';
import { NatsServer, natsServerPath, natsSkipReason } from '../support/nats-server.ts';
import { fourLetterWord, pause } from '../support/zoo-process.ts';
import { type Ending, Keeper, whyNoKeeper } from './keeper.ts';

export const whyNoEnsemble: string | null =
  whyNoKeeper ?? (natsServerPath === null ? natsSkipReason : null);

export interface EnsembleOptions {
  readonly voters?: number;
  readonly observers?: number;
  /** No bus is given: each replica runs a nats-server of its own. */
  readonly bringsBus?: boolean;
  /** More lines of every zoo.cfg. */
  readonly config?: readonly string[];
}

const pollMs = 15;
const serveMsMax = 40_000;
const goneMsMax = 10_000;
const logCharsMax = 2_000_000;
let made = 0;

export class Ensemble {
  readonly name = `e2e-${process.pid}-${++made}`;
  readonly folder = mkdtempSync(join(tmpdir(), 'natskeeper-ensemble-'));
  readonly bus: NatsServer | null;
  readonly voters: number;
  readonly #config: readonly string[];
  readonly #keepers: Keeper[] = [];
  readonly #isPaused = new Set<number>();
  /** What earlier processes of each replica said. */
  readonly #said: string[] = [];
  readonly #pids = new Set<number>();

  private constructor(bus: NatsServer | null, voters: number, config: readonly string[]) {
    this.bus = bus;
    this.voters = voters;
    this.#config = config;
  }

  /** Starts all, and waits until all serve. */
  static async start(options: EnsembleOptions = {}): Promise<Ensemble> {
    const { voters = 3, observers = 0, bringsBus = false, config = [] } = options;
    const bus = bringsBus ? null : await NatsServer.start();
    const ports: number[] = [];
    for (let count = 0; count < 2 * (voters + observers); count++) ports.push(await freePort());
    const servers = Array.from({ length: voters + observers }, (_, at) => {
      const role = at < voters ? 'participant' : 'observer';
      return `server.${at + 1}=127.0.0.1:${ports[2 * at]}:${ports[2 * at + 1]}:${role}`;
    });
    const lines = ['initLimit=10', 'syncLimit=5', ...servers, ...config];
    if (bus !== null) lines.push(`natsUrl=${bus.url}`);
    const ensemble = new Ensemble(bus, voters, lines);
    try {
      for (let sid = 1; sid <= voters + observers; sid++) {
        ensemble.#keepers.push(await ensemble.makeKeeper(sid));
        ensemble.#said.push('');
        ensemble.spawn(sid);
      }
      await ensemble.serving();
      return ensemble;
    } catch (failure) {
      await ensemble.remove();
      throw failure;
    }
  }

  /** A process that goes by that sid, with data of its own; nothing runs yet. */
  async makeKeeper(sid: number): Promise<Keeper> {
    const dataDir = mkdtempSync(join(this.folder, `data-${sid}-`));
    writeFileSync(join(dataDir, 'myid'), `${sid}\n`);
    const level = process.env['E2E_LOG'] ?? 'info';
    const config = [...this.#config, `ensemble=${this.name}`, `logLevel=${level}`];
    return Keeper.make({ dataDir, config });
  }

  get sids(): number[] {
    return this.#keepers.map((_, at) => at + 1);
  }

  keeper(sid: number): Keeper {
    return this.#keepers[sid - 1]!;
  }

  isUp(sid: number): boolean {
    return this.keeper(sid).pid !== null && !this.#isPaused.has(sid);
  }

  /** Of all, beginning with that one: clients that keep the order spread over them. */
  addressesFrom(sid: number): string {
    const all = this.#keepers.map(({ address }) => address);
    return [...all.slice(sid - 1), ...all.slice(0, sid - 1)].join(',');
  }

  /** Everything that a replica has said since its first start. */
  log(sid: number): string {
    return this.#said[sid - 1]! + this.keeper(sid).stdout + this.keeper(sid).stderr;
  }

  spawn(sid: number): void {
    const keeper = this.keeper(sid);
    this.#said[sid - 1] = this.log(sid).slice(-logCharsMax);
    keeper.spawn();
    this.#pids.add(keeper.pid!);
  }

  async kill(...sids: number[]): Promise<void> {
    await Promise.all(sids.map((sid) => this.keeper(sid).kill()));
    for (const sid of sids) this.#isPaused.delete(sid);
  }

  stop(sid: number): Promise<Ending> {
    return this.keeper(sid).stop();
  }

  /** SIGSTOP: its sockets stay open, and nobody answers. */
  pause(sid: number): void {
    process.kill(this.keeper(sid).pid!, 'SIGSTOP');
    this.#isPaused.add(sid);
  }

  resume(sid: number): void {
    process.kill(this.keeper(sid).pid!, 'SIGCONT');
    this.#isPaused.delete(sid);
  }

  /** The data of a replica that is not running go; its id stays. */
  wipe(sid: number): void {
    const { dataDir } = this.keeper(sid);
    rmSync(dataDir, { recursive: true, force: true });
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'myid'), `${sid}\n`);
  }

  /** What it says it is; null while it serves nobody. */
  async mode(sid: number): Promise<string | null> {
    if (!this.isUp(sid)) return null;
    const answer = await this.keeper(sid)
      .word('srvr')
      .catch(() => '');
    return /^Mode: (.*)$/m.exec(answer)?.[1] ?? null;
  }

  /** Waits until one of those that run leads, and serves; resolves to its sid. */
  async leader(): Promise<number> {
    return this.#until('nobody leads', async () => {
      for (const sid of this.sids) if ((await this.mode(sid)) === 'leader') return sid;
      return null;
    });
  }

  /** Those that follow or observe. */
  async learners(): Promise<number[]> {
    const leader = await this.leader();
    return this.sids.filter((sid) => sid !== leader);
  }

  async followers(): Promise<number[]> {
    return (await this.learners()).filter((sid) => sid <= this.voters);
  }

  /** Waits until all that run serve, one of them as leader. */
  async serving(): Promise<void> {
    await this.#until('not all serve', async () => {
      const modes = await Promise.all(this.sids.map((sid) => this.mode(sid)));
      const isServing = this.sids.every((sid) => !this.isUp(sid) || modes[sid - 1] !== null);
      return isServing && modes.filter((mode) => mode === 'leader').length === 1 ? true : null;
    });
  }

  async #until<T>(otherwise: string, look: () => Promise<T | null>): Promise<T> {
    const deadline = performance.now() + serveMsMax;
    while (performance.now() < deadline) {
      for (const sid of this.sids) this.#checkAlive(sid);
      const found = await look();
      if (found !== null) return found;
      await pause(pollMs);
    }
    const modes = await Promise.all(this.sids.map((sid) => this.mode(sid)));
    throw new Error(`${otherwise} after ${serveMsMax} ms: ${modes.join(', ')}`);
  }

  /** A replica that ended by itself explains all that comes after. */
  #checkAlive(sid: number): void {
    const { stdout, stderr, pid } = this.keeper(sid);
    const isEnded = pid === null && stderr !== '';
    if (isEnded) throw new Error(`replica ${sid} has ended:\n${stdout.slice(-2000)}${stderr}`);
  }

  /** Digest by zxid, as the replica has noted them. */
  async digests(sid: number): Promise<Map<string, string>> {
    const text = await fourLetterWord(this.keeper(sid).port, 'hash');
    const lines = text
      .trim()
      .split('\n')
      .filter((line) => line.includes(': '));
    return new Map(lines.map((line) => line.split(': ') as [string, string]));
  }

  /** Where the logs of all are, for whoever has to find out what happened. */
  evidence(): string {
    const folder = mkdtempSync(join(tmpdir(), 'natskeeper-evidence-'));
    for (const sid of this.sids) writeFileSync(join(folder, `${sid}.log`), this.log(sid));
    if (this.bus !== null) writeFileSync(join(folder, 'bus.log'), this.bus.log);
    return folder;
  }

  /**
   * Ends all.
   * @throws Error when a process that was started here, or a bus of one, is still there
   */
  async remove(): Promise<void> {
    for (const sid of this.#isPaused) this.resume(sid);
    await this.kill(...this.sids);
    const buses = this.sids.flatMap((sid) => busPids(this.log(sid)));
    await this.bus?.remove();
    for (const keeper of this.#keepers) await keeper.remove();
    rmSync(this.folder, { recursive: true, force: true });
    const deadline = performance.now() + goneMsMax;
    let left = [...this.#pids, ...buses].filter(isRunning);
    while (left.length > 0 && performance.now() < deadline) {
      await pause(pollMs);
      left = left.filter(isRunning);
    }
    if (left.length > 0) throw new Error(`processes were left over: ${left.join(', ')}`);
  }
}

/** Of nats-servers that a replica has started for itself. */
function busPids(log: string): number[] {
  const lines = log.split('\n').filter((line) => /own bus is up|server is up again/.test(line));
  return lines.flatMap((line) =>
    [...line.matchAll(/"pid":(\d+)/g)].map((match) => Number(match[1])),
  );
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
