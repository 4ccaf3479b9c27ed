/**
 * `npm start`: a whole ensemble on one machine, to look at and to break. One nats-server on a free
 * loopback port, replicas that are processes of their own, each as its zoo.cfg describes it, and
 * the console, served by this process so that it outlives what is broken. A replica that dies is
 * not started again: that is for whoever killed it to watch, and to mend in the console. Without
 * anything that could be mended the demo ends. Nothing outlives it (guarded-process.ts); the data
 * stay.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Notes } from '../actors/note.ts';
import type { RunningConsole } from '../console/server/console-server.ts';
import { startDemoConsole } from './demo-console.ts';
import { DemoEnsemble } from './demo-ensemble.ts';
import { DemoPlayground } from './demo-playground.ts';
import type { DemoReplica } from './demo-replica.ts';
import { leaderOf, listed, type Modes } from './demo-status.ts';
import { describeExit, type Exit } from './guarded-process.ts';
import { NatsProcess } from './nats-process.ts';
import { argumentsOf, freeLoopbackPort, parentOf } from './port-holder.ts';

const loopback = '127.0.0.1';
const startPollMs = 100;
const pollMs = 500;
/** While there is load, or the playground is looked at. */
const watchedPollMs = 150;
const idleMsUsual = 60_000;
/** How long the first report waits for replicas that are behind. */
const fullMsMax = 5_000;
const patienceMs = 30_000;
const stopMsMax = 15_000;
/** One Ctrl-C may arrive twice, from the terminal and from npm. */
const sameSignalMs = 1_000;

const exitStopped = 0;
const exitNoQuorum = 1;
const exitKilled = 130;

export interface DemoOptions {
  /** Client port of replica 1; the others follow. */
  readonly port: number;
  readonly replicas: number;
  readonly data: string;
  /** The path of nats-server. */
  readonly program: string;
  /** The compiled cli/main.ts. */
  readonly main: string;
  /** A path as the user would write it. */
  readonly shown: (path: string) => string;
  /** Of the console; null: the usual one, or a free one. */
  readonly consolePort: number | null;
  /** With all replicas dead and nobody at the console it ends after this time. */
  readonly idleMs?: number;
}

/** Runs until it is stopped by a signal or nothing is left of it; resolves to the exit code. */
export async function runDemo(options: DemoOptions): Promise<number> {
  // A terminal that was closed must not end us before the replicas are stopped.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const { data, shown } = options;
  mkdirSync(data, { recursive: true });
  if (existsSync(join(data, 'zoo.cfg'))) {
    say(`${shown(data)} also holds the data of one standalone replica: they stay as they are`);
    say('  (npm run standalone serves them; the demo keeps its own in replica-N beside them)');
  }
  const bus = await NatsProcess.start({
    program: options.program,
    folder: join(data, 'bus'),
    config: {
      serverName: 'demo',
      client: { host: loopback, port: await freeLoopbackPort() },
      users: null,
      cluster: null,
    },
    notes: busNotes,
  });
  say(`a demo ensemble of ${options.replicas}, data in ${shown(data)}`);
  say(`  logs in ${shown(join(data, 'replica-N/replica.log'))}; bus: nats-server ${bus.version}`);
  const ensemble = await DemoEnsemble.start({ ...options, bus, say });
  return new Demo(options, ensemble).run();
}

class Demo {
  readonly #options: DemoOptions;
  readonly #ensemble: DemoEnsemble;
  readonly #playground: DemoPlayground;
  readonly #startedAt = Date.now();
  readonly #npm = npmAbove();
  #console: RunningConsole | null = null;
  #stopAt: number | null = null;
  #isKilled = false;
  #leader: number | null = null;
  #modes: Modes = new Map();
  #hasServed = false;
  #hasComplained = false;
  /** Since when no replica is alive. */
  #deadSinceMs: number | null = null;
  #end: (code: number) => void = () => {};

  constructor(options: DemoOptions, ensemble: DemoEnsemble) {
    this.#options = options;
    this.#ensemble = ensemble;
    this.#playground = new DemoPlayground(ensemble, steadyNow);
  }

  async run(): Promise<number> {
    const ended = new Promise<number>((resolve) => {
      this.#end = resolve;
    });
    // Never taken off again: one that comes late must not end us in another way.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#signalled());
    }
    this.#ensemble.onExit = (replica, exit) => this.#died(replica, exit);
    void this.#watch();
    return ended;
  }

  // ---- the end ----------------------------------------------------------------------------------

  #signalled(): void {
    if (this.#stopAt === null) {
      say('stopping');
      void this.#stop(exitStopped);
    } else if (!this.#isKilled && Date.now() - this.#stopAt >= sameSignalMs) {
      this.#isKilled = true;
      say('killed: the next start recovers what was acknowledged');
      this.#ensemble.kill();
      void this.#close().then(() => this.#end(exitKilled));
    }
  }

  async #stop(code: number): Promise<void> {
    if (this.#stopAt !== null) return;
    this.#stopAt = Date.now();
    void this.#playground.close();
    const late = await this.#ensemble.stop(stopMsMax);
    if (late.length > 0) say(`replica ${listed(late)} did not stop in time and was killed`);
    if (this.#isKilled) return;
    await this.#close();
    say(`stopped; the data stay in ${this.#options.shown(this.#options.data)}`);
    this.#end(code);
  }

  async #close(): Promise<void> {
    await this.#console?.close();
    await this.#ensemble.close();
  }

  #died(replica: DemoReplica, exit: Exit): void {
    if (this.#stopAt !== null) return;
    this.#playground.died(replica, exit);
    const { shown, replicas } = this.#options;
    const { alive, hasQuorum } = this.#ensemble;
    say(`replica ${replica.sid} ended: ${describeExit(exit)}; log: ${shown(replica.logFile)}`);
    const mending = this.#console === null ? '' : ` (start it again: ${this.#page('playground')})`;
    if (hasQuorum) {
      const next = mending === '' ? '; the next npm start brings it back' : mending;
      say(`  ${alive.length} of ${replicas} go on${next}`);
      return;
    }
    const loss = `${alive.length} of ${replicas} are no quorum, so nothing can be written`;
    // One that never served is not worth waiting for: its replicas said why.
    if (this.#console === null || !this.#hasServed) {
      say(`  ${loss} any more`);
      void this.#stop(exitNoQuorum);
    } else say(`  ${loss} for now${mending}`);
  }

  /** Nothing runs, and nobody is there who could change that. */
  #stopIfForgotten(): void {
    if (this.#ensemble.alive.length > 0) this.#deadSinceMs = null;
    else this.#deadSinceMs ??= steadyNow();
    if (this.#deadSinceMs === null) return;
    const quietMs = steadyNow() - Math.max(this.#deadSinceMs, this.#playground.lastAskedMs);
    if (quietMs < (this.#options.idleMs ?? idleMsUsual)) return;
    say('all replicas are dead, and nobody looks at the console');
    void this.#stop(exitNoQuorum);
  }

  // ---- who leads --------------------------------------------------------------------------------

  async #watch(): Promise<void> {
    await this.#startConsole();
    while (this.#stopAt === null) {
      const modes = await this.#ensemble.ask();
      if (this.#stopAt !== null) return;
      this.#playground.look();
      if (this.#hasServed) this.#reportChange(leaderOf(modes, this.#leader, this.#modes));
      else this.#reportStart(modes);
      this.#modes = modes;
      this.#stopIfForgotten();
      this.#stopWithNpm();
      const usualMs = this.#playground.isWatched ? watchedPollMs : pollMs;
      await new Promise((done) => setTimeout(done, this.#hasServed ? usualMs : startPollMs));
    }
  }

  async #startConsole(): Promise<void> {
    const demo = this.#playground;
    const natsUrl = `nats://${loopback}:${this.#ensemble.bus.port}`;
    const { consolePort: port } = this.#options;
    try {
      this.#console = await startDemoConsole({ demo, natsUrl, port, notes: consoleNotes });
    } catch (error) {
      say(`there is no console: ${(error as Error).message}`);
    }
  }

  #page(name: string): string {
    return `http://${loopback}:${this.#console?.port}/#/${name}`;
  }

  #reportStart(modes: Modes): void {
    const leader = leaderOf(modes, null);
    const waitedMs = Date.now() - this.#startedAt;
    if (
      leader !== null &&
      (modes.size === this.#ensemble.replicas.length || waitedMs > fullMsMax)
    ) {
      this.#hasServed = true;
      this.#leader = leader;
      this.#introduce(modes);
    } else if (waitedMs > patienceMs && !this.#hasComplained) {
      this.#hasComplained = true;
      say('there is still no leader: the logs of the replicas may say why');
    }
  }

  #introduce(modes: Modes): void {
    const others = [...modes.keys()].filter((sid) => sid !== this.#leader);
    const follow =
      others.length === 0 ? '' : `; ${listed(others)} follow${others.length > 1 ? '' : 's'}`;
    const { servers } = this.#ensemble;
    const client = `from kazoo.client import KazooClient as K; c = K('${servers}'); c.start()`;
    say(`serving: ${this.#named(this.#leader)} leads${follow}`);
    say(`connect any ZooKeeper client to ${servers}, for example`);
    console.log(`  zkCli.sh -server ${servers}`);
    console.log(`  python3 -c "${client}; print(c.get_children('/'))"`);
    const victim = this.#ensemble.replica(this.#leader);
    if (this.#ensemble.replicas.length > 2) say(`to see an election: kill -9 ${victim?.pid}`);
    if (this.#console !== null) {
      say(`see it run in a browser: ${this.#page('ensemble')}`);
      say(`break it and watch: ${this.#page('playground')}`);
    }
    say('Ctrl-C stops it');
  }

  #reportChange(leader: number | null): void {
    if (leader === null || leader === this.#leader) return;
    this.#leader = leader;
    say(`${this.#named(leader)} leads now`);
  }

  #named(sid: number | null): string {
    const replica = this.#ensemble.replica(sid);
    return `replica ${sid} (port ${replica?.port}, pid ${replica?.pid})`;
  }

  /** npm that was killed cannot forward a signal any more. */
  #stopWithNpm(): void {
    if (npmAbove() === this.#npm) return;
    say('npm is gone: stopping');
    void this.#stop(exitStopped);
  }
}

/** The npm that we run in, where that can be known: our parent, or that of the shell between. */
function npmAbove(): number | null {
  if (process.env['npm_lifecycle_event'] === undefined) return null;
  if (process.platform !== 'linux') return process.ppid;
  const isShell = argumentsOf(process.ppid)?.[1] === '-c';
  return isShell ? parentOf(process.ppid) : process.ppid;
}

/** Whole ms since 1970, by a clock that never goes back. */
function steadyNow(): number {
  return Math.round(performance.timeOrigin + performance.now());
}

function say(line: string): void {
  console.log(`natskeeper: ${line}`);
}

/** What is wrong goes to the terminal, with its fields. */
function notesOf(who: string): Notes {
  const withFields = (message: string, fields: object = {}) =>
    say(`${who}: ${[message, ...Object.entries(fields).map(([k, v]) => `${k}=${v}`)].join(' ')}`);
  return { debug() {}, info() {}, warn: withFields, error: withFields };
}

const busNotes = notesOf('bus');
const consoleNotes = notesOf('console');
