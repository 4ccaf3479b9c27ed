/**
 * Apply: a committed txn changes the replicated state. It never fails: all that could was decided
 * by prepare. It is idempotent, so that a log may be replayed over a state that holds part of it:
 * what exists is not made again, what is gone is not removed again, counters only rise (spec 7.4).
 *
 * Changes are told to a listener in the order in which watches must fire: the znode's own, then its
 * parent's list of children.
 */

import { assert } from '../protocol/assert.ts';
import { JuteReader, type JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { statBytes } from '../protocol/record.ts';
import { sessionIdFromHalves } from '../protocol/session-id.ts';
import { Txn } from '../protocol/txn.ts';
import type { ReplicatedState } from './replicated-state.ts';
import { emptyInit, type ZnodeInit } from './tree.ts';
import { Field, Flag, noSlot } from './znode-rows.ts';

/** Hears of each change of the tree; the path lies at start..end of bytes. */
export interface TreeListener {
  created(bytes: Buffer, start: number, end: number, aclId: number): void;
  deleted(bytes: Buffer, start: number, end: number, aclId: number): void;
  dataChanged(bytes: Buffer, start: number, end: number, aclId: number): void;
  childrenChanged(bytes: Buffer, start: number, end: number, aclId: number): void;
}

const slash = 0x2f;

export class Applier {
  readonly #state: ReplicatedState;
  readonly #listener: TreeListener;
  readonly #part = new Txn();
  readonly #partReader = new JuteReader();
  readonly #init = emptyInit();

  constructor(state: ReplicatedState, listener: TreeListener) {
    this.#state = state;
    this.#listener = listener;
  }

  /**
   * Applies `txn` and appends the body of its reply to `reply`, if there is somebody to answer.
   * @returns the error code of the reply header; a failed multi has 0, its errors are in the body
   */
  apply(txn: Txn, reply: JuteWriter | null): number {
    assert(txn.zxid > this.#state.lastZxid, 'apply: txns come in zxid order, each once');
    const error = this.#applyBody(txn, reply);
    this.#state.lastZxid = txn.zxid;
    return error;
  }

  #applyBody(txn: Txn, reply: JuteWriter | null): number {
    switch (txn.type) {
      case Opcode.error:
        return txn.err;
      case Opcode.sync:
        // The body is the path, null or not; so is the reply.
        reply?.raw(txn.buffer, txn.bodyStart, txn.bodyEnd);
        return 0;
      case Opcode.multi:
        this.#applyMulti(txn, reply);
        return 0;
      case Opcode.createSession:
        this.#state.sessions.set(
          sessionIdFromHalves(txn.sessionHigh, txn.sessionLow),
          txn.timeoutMs,
        );
        return 0;
      case Opcode.moveSession:
        this.#moveSession(txn);
        return 0;
      case Opcode.closeSession:
        this.#closeSession(txn);
        return 0;
      case Opcode.setSecret:
        this.#setSecret(txn);
        return 0;
      default:
        this.#applyChange(txn, reply);
        return 0;
    }
  }

  #applyChange(txn: Txn, reply: JuteWriter | null): void {
    switch (txn.type) {
      case Opcode.create:
      case Opcode.create2:
      case Opcode.createContainer:
      case Opcode.createTtl:
        this.#create(txn, reply);
        break;
      case Opcode.delete:
      case Opcode.deleteContainer:
        this.#delete(txn.buffer, txn.pathStart, txn.pathEnd, txn.zxid);
        break;
      case Opcode.setData:
      case Opcode.setMembership:
        this.#setData(txn, reply);
        break;
      case Opcode.reconfig:
        reply?.slice(txn.buffer, txn.dataStart, txn.dataEnd);
        this.#setData(txn, reply);
        break;
      case Opcode.setAcl:
        this.#setAcl(txn, reply);
        break;
      default:
        assert(txn.type === Opcode.check, `apply: txn type ${txn.type} is known`);
    }
  }

  /** Where the name starts in a path: behind its last slash. */
  #nameStart(bytes: Buffer, start: number, end: number): number {
    const at = bytes.lastIndexOf(slash, end - 1);
    assert(at >= start, 'apply: the path of a txn is absolute');
    return at + 1;
  }

  #create(txn: Txn, reply: JuteWriter | null): void {
    const { tree } = this.#state;
    const { buffer, pathStart, pathEnd } = txn;
    const nameStart = this.#nameStart(buffer, pathStart, pathEnd);
    const parentEnd = Math.max(nameStart - 1, pathStart + 1);
    const parent = tree.find(buffer, pathStart, parentEnd);
    if (parent === noSlot || this.#isNewer(parent, txn.zxid)) return;
    let slot = tree.find(buffer, pathStart, pathEnd);
    if (slot === noSlot) {
      const aclId = tree.acls.internEncoded(buffer, txn.aclStart, txn.aclEnd);
      slot = tree.insert(parent, buffer, nameStart, pathEnd, this.#initOf(txn, aclId));
      tree.noteChildChange(parent, txn.parentCreates, txn.zxid);
      assert(tree.firstChild(parent) === slot, 'apply: what is created is a child of its parent');
      const bytes = Math.max(txn.dataEnd - txn.dataStart, 0);
      this.#state.quotas.created(buffer, pathStart, pathEnd, bytes);
      this.#listener.created(buffer, pathStart, pathEnd, aclId);
      const parentAcl = tree.rows.int(parent, Field.acl);
      this.#listener.childrenChanged(buffer, pathStart, parentEnd, parentAcl);
    } else tree.noteChildChange(parent, txn.parentCreates, txn.zxid);
    if (reply === null) return;
    reply.slice(buffer, pathStart, pathEnd);
    if (txn.type !== Opcode.create) this.#writeStat(slot, reply);
  }

  /** In a replay: was the znode made after this txn, in place of the one that the txn speaks of? */
  #isNewer(slot: number, zxid: number): boolean {
    const { rows } = this.#state.tree;
    const czxid = rows.wireLong(slot, Field.czxid);
    return czxid > zxid;
  }

  /** In a replay: the multi that speaks has made it anew, and children have come since. */
  #isRemade(slot: number, zxid: number): boolean {
    const { rows } = this.#state.tree;
    const czxid = rows.wireLong(slot, Field.czxid);
    return czxid === zxid && rows.wireInt(slot, Field.numChildren) > 0;
  }

  #initOf(txn: Txn, aclId: number): ZnodeInit {
    const init = this.#init;
    init.dataStart = txn.dataStart;
    init.dataEnd = txn.dataEnd;
    init.aclId = aclId;
    init.zxid = txn.zxid;
    init.time = txn.time;
    init.ownerHigh = txn.ephemeral ? txn.sessionHigh : 0;
    init.ownerLow = txn.ephemeral ? txn.sessionLow : 0;
    init.ttl = txn.ttl;
    init.kind = txn.ephemeral
      ? Flag.ephemeral
      : txn.type === Opcode.createContainer
        ? Flag.container
        : txn.type === Opcode.createTtl
          ? Flag.ttl
          : 0;
    return init;
  }

  #delete(bytes: Buffer, start: number, end: number, zxid: number): void {
    const { tree } = this.#state;
    const nameStart = this.#nameStart(bytes, start, end);
    const parentEnd = Math.max(nameStart - 1, start + 1);
    const parent = tree.find(bytes, start, parentEnd);
    const slot = tree.find(bytes, start, end);
    if (slot === noSlot || this.#isNewer(slot, zxid) || this.#isRemade(slot, zxid)) {
      if (parent !== noSlot) tree.noteChildChange(parent, 0, zxid);
      return;
    }
    assert(parent === tree.parent(slot), 'apply: a path leads to a znode over its parent');
    const aclId = tree.rows.int(slot, Field.acl);
    const size = tree.rows.wireInt(slot, Field.dataLength);
    // Whoever is told still asks for it.
    tree.acls.retain(aclId);
    tree.remove(slot);
    tree.noteChildChange(parent, 0, zxid);
    this.#state.quotas.deleted(bytes, start, end, size);
    this.#listener.deleted(bytes, start, end, aclId);
    this.#listener.childrenChanged(bytes, start, parentEnd, tree.rows.int(parent, Field.acl));
    tree.acls.release(aclId);
  }

  #setData(txn: Txn, reply: JuteWriter | null): void {
    const { tree } = this.#state;
    const { buffer, pathStart, pathEnd } = txn;
    const slot = tree.find(buffer, pathStart, pathEnd);
    if (slot === noSlot || this.#isNewer(slot, txn.zxid)) return;
    const before = tree.rows.wireInt(slot, Field.dataLength);
    tree.replaceData(slot, buffer, txn.dataStart, txn.dataEnd);
    tree.stampData(slot, txn.version, txn.zxid, txn.time);
    const after = tree.rows.wireInt(slot, Field.dataLength);
    assert(after === Math.max(txn.dataEnd - txn.dataStart, 0), 'apply: data are those of the txn');
    this.#state.quotas.dataChanged(buffer, pathStart, pathEnd, after - before);
    this.#listener.dataChanged(buffer, pathStart, pathEnd, tree.rows.int(slot, Field.acl));
    if (reply !== null) this.#writeStat(slot, reply);
  }

  #setAcl(txn: Txn, reply: JuteWriter | null): void {
    const { tree } = this.#state;
    const slot = tree.find(txn.buffer, txn.pathStart, txn.pathEnd);
    if (slot === noSlot || this.#isNewer(slot, txn.zxid)) return;
    const aclId = tree.acls.internEncoded(txn.buffer, txn.aclStart, txn.aclEnd);
    tree.setAcl(slot, aclId, txn.version);
    assert(tree.rows.int(slot, Field.acl) === aclId, 'apply: an ACL is that of its txn');
    if (reply !== null) this.#writeStat(slot, reply);
  }

  #writeStat(slot: number, reply: JuteWriter): void {
    assert(slot !== noSlot, 'apply: whose Stat is told is there');
    reply.reserve(statBytes);
    this.#state.tree.copyStat(slot, reply.buffer, reply.length);
    reply.length += statBytes;
  }

  #applyMulti(txn: Txn, reply: JuteWriter | null): void {
    const part = this.#part;
    const reader = this.#partReader.reset(txn.buffer, txn.bodyStart, txn.bodyEnd);
    part.zxid = txn.zxid;
    part.time = txn.time;
    part.sessionHigh = txn.sessionHigh;
    part.sessionLow = txn.sessionLow;
    for (let left = reader.int(); left > 0; left--) {
      part.type = reader.int();
      const end = reader.int() + reader.position;
      assert(end <= txn.bodyEnd, 'apply: the parts of a multi lie inside it');
      part.readBody(reader, end);
      reader.position = end;
      const error = part.type === Opcode.error;
      reply
        ?.int(resultType(part.type))
        .boolean(false)
        .int(error ? part.err : 0);
      if (error) reply?.int(part.err);
      else this.#applyChange(part, reply);
    }
    assert(reader.position === txn.bodyEnd, 'apply: a multi is its parts and nothing else');
    reply?.int(-1).boolean(true).int(-1);
  }

  /**
   * Removes the listed ephemerals; any other that the session still owns goes too (ZOOKEEPER-3145).
   */
  #closeSession(txn: Txn): void {
    const { tree, sessions } = this.#state;
    const session = sessionIdFromHalves(txn.sessionHigh, txn.sessionLow);
    const reader = this.#partReader.reset(txn.buffer, txn.bodyStart, txn.bodyEnd);
    for (let left = reader.int(); left > 0; left--) {
      reader.range();
      this.#delete(txn.buffer, reader.start, reader.stop, txn.zxid);
    }
    for (const slot of [...tree.special.ephemeralsOf(session)]) {
      const path = Buffer.from(tree.path(slot));
      this.#delete(path, 0, path.length, txn.zxid);
    }
    sessions.delete(session);
    assert(!sessions.has(session), 'apply: a session that is closed is gone');
  }

  /** It goes on at another replica, with the timeout that was agreed upon there. */
  #moveSession({ sessionHigh, sessionLow, timeoutMs }: Txn): void {
    const id = sessionIdFromHalves(sessionHigh, sessionLow);
    if (timeoutMs >= 0 && this.#state.sessions.has(id)) this.#state.sessions.set(id, timeoutMs);
  }

  /** The first secret stays: a second leader that proposes one must not lock clients out. */
  #setSecret(txn: Txn): void {
    if (this.#state.secret !== null) return;
    const reader = this.#partReader.reset(txn.buffer, txn.bodyStart, txn.bodyEnd);
    const secret = reader.bytes();
    assert(secret !== null, 'apply: a secret has bytes');
    assert(secret.length > 0, 'apply: a secret is not empty');
    this.#state.secret = Buffer.from(secret);
  }
}

/** Under which type a multi answers a part: all creates with a Stat come as create2 (spec 1.8). */
function resultType(type: number): number {
  return type === Opcode.createContainer || type === Opcode.createTtl ? Opcode.create2 : type;
}

/** For replay: nobody watches. */
export const silentListener: TreeListener = {
  created() {},
  deleted() {},
  dataChanged() {},
  childrenChanged() {},
};
