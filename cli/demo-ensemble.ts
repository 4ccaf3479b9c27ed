/**
 * The processes of the demo: the bus, the replicas, and between them a relay for each replica, so
 * that one can be cut off. Ends them all in order; a paused one is woken up for it.
 */

import { BusRelay } from './bus-relay.ts';
import { DemoReplica } from './demo-replica.ts';
import { type Modes, modesOf } from './demo-status.ts';
import type { Exit } from './guarded-process.ts';
import type { NatsProcess } from './nats-process.ts';

const loopback = '127.0.0.1';

export interface DemoEnsembleOptions {
  /** Client port of replica 1; the others follow. */
  readonly port: number;
  readonly replicas: number;
  readonly data: string;
  /** The compiled cli/main.ts. */
  readonly main: string;
  readonly bus: NatsProcess;
  readonly say: (line: string) => void;
}

export class DemoEnsemble {
  readonly bus: NatsProcess;
  readonly replicas: readonly DemoReplica[];
  /** Called each time that the process of a replica has ended. */
  onExit: (replica: DemoReplica, exit: Exit) => void = () => {};
  readonly #relays: readonly BusRelay[];

  private constructor(options: DemoEnsembleOptions, relays: readonly BusRelay[]) {
    this.bus = options.bus;
    this.#relays = relays;
    this.replicas = relays.map((relay, at) => {
      const natsUrl = `nats://${loopback}:${relay.port}`;
      const onExit = (replica: DemoReplica, exit: Exit) => this.onExit(replica, exit);
      return new DemoReplica({ ...options, natsUrl, sid: at + 1, onExit });
    });
  }

  /** Starts the relays and the replicas. */
  static async start(options: DemoEnsembleOptions): Promise<DemoEnsemble> {
    const target = { host: loopback, port: options.bus.port };
    const relays: BusRelay[] = [];
    for (let sid = 1; sid <= options.replicas; sid++) relays.push(await BusRelay.start(target));
    const ensemble = new DemoEnsemble(options, relays);
    for (const replica of ensemble.replicas) replica.start();
    return ensemble;
  }

  /** As clients write it. */
  get servers(): string {
    return this.replicas.map(({ port }) => `${loopback}:${port}`).join(',');
  }

  get alive(): DemoReplica[] {
    return this.replicas.filter(({ isAlive }) => isAlive);
  }

  get hasQuorum(): boolean {
    return this.alive.length > this.replicas.length / 2;
  }

  replica(sid: number | null): DemoReplica | null {
    return this.replicas.find((replica) => replica.sid === sid) ?? null;
  }

  relay(sid: number): BusRelay {
    return this.#relays[sid - 1]!;
  }

  /** Asks all that can answer what they are. */
  async ask(): Promise<Modes> {
    const asked = this.alive.filter(({ state }) => state !== 'paused');
    const pids = new Map(asked.map(({ sid, pid }) => [sid, pid]));
    const modes = await modesOf(asked);
    for (const replica of asked) {
      // Meanwhile it may have ended, be paused, or be another process.
      if (replica.state === 'paused' || replica.pid !== pids.get(replica.sid)) continue;
      replica.heard(modes.get(replica.sid) ?? null);
    }
    return modes;
  }

  /** Before the bus, over which replicas take leave. Resolves to those killed for being late. */
  async stop(withinMs: number): Promise<number[]> {
    for (const relay of this.#relays) if (relay.isCut) relay.heal();
    for (const replica of this.replicas) {
      replica.retire();
      replica.kill('SIGTERM');
    }
    const late: number[] = [];
    const timer = setTimeout(() => {
      late.push(...this.alive.map(({ sid }) => sid));
      this.kill();
    }, withinMs);
    await Promise.all(this.replicas.map(({ exited }) => exited));
    clearTimeout(timer);
    return late;
  }

  kill(): void {
    for (const replica of this.replicas) {
      replica.retire();
      replica.kill('SIGKILL');
    }
  }

  /** The last to end: what stands between the replicas, and the bus. */
  async close(): Promise<void> {
    await Promise.all(this.#relays.map((relay) => relay.close()));
    await this.bus.stop();
  }
}
