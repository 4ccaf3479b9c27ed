/**
 * The tree as it will look once all prepared txns are applied: the committed tree, plus one record
 * for each znode that a prepared txn touches (ZooKeeper's outstandingChanges). Only prepare reads
 * it.
 *
 * A record leaves when the last txn that touched it has been applied. A multi that fails takes back
 * exactly its own changes, and none of earlier requests (ZOOKEEPER-1624).
 */

import { assert } from '../protocol/assert.ts';
import { sessionIdFromHalves } from '../protocol/session-id.ts';
import type { Tree } from './tree.ts';
import { Field, Flag, noSlot } from './znode-rows.ts';

/** What prepare must know of a znode, and what pending txns have made of it. */
export interface ChangeRecord {
  path: string;
  exists: boolean;
  version: number;
  aversion: number;
  childCreates: number;
  childCount: number;
  aclId: number;
  /** Session that owns it, if it is an ephemeral; '' otherwise. */
  owner: string;
  /** `Flag.container` or `Flag.ttl` if it is one of these. */
  kind: number;
  dataLength: number;
  /** Last txn that touched it; 0 for a record that is not in the overlay. */
  zxid: number;
}

function emptyRecord(path: string): ChangeRecord {
  return {
    path,
    exists: false,
    version: 0,
    aversion: 0,
    childCreates: 0,
    childCount: 0,
    aclId: 0,
    owner: '',
    kind: 0,
    dataLength: 0,
    zxid: 0,
  };
}

const disposable = Flag.container | Flag.ttl;

interface UndoEntry {
  readonly path: string;
  /** The record as it was before, its ACL retained; null when the overlay had none. */
  readonly before: ChangeRecord | null;
}

export class Outstanding {
  readonly #tree: Tree;
  /** Invariant: the ACL of each is retained, so that it outlives the znodes that had it before. */
  readonly #records = new Map<string, ChangeRecord>();
  /** Touched records in zxid order: filled by `touch`, drained by `applied`. */
  #queue: { record: ChangeRecord; zxid: number }[] = [];
  #queueHead = 0;
  /** Ephemerals that prepared txns create, by session. */
  readonly #ephemerals = new Map<string, Set<string>>();
  /** Sessions with a prepared createSession: a replica elsewhere may have applied it already. */
  readonly opening = new Set<string>();
  /** Sessions with a prepared closeSession. */
  readonly closing = new Set<string>();
  #undo: UndoEntry[] | null = null;

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  get isEmpty(): boolean {
    return this.#queueHead === this.#queue.length;
  }

  /**
   * The record of the path at `start`..`end` of `bytes`, `path` being the same as a string; null
   * when there is no such znode. Changing the record needs `touch`.
   */
  find(path: string, bytes: Buffer, start: number, end: number): ChangeRecord | null {
    if (this.#records.size > 0) {
      const known = this.#records.get(path);
      if (known !== undefined) return known.exists ? known : null;
    }
    return this.#fromTree(path, this.#tree.find(bytes, start, end));
  }

  findPath(path: string): ChangeRecord | null {
    const known = this.#records.get(path);
    if (known !== undefined) return known.exists ? known : null;
    return this.#fromTree(path, this.#tree.findPath(path));
  }

  #fromTree(path: string, slot: number): ChangeRecord | null {
    if (slot === noSlot) return null;
    const { rows } = this.#tree;
    return {
      path,
      exists: true,
      version: rows.wireInt(slot, Field.version),
      aversion: rows.wireInt(slot, Field.aversion),
      childCreates: rows.int(slot, Field.childCreates),
      childCount: rows.wireInt(slot, Field.numChildren),
      aclId: rows.int(slot, Field.acl),
      owner: this.#ownerOf(slot),
      kind: rows.flags(slot) & disposable,
      dataLength: rows.wireInt(slot, Field.dataLength),
      zxid: 0,
    };
  }

  #ownerOf(slot: number): string {
    const { rows } = this.#tree;
    if ((rows.flags(slot) & Flag.ephemeral) === 0) return '';
    const at = Field.ephemeralOwner;
    return sessionIdFromHalves(rows.wireInt(slot, at), rows.wireInt(slot, at + 4));
  }

  /** The txn `zxid` changes this record: to be called before changing it. */
  touch(record: ChangeRecord, zxid: number): void {
    assert(zxid >= record.zxid, 'outstanding: txns are prepared in zxid order');
    const known = this.#records.get(record.path);
    assert(known === undefined || known === record, 'outstanding: one record per path');
    if (this.#undo !== null) {
      if (known !== undefined) this.#tree.acls.retain(known.aclId);
      this.#undo.push({ path: record.path, before: known === undefined ? null : { ...known } });
    }
    record.zxid = zxid;
    if (known === undefined) {
      this.#tree.acls.retain(record.aclId);
      this.#records.set(record.path, record);
    }
    this.#queue.push({ record, zxid });
  }

  /** A znode will appear at `path`. */
  create(
    path: string,
    zxid: number,
    znode: Pick<ChangeRecord, 'aclId' | 'owner' | 'kind' | 'dataLength'>,
  ): void {
    const record = this.#records.get(path) ?? emptyRecord(path);
    assert(!record.exists, 'outstanding: nothing is created where something is');
    this.touch(record, zxid);
    this.setAcl(record, znode.aclId);
    Object.assign(record, emptyRecord(path), znode, { exists: true, zxid });
    this.#listEphemeral(record);
  }

  /** The znode will have another ACL; the record is touched already. */
  setAcl(record: ChangeRecord, aclId: number): void {
    assert(record.zxid > 0, 'outstanding: who gets an ACL was touched');
    this.#tree.acls.retain(aclId);
    this.#tree.acls.release(record.aclId);
    record.aclId = aclId;
  }

  /** A znode will vanish. */
  remove(record: ChangeRecord, zxid: number): void {
    assert(record.exists, 'outstanding: a znode is removed once');
    assert(record.childCount === 0, 'outstanding: who has children is not removed');
    this.touch(record, zxid);
    this.#unlistEphemeral(record);
    record.exists = false;
  }

  #listEphemeral({ path, owner, exists }: ChangeRecord): void {
    if (owner === '' || !exists) return;
    const paths = this.#ephemerals.get(owner);
    if (paths) paths.add(path);
    else this.#ephemerals.set(owner, new Set([path]));
  }

  #unlistEphemeral({ path, owner }: ChangeRecord): void {
    if (owner === '') return;
    const paths = this.#ephemerals.get(owner);
    if (paths?.delete(path) && paths.size === 0) this.#ephemerals.delete(owner);
  }

  /** Paths of all ephemerals that the session owns once everything prepared is applied. */
  ephemeralsOf(owner: string): string[] {
    const paths = new Set(this.#ephemerals.get(owner));
    for (const slot of this.#tree.special.ephemeralsOf(owner)) {
      const path = this.#tree.path(slot);
      const record = this.#records.get(path);
      // A pending delete takes it off, with or without a create by somebody else behind it.
      if (record === undefined || (record.exists && record.owner === owner)) paths.add(path);
    }
    return [...paths];
  }

  /** Starts to note what a multi changes, so that it can be taken back. */
  beginUndo(): void {
    assert(this.#undo === null, 'outstanding: one multi is prepared at a time');
    this.#undo = [];
  }

  /** Ends a multi: its changes stay, or all of them are taken back. */
  endUndo(takeBack: boolean): void {
    const undo = this.#undo ?? [];
    const { acls } = this.#tree;
    this.#undo = null;
    if (!takeBack) {
      for (const { before } of undo) if (before !== null) acls.release(before.aclId);
      return;
    }
    this.#queue.length -= undo.length;
    assert(this.#queueHead <= this.#queue.length, 'outstanding: what is applied is not taken back');
    for (const { path, before } of undo.reverse()) {
      const record = this.#records.get(path);
      assert(record !== undefined, 'outstanding: a record to take back is present');
      this.#unlistEphemeral(record);
      acls.release(record.aclId);
      if (before === null) this.#records.delete(path);
      else {
        assert(before.zxid <= record.zxid, 'outstanding: a multi comes behind what it changes');
        Object.assign(record, before);
        this.#listEphemeral(record);
      }
    }
  }

  /** Every txn up to `zxid` is in the tree now: records without later changes leave. */
  applied(zxid: number): void {
    const queue = this.#queue;
    while (this.#queueHead < queue.length) {
      const { record, zxid: touched } = queue[this.#queueHead]!;
      if (touched > zxid) break;
      this.#queueHead++;
      if (record.zxid <= zxid && this.#records.get(record.path) === record) {
        this.#records.delete(record.path);
        this.#tree.acls.release(record.aclId);
        this.#unlistEphemeral(record);
      }
    }
    if (this.#queueHead === queue.length) {
      assert(this.#records.size === 0, 'outstanding: each record has a txn that waits');
      this.#queue = [];
      this.#queueHead = 0;
    } else if (this.#queueHead > 4096 && this.#queueHead * 2 > queue.length) {
      this.#queue = queue.slice(this.#queueHead);
      this.#queueHead = 0;
    }
  }

  /** The leader lost its role: nothing prepared will be applied. */
  clear(): void {
    assert(this.#undo === null, 'outstanding: no multi is half prepared when all is dropped');
    for (const { aclId } of this.#records.values()) this.#tree.acls.release(aclId);
    this.#records.clear();
    this.#queue = [];
    this.#queueHead = 0;
    this.#ephemerals.clear();
    this.opening.clear();
    this.closing.clear();
  }
}
