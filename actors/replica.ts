/**
 * Wires one replica together: the only file that knows all the actors. What it must not make itself
 * (time, chance, bus, stores, sockets, log lines) is handed in, so that production, simulator and
 * tests run the same replica. Hosts the peer's machine: recovering, serving, draining.
 */

import { peerMachine } from '../machines/peer.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { formatZxid } from '../protocol/zxid.ts';
import { AccessControl, type AclSchemes } from '../storage/acl.ts';
import { Applier } from '../storage/apply.ts';
import { Preparer } from '../storage/prepare.ts';
import { TreeReader } from '../storage/read.ts';
import { recover } from '../storage/recovery.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import { WriteFailure } from '../storage/storage-error.ts';
import type { Stores } from '../storage/stores.ts';
import { isValidAclId, matches } from './acl-schemes.ts';
import { BatchApplier } from './applier.ts';
import { Authenticator } from './authenticator.ts';
import { type Bus, subjects } from './bus.ts';
import type { AcceptSocket, Listener } from './client-socket.ts';
import type { Clock } from './clock.ts';
import { Connection } from './connection.ts';
import type { ConnectionPorts } from './connection-ports.ts';
import { Connections } from './connections.ts';
import { ContainerChecker } from './container-checker.ts';
import { Counters } from './counters.ts';
import { DigestHistory } from './digest-history.ts';
import { MachineHost } from './host.ts';
import { LogWriter } from './log-writer.ts';
import type { Notes } from './note.ts';
import { nobody, PendingRequest } from './pending-request.ts';
import { type Batch, Proposer } from './proposer.ts';
import type { Random } from './random.ts';
import { SessionTracker } from './session-tracker.ts';
import { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import { Snapshotter } from './snapshotter.ts';
import { Watches } from './watches.ts';

/** What a replica is handed. */
export interface ReplicaParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly bus: Bus;
  readonly stores: Stores;
  readonly notes: Notes;
  /** Opens the port for clients. */
  listen(accept: AcceptSocket): Promise<Listener>;
  /** Answers four-letter words; made late, since they look at the replica. */
  makeWords(replica: Replica): Words;
  /** The replica has ended by a failure of its own. */
  aborted(reason: string): void;
}

export interface Words {
  isWord(word: string): boolean;
  answer(word: string, argument: Buffer): string;
}

const secretBytes = 32;
/** Expiry is decided four times per tick: finer than ZooKeeper, within its bounds. */
const expiriesPerTick = 4;
/** A gap of this many ticks between two looks at the clock is a stall of our own. */
const stallTicks = 8;

export class Replica {
  readonly settings: Settings;
  readonly counters = new Counters();
  readonly state: ReplicatedState;
  readonly sessions: Sessions;
  readonly connections: Connections;
  readonly watches = new Watches();
  readonly digests = new DigestHistory();
  readonly startedMs: number;
  readonly #parts: ReplicaParts;
  readonly #proposer: Proposer;
  readonly #preparer: Preparer;
  readonly #logWriter: LogWriter;
  readonly #batchApplier: BatchApplier;
  readonly #tracker: SessionTracker;
  readonly #snapshotter: Snapshotter;
  readonly #containers: ContainerChecker;
  readonly #connectionPorts: ConnectionPorts;
  readonly #peer: MachineHost<typeof peerMachine>;
  readonly #zabSubject: string;
  #listener: Listener | null = null;
  /** Settles when nothing of the start goes on any more; a stop may come before that. */
  #starting: Promise<void> = Promise.resolve();
  #whenServing: { resolve: () => void; reject: (reason: Error) => void } | null = null;
  #whenStopped: (() => void) | null = null;
  #stopped: Promise<void> | null = null;

  /** Recovers the state from the stores; throws StorageError when they cannot be used. */
  constructor(parts: ReplicaParts) {
    const { settings, clock, stores, notes } = parts;
    this.#parts = parts;
    this.settings = settings;
    this.startedMs = clock.monotonicMs();
    const recovered = recover(stores.snapshots, stores.log);
    this.state = recovered.state;
    notes.info('recovered', {
      zxid: formatZxid(this.state.lastZxid),
      snapshot: formatZxid(recovered.snapshotZxid),
      txns: recovered.txnsReplayed,
      znodes: this.state.tree.count,
      ms: Math.round(clock.monotonicMs() - this.startedMs),
    });
    const { trimmed } = stores.log;
    if (trimmed) notes.warn('the end of the log was torn and is cut off', { trimmed });
    const schemes: AclSchemes = {
      isValidId: isValidAclId,
      matches: (scheme, id, identity) => matches(scheme, id, identity, settings),
    };
    const access = new AccessControl(this.state.tree.acls, schemes, settings.skipAcl);
    this.#preparer = new Preparer(this.state, access, settings);
    this.#zabSubject = subjects(settings.ensemble).zab;
    this.#proposer = new Proposer(this.#preparer, this.state.lastZxid, clock, {
      propose: (batch) => this.#propose(batch),
    });
    this.#logWriter = new LogWriter(stores.log, clock, {
      logged: (batch) => this.#logged(batch),
      failed: (reason) => this.#storageFailed(reason),
      flushTook: (ms) => this.#noteFlush(ms),
    });
    this.sessions = this.#makeSessions();
    this.connections = new Connections(clock, settings.sessionlessTimeoutMs);
    this.#batchApplier = this.#makeBatchApplier();
    const observer = (machine: string, event: string, from: string, to: string) =>
      notes.debug('transition', { machine, event, from, to });
    const tickMs = settings.tickTimeMs / expiriesPerTick;
    this.#tracker = new SessionTracker(this.sessions, clock, { tickMs, stallTicks }, observer);
    this.#snapshotter = new Snapshotter(
      this.state,
      stores,
      clock,
      { txnsMax: settings.snapCount, bytesMax: settings.snapBytes },
      {
        failed: (reason) => this.#storageFailed(reason),
        note: (message) => notes.info(message),
      },
      observer,
    );
    this.#containers = new ContainerChecker(
      this.state.tree,
      clock,
      {
        intervalMs: settings.containerCheckIntervalMs,
        deletesPerMinuteMax: settings.containerDeletesPerMinuteMax,
        neverUsedMsMax: settings.containerNeverUsedIntervalMsMax,
      },
      (request) => this.#proposer.submit(request),
    );
    const reader = new TreeReader(this.state, access, this.watches);
    this.#connectionPorts = this.#makeConnectionPorts(reader, access, parts.makeWords(this));
    this.#peer = new MachineHost(
      peerMachine,
      {
        agreeOnSecret: () => this.#agreeOnSecret(),
        startServing: () => {
          this.#starting = this.#startServing();
        },
        stopServing: () => this.#stopServing(),
        drainRequests: () => this.#drain(),
        closeStorage: () => void this.#closeStorage(),
        abortReplica: ({ reason }: { reason: string }) => this.#abort(reason),
      },
      { observer },
    );
  }

  /** Serves clients once it resolves; rejects when the client port cannot be opened. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#whenServing = { resolve, reject };
      this.#peer.send({ type: 'state.recovered' });
    });
  }

  /** Finishes what is in flight, then resolves; asked again, it is the same stop. */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      this.#whenStopped = resolve;
      this.#peer.send({ type: 'stop.requested' });
    });
    return this.#stopped;
  }

  get stateName(): string {
    return this.#peer.state;
  }

  get isServing(): boolean {
    return this.#peer.state === 'standalone';
  }

  get tracker(): SessionTracker {
    return this.#tracker;
  }

  get snapshotter(): Snapshotter {
    return this.#snapshotter;
  }

  get stores(): Stores {
    return this.#parts.stores;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  /** Where clients connect; null while none may. */
  get address(): { readonly host: string; readonly port: number } | null {
    return this.#listener?.address ?? null;
  }

  /** Requests that were read and not yet answered. */
  get outstanding(): number {
    let count = 0;
    for (const connection of this.connections.all()) count += connection.queued;
    return count;
  }

  #makeSessions(): Sessions {
    const { settings, clock, notes } = this.#parts;
    return new Sessions(
      this.state,
      clock,
      {
        sid: settings.sid || 1,
        minTimeoutMs: settings.minSessionTimeoutMs,
        maxTimeoutMs: settings.maxSessionTimeoutMs,
        tickMs: settings.tickTimeMs / expiriesPerTick,
      },
      {
        submit: (request) => this.#proposer.submit(request),
        refuse: (request) =>
          request.port?.reply(request, this.state.lastZxid, ErrorCode.sessionExpired, null),
        note: (message) => notes.info(message),
      },
    );
  }

  #makeBatchApplier(): BatchApplier {
    return new BatchApplier(this.state, new Applier(this.state, this.watches), {
      session: (id) => this.sessions.get(id),
      sessionCreated: (id) => this.sessions.created(id),
      sessionClosed: (id, request) => {
        this.#preparer.outstanding.closing.delete(id);
        this.sessions.closed(id, request.port !== null);
      },
      secretAgreed: () => this.#peer.send({ type: 'secret.agreed' }),
      batchApplied: (batch) => this.#batchApplied(batch),
    });
  }

  #makeConnectionPorts(reader: TreeReader, access: AccessControl, words: Words): ConnectionPorts {
    const { settings, clock } = this.#parts;
    return {
      clock,
      counters: this.counters,
      reader,
      access,
      frameBytesMax: settings.frameBytesMax,
      requestsMax: settings.globalOutstandingLimit,
      isServing: () => this.isServing,
      // A replica that drains wants no more of them either: else it might never be done.
      isOverloaded: () => !this.isServing || this.#proposer.isOverloaded,
      lastZxid: () => this.state.lastZxid,
      openSession: (timeoutMs, port) => this.sessions.open(timeoutMs, port),
      resumeSession: ({ sessionId, passwd, timeOut }, port) =>
        this.sessions.resume(sessionId, passwd, timeOut, port),
      passwordOf: (sessionId) => this.sessions.passwordOf(sessionId),
      isWord: (word) => words.isWord(word),
      answerWord: (word, argument) => words.answer(word, argument),
      stalled: (connection) => this.connections.noteStalled(connection),
      flushLater: (connection) => this.connections.flushLater(connection),
      ended: (watcher) => {
        this.connections.remove(watcher);
        this.watches.removeWatcher(watcher);
      },
      gone: (watcher) => this.connections.gone(watcher),
    };
  }

  // The write path: propose, log, apply.

  #propose(batch: Batch): void {
    if (batch.frame !== null) this.#parts.bus.publish(this.#zabSubject, batch.frame);
    this.#logWriter.append(batch);
  }

  /** Standalone, the own log is the quorum: what it holds is committed. */
  #logged(batch: Batch): void {
    this.#proposer.logged();
    this.#batchApplier.apply(batch);
  }

  #batchApplied(batch: Batch): void {
    this.#preparer.outstanding.applied(this.state.lastZxid);
    this.connections.flush();
    if (batch.frame !== null) {
      this.digests.note(this.state.lastZxid, this.state.tree.digest.value);
      this.#snapshotter.batchApplied(batch.txnCount, batch.frame.length);
    }
    batch.release();
    this.connections.relieve();
    if (this.#peer.state === 'draining' && this.#proposer.isIdle) {
      this.#peer.send({ type: 'requests.drained' });
    }
  }

  #noteFlush(ms: number): void {
    this.counters.flush.note(ms);
    if (ms <= this.settings.fsyncWarningThresholdMs) return;
    this.counters.slowFlushes++;
    this.#parts.notes.warn('a flush of the log took long', { ms: Math.round(ms) });
  }

  #storageFailed(reason: Error): void {
    this.#peer.send({ type: 'storage.failed', reason: reason.message });
  }

  // The peer's effects.

  #agreeOnSecret(): void {
    if (this.state.secret !== null) {
      this.#peer.send({ type: 'secret.agreed' });
      return;
    }
    const body = new JuteWriter(64).bytes(this.#parts.random.bytes(secretBytes)).copy();
    const nowMs = this.clock.monotonicMs();
    this.#proposer.submit(PendingRequest.internal(nobody, Opcode.setSecret, body, nowMs));
  }

  async #startServing(): Promise<void> {
    try {
      await this.#parts.stores.snapshots.endReading();
      if (!this.isServing) return;
      this.sessions.restore();
      this.#tracker.start();
      this.#containers.start();
      const listener = await this.#parts.listen((socket) => {
        const auth = new Authenticator(this.settings, this.#parts.random, socket.remoteAddress);
        const watcher = this.connections.nextWatcher();
        const connection = new Connection(socket, watcher, auth, this.#connectionPorts);
        this.watches.addWatcher(watcher, connection);
        this.connections.add(connection);
      });
      if (!this.isServing) return void (await listener.close());
      this.#listener = listener;
      this.#whenServing?.resolve();
    } catch (failure) {
      if (failure instanceof WriteFailure) this.#storageFailed(failure);
      this.#whenServing?.reject(failure as Error);
    }
  }

  #stopServing(): void {
    void this.#listener?.close();
    this.#tracker.stop();
    this.#containers.stop();
    this.connections.holdInput();
  }

  #drain(): void {
    if (this.#proposer.isIdle) this.#peer.send({ type: 'requests.drained' });
  }

  async #closeStorage(): Promise<void> {
    await this.#starting;
    this.connections.stop();
    await this.#snapshotter.settled();
    await this.#parts.stores.close();
    await this.#parts.bus.close();
    this.#whenStopped?.();
  }

  #abort(reason: string): void {
    this.#logWriter.halt();
    this.#stopServing();
    this.connections.stop();
    this.#parts.notes.error('this replica ends: its storage failed', { reason });
    this.#parts.aborted(reason);
  }
}
