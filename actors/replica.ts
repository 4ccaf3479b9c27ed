/**
 * Wires one replica together: the only file that knows all the actors. What it must not make itself
 * (time, chance, bus, stores, sockets, log lines) is handed in, so that production, simulator and
 * tests run the same replica. Hosts the peer's machine.
 */

import { peerMachine } from '../machines/peer.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import { WriteFailure } from '../storage/storage-error.ts';
import type { Stores } from '../storage/stores.ts';
import { Clients } from './clients.ts';
import type { Clock, Timer } from './clock.ts';
import { Counters } from './counters.ts';
import { Deciders } from './deciders.ts';
import { Ensemble } from './ensemble.ts';
import { Founding } from './founding.ts';
import { MachineHost } from './host.ts';
import { Inspector } from './inspect/inspector.ts';
import { Members } from './members.ts';
import { nobody, PendingRequest } from './pending-request.ts';
import { Post } from './post.ts';
import { doorOf, isServingIn, modeOf, type ReplicaMode } from './replica-mode.ts';
import type { ReplicaParts } from './replica-parts.ts';
import { isDistributed, type Settings } from './settings.ts';
import { SnapshotIntake } from './snapshot-intake.ts';
import { Standalone } from './standalone.ts';
import type { Tap } from './tap.ts';
import { Watches } from './watches.ts';
import { WritePath, type WritePathPorts } from './write-path.ts';

/** How long a stop may wait for what is in flight, and how often what is committed is noted. */
const drainMs = 2000;
const noteCommittedMs = 1000;

export class Replica {
  readonly settings: Settings;
  readonly counters = new Counters();
  readonly writePath: WritePath;
  readonly clients: Clients;
  readonly startedMs: number;
  readonly members: Members;
  readonly ensemble: Ensemble | null;
  readonly inspector: Inspector;
  readonly #parts: ReplicaParts<Replica>;
  readonly #standalone: Standalone | null;
  readonly #deciders: Deciders;
  readonly #founding: Founding;
  readonly #peer: MachineHost<typeof peerMachine>;
  readonly #timers: Timer[] = [];
  /** Settles when nothing of the start goes on any more; a stop may come before that. */
  #starting: Promise<void> = Promise.resolve();
  #whenServing: { resolve: () => void; reject: (reason: Error) => void } | null = null;
  #whenStopped: (() => void) | null = null;
  #stopped: Promise<void> | null = null;
  /** It was made anew: another has taken its place. */
  #hasEnded = false;

  /** Recovers the state from the stores; throws StorageError when they cannot be used. */
  constructor(parts: ReplicaParts<Replica>) {
    const { settings, clock, stores, notes, random } = parts;
    this.#parts = parts;
    this.settings = settings;
    this.startedMs = clock.monotonicMs();
    // One byte of sid, three of chance: the process, as txns and frames name it.
    const origin = ((settings.sid || 1) << 24) | (random.bytes(3).readUIntBE(0, 3) | 1);
    this.inspector = new Inspector(clock, notes, settings.sid || 1, origin);
    const { tap } = this.inspector;
    const watches = new Watches(tap);
    const { counters } = this;
    this.writePath = new WritePath(
      { settings, clock, stores, notes, counters, watches, origin, tap },
      this.#writePathPorts(),
    );
    this.members = new Members(this.state, settings);
    this.clients = new Clients(
      {
        ...{ ...parts, counters, watches, origin, tap },
        ...{ state: this.state, access: this.writePath.access },
      },
      {
        submit: (request) => this.#submit(request),
        revalidate: (question) => {
          if (this.ensemble !== null) this.ensemble.revalidate(question);
          else question.done(this.sessions.isAlive(question.session.id));
        },
        door: () => doorOf(this.#peer.state, this.state.secret !== null),
        isOverloaded: () => this.#isOverloaded,
      },
    );
    this.#deciders = new Deciders(
      settings,
      { sessions: this.sessions, tree: this.state.tree, clock },
      (request) => this.#submit(request),
      tap,
    );
    this.#standalone = isDistributed(settings)
      ? null
      : new Standalone(this.writePath.preparer, this.history, clock);
    this.ensemble = this.#standalone === null ? this.#makeEnsemble(origin, tap) : null;
    this.#founding = new Founding(
      {
        ...{ state: this.state, members: this.members, settings, random },
        hasMembers: this.ensemble !== null,
      },
      {
        submit: (op, body) =>
          this.#submit(PendingRequest.internal(nobody, op, body, clock.monotonicMs())),
        founded: () =>
          this.#peer.send({ type: this.ensemble === null ? 'secret.agreed' : 'role.established' }),
      },
    );
    this.#peer = this.#makePeer(tap);
    this.inspector.place = () => this.writePath.place;
  }

  /** Serves clients once it resolves, or, in an ensemble, listens to them. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#whenServing = { resolve, reject };
      this.#peer.send({ type: 'state.recovered', isDistributed: this.ensemble !== null });
    });
  }

  /** Finishes what is in flight, then resolves; asked again, it is the same stop. */
  stop(): Promise<void> {
    this.#stopped ??= new Promise((resolve) => {
      if (this.#hasEnded) return resolve();
      this.#whenStopped = resolve;
      this.#peer.send({ type: 'stop.requested' });
    });
    return this.#stopped;
  }

  get state(): ReplicatedState {
    return this.writePath.state;
  }

  get history(): WritePath['history'] {
    return this.writePath.history;
  }

  get stateName(): string {
    return this.#peer.state;
  }

  get isServing(): boolean {
    return isServingIn(this.#peer.state);
  }

  get mode(): ReplicaMode {
    return modeOf(this.#peer.state);
  }

  get sessions(): Clients['sessions'] {
    return this.clients.sessions;
  }

  get stores(): Stores {
    return this.#parts.stores;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get address(): { readonly host: string; readonly port: number } | null {
    return this.clients.address;
  }

  get isReadOnly(): boolean {
    return this.mode === 'read-only';
  }

  /** Also one that does not serve: else it might never be done. */
  get #isOverloaded(): boolean {
    if (this.isReadOnly) return false;
    if (!this.isServing) return true;
    return this.#standalone?.isOverloaded ?? this.ensemble!.isOverloaded;
  }

  #submit(request: PendingRequest): void {
    if (this.#standalone !== null) this.#standalone.submit(request);
    else this.ensemble!.submit(request);
  }

  #writePathPorts(): WritePathPorts {
    const current = () => (this.ensemble === null ? null : this.members.current);
    const members = () => this.members;
    return {
      reconfig: {
        get current() {
          return current();
        },
        get isPending() {
          return members().pending !== null;
        },
        isQuorumSynced: (next) => this.ensemble!.isQuorumSynced(next),
        proposed: (next) => this.ensemble!.reconfigProposed(next),
      },
      session: (id) => this.sessions.get(id),
      sessionCreated: (id, timeoutMs) => this.sessions.created(id, timeoutMs),
      sessionMoved: (id, timeoutMs, holder) => {
        this.sessions.moved(id, timeoutMs, holder);
        this.ensemble?.sessionMoved(id, timeoutMs >= 0, holder);
      },
      sessionClosed: (id, byClient) => {
        this.ensemble?.leader?.sessionClosed(id);
        this.sessions.closed(id, byClient);
      },
      secretAgreed: () => this.#founding.check(),
      membershipChanged: () => this.#membershipChanged(),
      logged: (zxid) => {
        this.#standalone?.logged(zxid);
        this.ensemble?.logged(zxid);
      },
      applied: () => this.#applied(),
      failed: (reason) => this.#storageFailed(reason),
      claimedZxid: () => this.ensemble?.leader?.claims.zxid ?? Number.POSITIVE_INFINITY,
    };
  }

  #makeEnsemble(origin: number, tap: Tap): Ensemble {
    const { settings, clock, random, notes, stores, links } = this.#parts;
    if (links === null) throw new Error('replica: a member of an ensemble has a bus');
    const { ensemble, sid } = settings;
    const post = new Post({ ensemble, sid, origin }, links, clock, notes, tap);
    const intake = new SnapshotIntake(stores.snapshots, this.history, (reason) =>
      this.#storageFailed(reason),
    );
    const { history, sessions, members } = this;
    return new Ensemble(
      {
        ...{ settings, clock, random, notes, post, history, sessions, members, intake, tap },
        preparer: this.writePath.preparer,
      },
      {
        elected: (role, leader) => this.#peer.send({ type: 'leader.elected', role, leader }),
        established: () => {
          const { isLeading, leader } = this.ensemble!;
          this.#founding.begin(isLeading, leader?.epoch ?? 0);
        },
        ended: () => this.#peer.send({ type: 'role.ended' }),
        patienceExhausted: () =>
          this.#peer.send({
            type: 'patience.exhausted',
            mayReadOnly: settings.readOnlyModeEnabled,
          }),
        snapshotReceived: () => this.#peer.send({ type: 'snapshot.received' }),
        twinFound: (description) => this.#refuse(description),
        openSnapshot: (opened) =>
          void this.writePath.snapshotter
            .openForReading(opened)
            .catch((failure: Error) => this.#storageFailed(failure)),
        lastDigest: () => this.writePath.digests.last,
        digestAt: (zxid) => this.writePath.digests.at(zxid),
        digestDiffers: () => void this.counters.digestMismatches++,
      },
    );
  }

  #makePeer(tap: Tap): MachineHost<typeof peerMachine> {
    return new MachineHost(
      peerMachine,
      {
        agreeOnSecret: () => this.#founding.begin(true, 0),
        startServing: () => this.#startServing(),
        startMember: () => this.#startMember(),
        stopServing: () => this.#stopServing(),
        holdClients: () => this.clients.hold(),
        releaseClients: () => this.#releaseClients(),
        dropClients: () => this.clients.drop(),
        // Who wants to read only comes again and says so.
        startReadOnly: () => this.clients.drop(),
        stopReadOnly: () => this.clients.dropReadOnly(),
        settleLog: () => this.history.settle(() => this.#peer.send({ type: 'log.settled' })),
        startElection: () => this.ensemble!.startElection(),
        startTerm: () => this.ensemble!.startTerm(),
        startLink: ({ leader }: { leader: number }) => this.ensemble!.startLink(leader),
        endRole: () => this.#endRole(),
        drainRequests: () => this.#drain(),
        closeStorage: () => void this.#closeStorage(),
        rebuildReplica: () => void this.#rebuild(),
        abortReplica: ({ reason }: { reason: string }) => this.#abort(reason),
      },
      { tap },
    );
  }

  #applied(): void {
    this.clients.connections.flush();
    this.clients.release();
    if (this.#peer.state === 'draining') this.#drainIfDone();
  }

  #storageFailed(reason: Error): void {
    this.#peer.send({ type: 'storage.failed', reason: reason.message });
  }

  #membershipChanged(): void {
    this.members.refresh();
    this.ensemble?.membershipChanged();
    this.#parts.membershipChanged?.(this.members.current.servers);
    this.#founding.check();
  }

  // The peer's effects.

  #startServing(): void {
    this.#starting = this.#open(() => this.#deciders.start());
  }

  #startMember(): void {
    this.#starting = this.#open(() => this.ensemble!.open());
  }

  async #open(begin: () => void): Promise<void> {
    try {
      await this.#parts.stores.snapshots.endReading();
      if (this.#stopped !== null) return;
      this.sessions.restore();
      this.#timers.push(this.clock.every(noteCommittedMs, () => this.history.noteCommitted()));
      begin();
      await this.clients.open(this.#parts.makeWords(this));
      this.#whenServing?.resolve();
    } catch (failure) {
      if (failure instanceof WriteFailure) this.#storageFailed(failure);
      this.#whenServing?.reject(failure as Error);
    }
  }

  #releaseClients(): void {
    this.sessions.resubmit(this.history.unapplied());
    if (this.ensemble!.isLeading) this.#deciders.start();
    this.clients.release();
  }

  #endRole(): void {
    this.#founding.end();
    this.#deciders.stop();
    this.sessions.withdrawExpiries();
    this.ensemble!.endRole();
  }

  #stopServing(): void {
    this.clients.closePort();
    this.#deciders.stop();
  }

  #drain(): void {
    this.#timers.push(this.clock.after(drainMs, () => this.#peer.send({ type: 'drain.timedOut' })));
    this.#drainIfDone();
  }

  #drainIfDone(): void {
    const isIdle = this.#standalone?.isIdle ?? this.ensemble!.leader?.isIdle ?? true;
    if (isIdle && this.history.isIdle) this.#peer.send({ type: 'requests.drained' });
  }

  async #closeStorage(): Promise<void> {
    await this.#end();
    this.#whenStopped?.();
  }

  /** Nothing goes on any more once it resolves. */
  async #end(): Promise<void> {
    this.ensemble?.close();
    for (const timer of this.#timers) timer.cancel();
    await this.#starting;
    this.clients.stop();
    await this.writePath.snapshotter.settled();
    await this.#parts.stores.close();
    const { links } = this.#parts;
    if (links === null) return;
    const all = [links.zab, links.election, links.bulk, links.system];
    for (const bus of new Set(all)) await bus?.close();
  }

  async #rebuild(): Promise<void> {
    this.#parts.notes.info('a snapshot of the leader takes the place of all that was here');
    this.#deciders.stop();
    await this.#end();
    this.#hasEnded = true;
    if (this.#whenStopped !== null) this.#whenStopped();
    else this.#parts.rebuild?.();
  }

  #refuse(reason: string): void {
    void this.stop().then(() => this.#parts.refused?.(reason));
  }

  #abort(reason: string): void {
    this.history.halt();
    this.ensemble?.close();
    this.#stopServing();
    this.clients.stop();
    this.#parts.notes.error('this replica ends: its storage failed', { reason });
    this.#parts.aborted(reason);
  }
}
