/**
 * The way of a write through one replica: prepared on the leader, logged, applied where it is
 * committed, noted in digests and snapshots. Leader, learner and standalone replica share it; what
 * they add is who says that a batch is committed.
 */

import { formatZxid } from '../protocol/zxid.ts';
import { AccessControl, type AclSchemes } from '../storage/acl.ts';
import { Applier } from '../storage/apply.ts';
import { Preparer } from '../storage/prepare.ts';
import type { ReconfigPort } from '../storage/prepare-context.ts';
import { recover } from '../storage/recovery.ts';
import type { ReplicatedState } from '../storage/replicated-state.ts';
import type { Stores } from '../storage/stores.ts';
import { isValidAclId, matches } from './acl-schemes.ts';
import { BatchApplier, type BatchApplierPorts } from './applier.ts';
import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';
import { DigestHistory } from './digest-history.ts';
import { History } from './history.ts';
import { localSessionsPort } from './local-sessions.ts';
import type { Notes } from './note.ts';
import { isDistributed, type Settings } from './settings.ts';
import { Snapshotter } from './snapshotter.ts';
import type { Tap } from './tap.ts';
import type { Watches } from './watches.ts';

export interface WritePathParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly stores: Stores;
  readonly notes: Notes;
  readonly counters: Counters;
  readonly watches: Watches;
  /** Names this process in txns. */
  readonly origin: number;
  readonly tap: Tap;
}

export interface WritePathPorts extends BatchApplierPorts {
  readonly reconfig: ReconfigPort;
  /** All up to this txn is durable here. */
  logged(zxid: number): void;
  /** A batch is applied, and everybody who waited for it is answered. */
  applied(): void;
  failed(reason: Error): void;
  /** Txns above this one must stay in the log. */
  claimedZxid(): number;
}

export class WritePath {
  readonly state: ReplicatedState;
  readonly access: AccessControl;
  readonly preparer: Preparer;
  readonly history: History;
  readonly snapshotter: Snapshotter;
  readonly digests: DigestHistory;
  readonly #parts: WritePathParts;
  readonly #ports: WritePathPorts;

  /** Recovers the state from the stores; throws StorageError when they cannot be used. */
  constructor(parts: WritePathParts, ports: WritePathPorts) {
    const { settings, clock, stores, notes, watches, origin, tap } = parts;
    this.#parts = parts;
    this.#ports = ports;
    this.state = this.#recover();
    this.digests = new DigestHistory(this.state.lastZxid);
    const schemes: AclSchemes = {
      isValidId: isValidAclId,
      matches: (scheme, id, identity) => matches(scheme, id, identity, settings),
    };
    this.access = new AccessControl(this.state.tree.acls, schemes, settings.skipAcl);
    const local = localSessionsPort(settings, (id) => ports.session(id));
    this.preparer = new Preparer(this.state, this.access, settings, ports.reconfig, local);
    const applier = new BatchApplier(origin, new Applier(this.state, watches), {
      ...ports,
      sessionCreated: (id, timeoutMs) => {
        this.preparer.outstanding.opening.delete(id);
        ports.sessionCreated(id, timeoutMs);
      },
      sessionClosed: (id, byClient) => {
        this.preparer.outstanding.closing.delete(id);
        ports.sessionClosed(id, byClient);
      },
    });
    this.history = new History(this.state, stores.log, applier, clock, {
      logged: (zxid) => ports.logged(zxid),
      failed: (reason) => ports.failed(reason),
      damaged: ({ message }) =>
        notes.error('the log is damaged: who needs that part gets a snapshot', { reason: message }),
      flushTook: (ms) => this.#noteFlush(ms),
      applied: (txnCount, bytes) => this.#applied(txnCount, bytes),
    });
    this.snapshotter = new Snapshotter(
      this.state,
      stores,
      clock,
      { txnsMax: settings.snapCount, bytesMax: settings.snapBytes },
      {
        failed: (reason) => ports.failed(reason),
        note: (message) => notes.info(message),
        claimedZxid: () => ports.claimedZxid(),
      },
      tap,
    );
  }

  /** Where the replica stands: its epoch, and what is applied. */
  get place(): { readonly epoch: number; readonly zxid: number } {
    return { epoch: this.history.promises.currentEpoch, zxid: this.state.lastZxid };
  }

  #recover(): ReplicatedState {
    const { stores, notes, clock, settings } = this.#parts;
    const startedMs = clock.monotonicMs();
    const { log } = stores;
    // The end of a member's log may not be committed: it waits for the next leader's word.
    const upTo = isDistributed(settings) ? { upTo: log.committedZxid } : {};
    const { state, snapshotZxid, txnsReplayed } = recover(stores.snapshots, log, upTo);
    notes.info('recovered', {
      zxid: formatZxid(state.lastZxid),
      snapshot: formatZxid(snapshotZxid),
      log: formatZxid(log.lastZxid),
      txns: txnsReplayed,
      znodes: state.tree.count,
      ms: Math.round(clock.monotonicMs() - startedMs),
    });
    if (log.trimmed) notes.warn('the end of the log was torn and is cut off', { at: log.trimmed });
    return state;
  }

  #applied(txnCount: number, bytes: number): void {
    const { lastZxid, tree } = this.state;
    this.#parts.counters.txnsApplied += txnCount;
    this.preparer.outstanding.applied(lastZxid);
    this.digests.note(lastZxid, tree.digest.value);
    this.snapshotter.batchApplied(txnCount, bytes);
    this.#ports.applied();
  }

  #noteFlush(ms: number): void {
    const { counters, settings, notes } = this.#parts;
    counters.flush.note(ms);
    if (ms <= settings.fsyncWarningThresholdMs) return;
    counters.slowFlushes++;
    notes.warn('a flush of the log took long', { ms: Math.round(ms) });
  }
}
