/**
 * A whole ensemble in simulated time: machines with replicas on them, the bus between them, roads
 * to clients. It offers what a nemesis needs to break things, and what a checker needs to look.
 */

import { type Settings, settingsWith } from '../../actors/settings.ts';
import { Client, type ClientOptions } from '../../client/client.ts';
import type { ByteStream } from '../../client/dial.ts';
import type { Seams } from '../../client/options.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import type { DiskProfile } from './disk-faults.ts';
import type { Schedule } from './schedule.ts';
import { SimNet } from './sim-bus.ts';
import { SimReplica } from './sim-replica.ts';
import type { WireTap } from './sim-socket.ts';
import type { Trace } from './trace.ts';

export interface EnsembleShape {
  readonly voters: number;
  readonly observers: number;
  readonly settings: Partial<Settings>;
  readonly disk?: Partial<DiskProfile>;
  /** Clients have sent so many requests that their xids are about to begin anew. */
  readonly areXidsUsedUp?: boolean;
}

export interface SimEnsembleParts {
  readonly schedule: Schedule;
  readonly random: SeededRandom;
  readonly trace: Trace;
  readonly shape: EnsembleShape;
  /** A new connection of a client to a replica. */
  tap(client: string, sid: number, life: number): WireTap | null;
  violated(invariant: string, text: string): void;
  /** A disk is about to be lost, or to be exchanged for an old one. */
  forgotten?(sid: number): void;
}

const dialMs = 0.3;
const xidMax = 2 ** 31 - 1;
/** Requests that a client may still number on, where xids are used up. */
const xidsLeftMax = 40;

export class SimEnsemble {
  readonly net: SimNet;
  readonly replicas: SimReplica[];
  readonly clients: Client[] = [];
  readonly #parts: SimEnsembleParts;
  #clientCount = 0;

  constructor(parts: SimEnsembleParts) {
    this.#parts = parts;
    const { schedule, random, trace, shape } = parts;
    this.net = new SimNet(schedule, fork(random), trace);
    const sids = Array.from({ length: shape.voters + shape.observers }, (_, at) => at + 1);
    this.replicas = sids.map((sid) => this.#makeReplica(sid));
  }

  #makeReplica(sid: number): SimReplica {
    const { schedule, random, trace, shape } = this.#parts;
    return new SimReplica(sid, {
      ...{ schedule, trace, net: this.net, random: fork(random), disk: shape.disk ?? {} },
      forgotten: (lost) => this.#parts.forgotten?.(lost),
      settings: (own) => this.#settings(own),
      violated: (invariant, text) => this.#parts.violated(invariant, text),
    });
  }

  #settings(sid: number): Settings {
    const { voters, observers, settings } = this.#parts.shape;
    // Whoever is not of the first members observes, until a reconfig says otherwise.
    const sids = new Set(Array.from({ length: voters + observers }, (_, at) => at + 1)).add(sid);
    const servers = [...sids].map((one) => parseServerSpec(one, serverSpec(one, one <= voters)));
    return settingsWith({
      ...{ tickTimeMs: 400, maxClientCnxns: 0, ensemble: 'sim', sid, servers },
      ...{ fourLetterWords: 'all' as const, extendedTypesEnabled: true, reconfigEnabled: true },
      ...{ skipAcl: false, dataDir: `machine ${sid}` },
      ...settings,
    });
  }

  /** Another machine, for a reconfig. */
  add(sid: number): SimReplica {
    const replica = this.#makeReplica(sid);
    this.replicas.push(replica);
    return replica;
  }

  start(): void {
    for (const replica of this.replicas) replica.start();
  }

  of(sid: number): SimReplica {
    return this.replicas.find((replica) => replica.sid === sid)!;
  }

  get sids(): number[] {
    return this.replicas.map(({ sid }) => sid);
  }

  get voters(): number[] {
    return this.sids.slice(0, this.#parts.shape.voters);
  }

  /** The one who leads and serves; of two, the one of the later epoch. */
  get leader(): SimReplica | undefined {
    const epoch = ({ replica }: SimReplica) => replica?.ensemble?.leader?.epoch ?? 0;
    return this.replicas
      .filter(({ replica }) => replica?.mode === 'leader' && replica.isServing)
      .sort((a, b) => epoch(b) - epoch(a))[0];
  }

  /** All who are up serve, under one leader. */
  get isServing(): boolean {
    const up = this.replicas.filter(({ condition }) => condition !== 'down');
    const leader = this.leader?.sid;
    return (
      leader !== undefined &&
      up.every(({ condition, replica }) => condition === 'up' && replica!.isServing) &&
      up.every(({ replica }) => replica!.ensemble!.leaderSid === leader)
    );
  }

  /** A program's client; it may use those replicas. */
  open(options: ClientOptions & { readonly sids?: readonly number[] } = {}): Client {
    const { schedule, random, trace, shape } = this.#parts;
    const name = `client-${++this.#clientCount}`;
    const { sids = this.sids, ...rest } = options;
    const own = fork(random);
    const settings: ClientOptions & Seams = {
      ...(shape.areXidsUsedUp ? { lastXid: xidMax - own.below(xidsLeftMax) } : {}),
      ...{ sessionTimeoutMs: 4000, operationTimeoutMs: 10_000, closeTimeoutMs: 1000 },
      ...{ connectWithinMs: 60_000, retryMinMs: 20, retryMaxMs: 400, random: () => own.unit() },
      clock: {
        now: () => schedule.nowMs,
        timer: (delayMs, action) => {
          const planned = schedule.after(delayMs, action);
          return () => planned.cancel();
        },
      },
      ...rest,
      onState: (state) => {
        trace.say(name, state);
        rest.onState?.(state);
      },
      dial: ({ port }) => this.#dial(name, port),
    };
    const client = new Client(sids.map((sid) => `10.0.0.1:${sid}`).join(), settings);
    this.clients.push(client);
    return client;
  }

  #dial(client: string, sid: number): ByteStream {
    const replica = this.of(sid);
    const connection = replica.connect(this.#parts.tap(client, sid, replica.lives));
    return connection?.stream ?? refused(this.#parts.schedule);
  }

  /** What everybody does, for a failure's text. */
  describe(): string {
    return this.replicas
      .map(({ sid, condition, replica }) => {
        const zxid = formatZxid(replica?.state.lastZxid ?? 0);
        return `${sid}: ${condition} ${replica?.stateName ?? ''} at ${zxid}`;
      })
      .join('; ');
  }
}

/** Nobody listens there. */
function refused(schedule: Schedule): ByteStream {
  const listeners: (() => void)[] = [];
  schedule.after(dialMs, () => {
    for (const listener of listeners) listener();
  });
  return {
    on: (event: string, listener: (...args: never[]) => void) => {
      if (event === 'close') listeners.push(listener as () => void);
    },
    write: () => true,
    writableLength: 0,
    destroy: () => {},
  };
}

/** As the config znode writes it. Who joins by a reconfig must name a port for clients. */
export function serverSpec(sid: number, isVoter: boolean): string {
  const type = isVoter ? 'participant' : 'observer';
  return `10.0.0.1:${28_000 + sid}:${38_000 + sid}:${type};10.0.0.1:${sid}`;
}

/** A stream of chance of its own: what one part draws does not shift what others draw. */
export function fork(random: SeededRandom): SeededRandom {
  return new SeededRandom(Math.floor(random.unit() * 2 ** 32));
}
