/**
 * `natskeeper server`: one replica in this process, from its configuration to its exit code.
 * 0: stopped by a signal, all is flushed. 2: configuration or data cannot be used, or another
 * process has our sid. 3: a write failed, or a snapshot cannot be read out.
 */

import type { BusLinks } from '../actors/bus.ts';
import type { AcceptSocket } from '../actors/client-socket.ts';
import { systemClock } from '../actors/clock.ts';
import { FourLetterWords } from '../actors/four-letter-words.ts';
import { LastingInspection } from '../actors/inspect/lasting-inspection.ts';
import { ReplicaInspection } from '../actors/inspect/replica-inspection.ts';
import { listen } from '../actors/listener.ts';
import type { Notes } from '../actors/note.ts';
import { systemFacts } from '../actors/process-facts.ts';
import { systemRandom } from '../actors/random.ts';
import { Replica } from '../actors/replica.ts';
import { viewOf } from '../actors/replica-view.ts';
import { isDistributed, type Settings } from '../actors/settings.ts';
import type { RunningConsole } from '../console/server/console-server.ts';
import { DirectoryInUse } from '../storage/data-lock.ts';
import { openStores, type Stores } from '../storage/stores.ts';
import { busAddressOf } from './bus-config.ts';
import { type ConfigInput, loadSettings } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type BusAddress, openLinks } from './links.ts';
import { makeNotes } from './notes.ts';
import { type OwnBus, startOwnBus } from './own-bus.ts';

const lockAttempts = 20;
const lockPauseMs = 250;
const exitStopped = 0;
const exitStorageFailed = 3;

export async function runServer(input: ConfigInput): Promise<number> {
  const { settings, warnings } = loadSettings(input);
  const notes = makeNotes(settings);
  for (const warning of warnings) notes.warn(warning);
  return new Server(settings, notes).run();
}

/** A replica, and the bus that it may have brought along; made anew after a leader's snapshot. */
class Server {
  readonly #settings: Settings;
  readonly #notes: Notes;
  #replica: Replica | null = null;
  #ownBus: OwnBus | null = null;
  readonly #inspection: LastingInspection;
  #console: RunningConsole | null = null;
  #isStopping = false;
  #resolve: (code: number) => void = () => {};
  #reject: (reason: Error) => void = () => {};

  constructor(settings: Settings, notes: Notes) {
    this.#settings = settings;
    this.#notes = notes;
    this.#inspection = new LastingInspection(settings.ensemble, settings.sid || 1);
  }

  async run(): Promise<number> {
    process.once('SIGTERM', () => this.#stop('SIGTERM'));
    process.once('SIGINT', () => this.#stop('SIGINT'));
    // The data's lock first: it keeps a second process from taking over our bus.
    const stores = await openPatiently(this.#settings);
    const address = await this.#busAddress();
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (this.#isStopping) void this.#endBeforeStart(stores);
      else {
        this.#start(stores, address);
        void this.#serveConsole();
      }
    });
  }

  async #serveConsole(): Promise<void> {
    const settings = this.#settings.console;
    if (settings.port === null) return;
    const part = { inspection: this.#inspection, settings, notes: this.#notes };
    try {
      // What most replicas never need is not in their memory.
      const { serveConsole } = await import('./console-part.ts');
      const running = await serveConsole(part, settings.port);
      if (this.#isStopping) await running.close();
      else this.#console = running;
    } catch (failure) {
      await this.#replica?.stop();
      await this.#fail(new ConfigError(`console.port: ${(failure as Error).message}`));
    }
  }

  async #endBeforeStart(stores: Stores): Promise<void> {
    await stores.close();
    await this.#ownBus?.stop();
    this.#resolve(exitStopped);
  }

  async #busAddress(): Promise<BusAddress | null> {
    const { natsUrl } = this.#settings;
    if (!isDistributed(this.#settings)) return null;
    if (natsUrl !== null) return busAddressOf(this.#settings);
    this.#ownBus = await startOwnBus(this.#settings, this.#notes);
    const { servers, user, pass, systemUser, systemPass } = this.#ownBus;
    const system = { user: systemUser, pass: systemPass };
    return { servers, auth: { user, pass }, system };
  }

  #start(stores: Stores, address: BusAddress | null): void {
    const settings = this.#settings;
    const links: BusLinks | null = address && openLinks(address, settings, this.#notes);
    const replica = new Replica({
      settings,
      clock: systemClock,
      random: systemRandom,
      links,
      stores,
      notes: this.#notes,
      listen: (accept) => this.#listen(accept),
      makeWords: (made) => new FourLetterWords(viewOf(made), systemFacts),
      // Nothing may be acknowledged any more: the process ends before another event is handled.
      aborted: () => process.exit(exitStorageFailed),
      rebuild: () => void this.#rebuild(address),
      membershipChanged: (servers) => this.#ownBus?.setPeers(servers),
      refused: (reason) => void this.#fail(new ConfigError(reason)),
    });
    this.#replica = replica;
    const version = systemFacts.version;
    const seams = { clock: systemClock, random: systemRandom, links, version };
    this.#inspection.set(new ReplicaInspection(replica, seams));
    replica.start().then(
      () => this.#notes.info('serving clients', { port: replica.address?.port ?? null }),
      async (failure: Error) => {
        await replica.stop();
        const { clientPort } = settings;
        await this.#fail(new ConfigError(`clientPort=${clientPort}: ${failure.message}`));
      },
    );
  }

  #listen(accept: AcceptSocket) {
    const settings = this.#settings;
    return listen(
      {
        host: settings.clientPortAddress,
        port: settings.clientPort ?? 0,
        backlog: settings.clientPortListenBacklog,
        keepAlive: settings.clientTcpKeepAlive,
        connectionsPerAddressMax: settings.maxClientCnxns,
        connectionsMax: settings.maxCnxns,
        onRefused: (from, reason) => this.#notes.warn('connection refused', { from, reason }),
      },
      accept,
    );
  }

  /** A leader's snapshot lies beside our data: it takes its place as the stores are opened. */
  async #rebuild(address: BusAddress | null): Promise<void> {
    this.#inspection.set(null);
    try {
      const stores = await openPatiently(this.#settings);
      if (this.#isStopping) await stores.close();
      else this.#start(stores, address);
    } catch (failure) {
      await this.#fail(failure as Error);
    }
  }

  async #fail(failure: Error): Promise<void> {
    await this.#ownBus?.stop();
    this.#reject(failure);
  }

  #stop(signal: string): void {
    this.#isStopping = true;
    this.#notes.info('stopping', { signal });
    void this.#end();
  }

  async #end(): Promise<void> {
    if (this.#replica === null) return;
    await this.#console?.close();
    this.#inspection.set(null);
    await this.#replica.stop();
    await this.#ownBus?.stop();
    this.#notes.info('stopped');
    this.#resolve(exitStopped);
  }
}

/** A replica that was killed a moment ago may still hold its directory. */
async function openPatiently(settings: Settings): Promise<Stores> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { dataDir, dataLogDir, logSegmentBytes } = settings;
      return await openStores(dataDir, dataLogDir, process.pid, logSegmentBytes);
    } catch (failure) {
      if (!(failure instanceof DirectoryInUse) || attempt === lockAttempts) throw failure;
      await new Promise((resolve) => setTimeout(resolve, lockPauseMs));
    }
  }
}
