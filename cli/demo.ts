/**
 * `npm start`: a whole ensemble on one machine, to look at and to break. One nats-server on a free
 * loopback port, and replicas that are processes of their own, each as its zoo.cfg describes it.
 * A replica that dies is not started again: that is for whoever killed it to watch, and the next
 * start brings it back. When those that are left are no quorum the demo ends, as nothing could
 * happen any more. Nothing outlives it (guarded-process.ts); the data stay.
 */

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Notes } from '../actors/note.ts';
import { DemoReplica } from './demo-replica.ts';
import { leaderOf, listed, type Modes, modesOf } from './demo-status.ts';
import { describeExit, type Exit } from './guarded-process.ts';
import { NatsProcess } from './nats-process.ts';
import { argumentsOf, freeLoopbackPort, parentOf } from './port-holder.ts';

const loopback = '127.0.0.1';
const startPollMs = 100;
const pollMs = 500;
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
}

/** Runs until it is stopped by a signal or has lost its quorum; resolves to the exit code. */
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
  return new Demo(options, bus).run();
}

class Demo {
  readonly #options: DemoOptions;
  readonly #bus: NatsProcess;
  readonly #replicas: readonly DemoReplica[];
  readonly #startedAt = Date.now();
  readonly #npm = npmAbove();
  #stopAt: number | null = null;
  #isKilled = false;
  #leader: number | null = null;
  #hasServed = false;
  #hasComplained = false;
  #end: (code: number) => void = () => {};

  constructor(options: DemoOptions, bus: NatsProcess) {
    this.#options = options;
    this.#bus = bus;
    const { port, replicas, data, shown } = options;
    say(`a demo ensemble of ${replicas}, data in ${shown(data)}`);
    say(`  logs in ${shown(join(data, 'replica-N/replica.log'))}; bus: nats-server ${bus.version}`);
    const natsUrl = `nats://${loopback}:${bus.port}`;
    const sids = Array.from({ length: replicas }, (_, at) => at + 1);
    const { main } = options;
    this.#replicas = sids.map(
      (sid) => new DemoReplica({ sid, port, replicas, data, natsUrl, main, say }),
    );
  }

  async run(): Promise<number> {
    const ended = new Promise<number>((resolve) => {
      this.#end = resolve;
    });
    // Never taken off again: one that comes late must not end us in another way.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => this.#signalled());
    }
    for (const replica of this.#replicas) {
      void replica.exited.then((exit) => this.#died(replica, exit));
    }
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
      for (const replica of this.#replicas) replica.kill('SIGKILL');
      void this.#bus.stop().then(() => this.#end(exitKilled));
    }
  }

  /** The replicas first, as they take leave over the bus. */
  async #stop(code: number): Promise<void> {
    if (this.#stopAt !== null) return;
    this.#stopAt = Date.now();
    for (const replica of this.#replicas) replica.kill('SIGTERM');
    const timer = setTimeout(() => {
      const late = this.#replicas.filter(({ isAlive }) => isAlive);
      for (const replica of late) replica.kill('SIGKILL');
      say(`replica ${listed(late.map(({ sid }) => sid))} did not stop in time and was killed`);
    }, stopMsMax);
    await Promise.all(this.#replicas.map(({ exited }) => exited));
    clearTimeout(timer);
    if (this.#isKilled) return;
    await this.#bus.stop();
    say(`stopped; the data stay in ${this.#options.shown(this.#options.data)}`);
    this.#end(code);
  }

  #died(replica: DemoReplica, exit: Exit): void {
    if (this.#stopAt !== null) return;
    const { shown, replicas } = this.#options;
    const alive = this.#replicas.filter(({ isAlive }) => isAlive);
    say(`replica ${replica.sid} ended: ${describeExit(exit)}; log: ${shown(replica.logFile)}`);
    if (alive.length > replicas / 2) {
      say(`  ${alive.length} of ${replicas} go on; the next npm start brings it back`);
      return;
    }
    say(`  ${alive.length} of ${replicas} are no quorum, so nothing can be written any more`);
    void this.#stop(exitNoQuorum);
  }

  // ---- who leads --------------------------------------------------------------------------------

  async #watch(): Promise<void> {
    while (this.#stopAt === null) {
      const modes = await modesOf(this.#replicas.filter(({ isAlive }) => isAlive));
      if (this.#stopAt !== null) return;
      if (this.#hasServed) this.#reportChange(leaderOf(modes, this.#leader));
      else this.#reportStart(modes);
      this.#stopWithNpm();
      await new Promise((done) => setTimeout(done, this.#hasServed ? pollMs : startPollMs));
    }
  }

  #reportStart(modes: Modes): void {
    const leader = leaderOf(modes, null);
    const waitedMs = Date.now() - this.#startedAt;
    if (leader !== null && (modes.size === this.#replicas.length || waitedMs > fullMsMax)) {
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
    const servers = this.#replicas.map(({ port }) => `${loopback}:${port}`).join(',');
    const client = `from kazoo.client import KazooClient as K; c = K('${servers}'); c.start()`;
    say(`serving: ${this.#named(this.#leader)} leads${follow}`);
    say(`connect any ZooKeeper client to ${servers}, for example`);
    console.log(`  zkCli.sh -server ${servers}`);
    console.log(`  python3 -c "${client}; print(c.get_children('/'))"`);
    const victim = this.#replicas.find(({ sid }) => sid === this.#leader);
    if (this.#replicas.length > 2) say(`to see an election: kill -9 ${victim?.pid}`);
    say('Ctrl-C stops it');
  }

  #reportChange(leader: number | null): void {
    if (leader === null || leader === this.#leader) return;
    this.#leader = leader;
    say(`${this.#named(leader)} leads now`);
  }

  #named(sid: number | null): string {
    const replica = this.#replicas.find((one) => one.sid === sid);
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

function say(line: string): void {
  console.log(`natskeeper: ${line}`);
}

const withFields = (message: string, fields: object = {}) =>
  say(`bus: ${[message, ...Object.entries(fields).map(([k, v]) => `${k}=${v}`)].join(' ')}`);

const busNotes: Notes = {
  debug() {},
  info() {},
  warn: withFields,
  error: withFields,
};
