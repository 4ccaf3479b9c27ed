/**
 * An ensemble inside the test's own process: whole replicas with real files, sockets and the
 * system's clock, on a bus in the same process. For tests that need to look inside, or to break
 * things between two turns; those that need real processes and a real bus are in test/e2e.
 *
 * Each replica lives behind a gate through which all reaches it: time, bus, disk, sockets. A shut
 * gate is a kill -9 (what the disk had begun is done, nobody hears of it), a held one a SIGSTOP.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFailed, onTestFinished } from 'vitest';
import type { Bus } from '../../actors/bus.ts';
import type { AcceptSocket, ClientSocket, Listener } from '../../actors/client-socket.ts';
import { systemClock } from '../../actors/clock.ts';
import { FourLetterWords } from '../../actors/four-letter-words.ts';
import { listen } from '../../actors/listener.ts';
import { LocalHub } from '../../actors/local-bus.ts';
import type { Fields, Notes } from '../../actors/note.ts';
import { systemFacts } from '../../actors/process-facts.ts';
import { systemRandom } from '../../actors/random.ts';
import { Replica } from '../../actors/replica.ts';
import { viewOf } from '../../actors/replica-view.ts';
import { type Settings, settingsWith } from '../../actors/settings.ts';
import { type Client, type ClientOptions, connect } from '../../client/client.ts';
import { parseServerSpec } from '../../protocol/server-spec.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import { openStores, type Stores } from '../../storage/stores.ts';
import { GatedBus, GatedClock, gatedAccept } from './ensemble-gate.ts';
import { Gate } from './gate.ts';
import { usualSegmentBytes } from './replica.ts';

/** A frame on its way to one replica. */
export interface Passing {
  readonly kind: number;
  readonly from: number;
  readonly to: number;
  readonly subject: string;
  readonly frame: Uint8Array;
}

export interface Member {
  readonly sid: number;
  readonly dataDir: string;
  readonly replica: Replica;
  readonly bus: Bus;
  /** Where its clients connect; the same over restarts. */
  readonly port: number;
  isUp: boolean;
  /** A client's socket that needs no network. */
  accept(socket: ClientSocket): void;
}

export interface EnsembleOptions {
  /** A bus that others are on as well. */
  readonly hub?: LocalHub;
  readonly voters?: number;
  readonly observers?: number;
  /** Who serve before the others are started: of two out of three the higher sid leads. */
  readonly first?: readonly number[];
  readonly settings?: Partial<Settings>;
  readonly settingsOf?: (sid: number) => Partial<Settings>;
  /** Where log lines go as well. */
  readonly notes?: (sid: number) => Notes;
  /** Stands between a replica and its files. */
  readonly stores?: (opened: Stores, sid: number) => Stores;
}

interface Life extends Member {
  readonly gate: Gate;
  readonly clock: GatedClock;
  readonly bus: GatedBus;
  readonly stores: Stores;
  readonly sockets: Set<ClientSocket>;
  port: number;
  listener: Listener | null;
}

/** A sid stands for a process, and each life of it has a lock number of its own. */
let fakePid = 2 ** 25;
const patienceMs = 10_000;
const pollMs = 4;

export class TestEnsemble {
  readonly hub: LocalHub;
  /** Every replica that was ever started, in its present or last life. */
  readonly members: Member[] = [];
  /** What replicas said, and that some ended: `aborted` must stay empty. */
  readonly lines: string[] = [];
  readonly aborted: string[] = [];
  readonly refused: { readonly sid: number; readonly reason: string }[] = [];
  /** Is the frame lost on its way? */
  loses: (passing: Passing) => boolean = () => false;
  rebuilds = 0;
  readonly #options: EnsembleOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'natskeeper-ensemble-'));
  readonly #lives = new Map<number, Life>();
  readonly #clients: Client[] = [];
  /** Those that are made anew just now, by sid. */
  readonly #restarts = new Map<number, Promise<unknown>>();
  #isRemoved = false;

  constructor(options: EnsembleOptions = {}) {
    this.#options = options;
    this.hub = options.hub ?? new LocalHub();
  }

  /** In a test: starts all, waits until all serve, and removes them when the test is over. */
  static async start(options: EnsembleOptions = {}): Promise<TestEnsemble> {
    const ensemble = new TestEnsemble(options);
    onTestFinished(() => ensemble.remove());
    onTestFailed(() => void process.stderr.write(`${ensemble.lines.join('\n')}\n`));
    const { voters = 3, observers = 0, first = [] } = options;
    for (const sid of first) await ensemble.startMember(sid);
    if (first.length > 0) await ensemble.serving();
    for (let sid = 1; sid <= voters + observers; sid++) {
      if (!first.includes(sid)) await ensemble.startMember(sid);
    }
    await ensemble.serving();
    return ensemble;
  }

  // Replicas.

  #settings(sid: number): Settings {
    const { voters = 3, observers = 0, settings, settingsOf } = this.#options;
    // Whoever is not of the first members observes, until a reconfig says otherwise.
    const sids = new Set(Array.from({ length: voters + observers }, (_, at) => at + 1)).add(sid);
    const servers = [...sids].map((one) =>
      parseServerSpec(one, serverSpec(one, one <= voters ? 'participant' : 'observer')),
    );
    return settingsWith({
      ...{ tickTimeMs: 2000, maxClientCnxns: 0, ensemble: 'test', sid, servers },
      logSegmentBytes: usualSegmentBytes,
      ...settings,
      ...settingsOf?.(sid),
      dataDir: join(this.#directory, String(sid)),
    });
  }

  /** Starts it, or starts it again with what its disk holds; resolves when it listens. */
  async startMember(sid: number): Promise<Member> {
    const settings = this.#settings(sid);
    const { dataDir, logSegmentBytes } = settings;
    const gate = new Gate();
    const clock = new GatedClock(gate);
    const bus = new GatedBus(this.hub, gate, (frame, subject) => {
      return !this.loses({ kind: frame[0]!, from: frame[2]!, to: sid, subject, frame });
    });
    const opened = await openStores(dataDir, dataDir, fakePid++, logSegmentBytes);
    const stores = this.#options.stores?.(opened, sid) ?? opened;
    const port = this.#lives.get(sid)?.port ?? 0;
    let accept: AcceptSocket = () => {};
    const replica: Replica = new Replica({
      ...{ settings, clock, links: { zab: bus, election: bus, bulk: bus }, random: systemRandom },
      stores: {
        ...{ ...stores, log: gate.object(stores.log), snapshots: gate.object(stores.snapshots) },
        close: () => gate.promise(stores.close()),
      },
      notes: this.#notes(sid),
      listen: async (accepted) => {
        accept = gatedAccept(gate, life.sockets, accepted);
        life.listener = await listenAt(life.port, accept);
        life.port = life.listener.address.port;
        return life.listener;
      },
      makeWords: (made) => new FourLetterWords(viewOf(made), systemFacts),
      aborted: (reason) => void this.aborted.push(`replica ${sid}: ${reason}`),
      rebuild: () => this.#rebuild(sid),
      refused: (reason) => void this.refused.push({ sid, reason }),
    });
    const life: Life = {
      ...{ sid, dataDir, replica, bus, port, isUp: true, gate, clock, stores },
      ...{ sockets: new Set(), listener: null, accept: (socket) => accept(socket) },
    };
    this.#lives.set(sid, life);
    const at = this.members.findIndex((known) => known.sid === sid);
    if (at < 0) this.members.push(life);
    else this.members[at] = life;
    await replica.start();
    return life;
  }

  #rebuild(sid: number): void {
    this.rebuilds++;
    if (this.#isRemoved) return;
    const restart = this.startMember(sid).finally(() => this.#restarts.delete(sid));
    this.#restarts.set(sid, restart);
  }

  #notes(sid: number): Notes {
    const outer = this.#options.notes?.(sid);
    const say = (level: 'info' | 'warn' | 'error') => (message: string, fields?: Fields) => {
      const at = Math.round(systemClock.monotonicMs());
      this.lines.push(`${at} ${sid} ${level} ${message} ${JSON.stringify(fields ?? {})}`);
      outer?.[level](message, fields);
    };
    return {
      debug: (message, fields) => outer?.debug(message, fields),
      info: say('info'),
      warn: say('warn'),
      error: say('error'),
    };
  }

  member(sid: number): Member {
    return this.#life(sid);
  }

  #life(sid: number): Life {
    const life = this.#lives.get(sid);
    if (life === undefined) throw new Error(`no replica ${sid} was started`);
    return life;
  }

  get up(): Member[] {
    return this.members.filter(({ isUp }) => isUp);
  }

  /** The one who leads and serves; of two, the one of the later epoch. */
  get leader(): Member | undefined {
    const epoch = ({ replica }: Member) => replica.ensemble?.leader?.epoch ?? 0;
    return this.up
      .filter(({ replica }) => replica.mode === 'leader' && replica.isServing)
      .sort((a, b) => epoch(b) - epoch(a))[0];
  }

  /** Voters that follow and serve. */
  get followers(): Member[] {
    return this.up.filter(({ replica }) => replica.mode === 'follower' && replica.isServing);
  }

  /** Ends it in order. */
  async stopMember(sid: number): Promise<void> {
    await this.#restarts.get(sid);
    const life = this.#life(sid);
    life.isUp = false;
    await life.replica.stop();
  }

  /** As kill -9. What its disk has begun to write is written; what it has not, is not. */
  async kill(sid: number): Promise<void> {
    await this.#restarts.get(sid);
    const life = this.#life(sid);
    life.isUp = false;
    life.gate.shut();
    life.clock.stop();
    await life.bus.close();
    for (const socket of life.sockets) socket.destroy();
    void life.listener?.close();
    await life.stores.close();
  }

  /** Its disk is lost. */
  wipe(sid: number): void {
    rmSync(this.#life(sid).dataDir, { recursive: true, force: true });
  }

  /** As SIGSTOP and SIGCONT. */
  pause(sid: number): void {
    this.#life(sid).gate.hold();
  }

  resume(sid: number): void {
    this.#life(sid).gate.release();
  }

  /** Neither hears nor is heard. */
  cut(...sids: readonly number[]): void {
    for (const sid of sids) this.hub.cut(this.#life(sid).bus.inner);
  }

  heal(...sids: readonly number[]): void {
    for (const sid of sids) this.hub.heal(this.#life(sid).bus.inner);
  }

  // Clients.

  /** Connects to one of these replicas. */
  async client(sids: number | readonly number[], options: ClientOptions = {}): Promise<Client> {
    const ports = [sids].flat().map((sid) => `127.0.0.1:${this.member(sid).port}`);
    const client = await connect(ports.join(), { closeTimeoutMs: 500, ...options });
    this.#clients.push(client);
    return client;
  }

  // Waiting.

  /** Polls until it holds; fails with what the replicas are doing. */
  async until(what: string, holds: () => boolean, withinMs = patienceMs): Promise<void> {
    const untilMs = systemClock.monotonicMs() + withinMs;
    while (!holds()) {
      if (systemClock.monotonicMs() > untilMs) {
        const states = this.members.map(({ sid, replica, isUp }) => {
          const { lastZxid } = replica.state;
          return `${sid}: ${isUp ? replica.stateName : 'down'} at ${formatZxid(lastZxid)}`;
        });
        throw new Error(`not within ${withinMs} ms: ${what} (${states.join('; ')})`);
      }
      await new Promise((done) => setTimeout(done, pollMs));
    }
  }

  /** All who are up serve, and one of them leads the rest. */
  async serving(withinMs = patienceMs): Promise<Member> {
    const isServing = () =>
      this.up.length > 0 &&
      this.leader !== undefined &&
      this.up.every(({ replica }) => replica.isServing) &&
      this.up.every(({ replica }) => replica.ensemble?.leaderSid === this.leader?.sid);
    await this.until('all serve', isServing, withinMs);
    return this.leader!;
  }

  /** All who are up serve and hold the same, by zxid, digest and sessions. */
  async agreement(withinMs = patienceMs): Promise<void> {
    await this.serving(withinMs);
    const zxids = () => new Set(this.up.map(({ replica }) => replica.state.lastZxid));
    await this.until('all are at one zxid', () => zxids().size === 1, withinMs);
    const held = this.up.map(({ replica: { state } }) =>
      JSON.stringify([
        state.tree.digest.value,
        state.tree.count,
        [...state.sessions.entries()].sort(),
      ]),
    );
    if (new Set(held).size > 1) throw new Error(`replicas differ: ${held.join(' / ')}`);
  }

  async remove(): Promise<void> {
    if (this.#isRemoved) return;
    this.#isRemoved = true;
    await Promise.all(this.#clients.map((client) => client.close()));
    await Promise.allSettled(this.#restarts.values());
    for (const { sid, isUp } of this.members) if (isUp) await this.kill(sid);
    rmSync(this.#directory, { recursive: true, force: true });
    if (this.aborted.length > 0) throw new Error(this.aborted.join('; '));
  }
}

/** As the config znode writes it; nobody listens there. */
export function serverSpec(sid: number, role: 'participant' | 'observer' = 'participant'): string {
  return `127.0.0.1:${28_000 + sid}:${38_000 + sid}:${role}`;
}

async function listenAt(port: number, accept: AcceptSocket): Promise<Listener> {
  const limits = { connectionsPerAddressMax: 0, connectionsMax: 0, onRefused: () => {} };
  const usual = { host: '127.0.0.1', backlog: 511, keepAlive: false, ...limits };
  try {
    return await listen({ ...usual, port }, accept);
  } catch {
    // Somebody else got it in the meantime.
    return listen({ ...usual, port: 0 }, accept);
  }
}
