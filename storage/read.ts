/**
 * Read requests, answered from the committed tree: the body is written straight into the reply,
 * with data and Stat copied once. A read that may set a watch does so only when it has succeeded,
 * but for `exists`, which also watches a path without a znode (spec 2.5, 3.5).
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, type JuteReader, type JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { Permission, statBytes, writeAcl } from '../protocol/record.ts';
import { writeClientInfos } from '../protocol/replies.ts';
import type { AccessControl } from './acl.ts';
import type { Caller } from './caller.ts';
import { readMultiRead } from './read-multi.ts';
import { answerWatchRequest, type WatchPort } from './read-watches.ts';
import type { ReplicatedState } from './replicated-state.ts';
import { Field, noSlot, rootSlot } from './znode-rows.ts';

/** Who reads: its rights, its session and the number under which its watches are kept. */
export interface ReadOrigin {
  readonly caller: Caller;
  readonly session: string;
  readonly watcher: number;
}

export class TreeReader {
  readonly #state: ReplicatedState;
  readonly #access: AccessControl;
  readonly #watches: WatchPort;

  constructor(state: ReplicatedState, access: AccessControl, watches: WatchPort) {
    this.#state = state;
    this.#access = access;
    this.#watches = watches;
  }

  /**
   * Answers `op`, whose body is at the reader, by appending the reply's body to `reply`.
   * @returns the error code of the reply header; with an error, what was appended is void
   */
  read(op: number, reader: JuteReader, origin: ReadOrigin, reply: JuteWriter): number {
    try {
      return this.#answer(op, reader, origin, reply);
    } catch (failure) {
      if (failure instanceof JuteError) return ErrorCode.marshallingError;
      throw failure;
    }
  }

  #answer(op: number, reader: JuteReader, origin: ReadOrigin, reply: JuteWriter): number {
    switch (op) {
      case Opcode.getData:
        return this.#getData(reader, origin, reply);
      case Opcode.exists:
        return this.#exists(reader, origin, reply);
      case Opcode.getChildren:
      case Opcode.getChildren2:
        return this.#getChildren(op, reader, origin, reply);
      case Opcode.ping:
        return ErrorCode.ok;
      case Opcode.getAcl:
        return this.#getAcl(reader, origin.caller, reply);
      case Opcode.getAllChildrenNumber:
        return this.#getAllChildrenNumber(reader, origin.caller, reply);
      case Opcode.getEphemerals:
        return this.#getEphemerals(reader, origin.session, reply);
      case Opcode.whoAmI:
        return whoAmI(origin.caller, reply);
      case Opcode.multiRead:
        return readMultiRead(reader, reply, (part) => this.#part(part, reader, origin, reply));
      default:
        return answerWatchRequest(
          op,
          reader,
          origin.watcher,
          this.#state.tree,
          this.#watches,
          reply,
        );
    }
  }

  /** One operation of a multiRead; the watch flag is read and has no effect. */
  #part(op: number, reader: JuteReader, origin: ReadOrigin, reply: JuteWriter): number {
    const slot = this.#find(reader);
    reader.boolean();
    const error = this.#readable(slot, origin.caller);
    if (error !== ErrorCode.ok) return error;
    if (op === Opcode.getData) {
      this.#writeData(slot, reply);
      this.#writeStat(slot, reply);
    } else this.#writeChildren(slot, reply);
    return ErrorCode.ok;
  }

  /** Finds the path at the reader, which stays known as the reader's range. */
  #find(reader: JuteReader): number {
    if (reader.range() < 0) throw new JuteError('null path');
    return this.#state.tree.find(reader.buffer, reader.start, reader.stop);
  }

  #readable(slot: number, caller: Caller): number {
    if (slot === noSlot) return ErrorCode.noNode;
    return this.#allows(slot, Permission.read, caller) ? ErrorCode.ok : ErrorCode.noAuth;
  }

  #allows(slot: number, permission: number, caller: Caller): boolean {
    return this.#access.allows(this.#state.tree.rows.int(slot, Field.acl), permission, caller);
  }

  #getData(reader: JuteReader, origin: ReadOrigin, reply: JuteWriter): number {
    const slot = this.#find(reader);
    const watch = reader.boolean();
    const error = this.#readable(slot, origin.caller);
    if (error !== ErrorCode.ok) return error;
    if (watch) this.#watches.armData(origin.watcher, reader.buffer, reader.start, reader.stop);
    this.#writeData(slot, reply);
    this.#writeStat(slot, reply);
    return ErrorCode.ok;
  }

  #exists(reader: JuteReader, origin: ReadOrigin, reply: JuteWriter): number {
    const slot = this.#find(reader);
    const watch = reader.boolean();
    if (reader.buffer.subarray(reader.start, reader.stop).includes(0)) {
      return ErrorCode.badArguments;
    }
    if (slot !== noSlot && !this.#allows(slot, Permission.read, origin.caller)) {
      return ErrorCode.noAuth;
    }
    if (watch) this.#watches.armData(origin.watcher, reader.buffer, reader.start, reader.stop);
    if (slot === noSlot) return ErrorCode.noNode;
    this.#writeStat(slot, reply);
    return ErrorCode.ok;
  }

  #getChildren(op: number, reader: JuteReader, origin: ReadOrigin, reply: JuteWriter): number {
    const slot = this.#find(reader);
    const watch = reader.boolean();
    const error = this.#readable(slot, origin.caller);
    if (error !== ErrorCode.ok) return error;
    if (watch) this.#watches.armChild(origin.watcher, reader.buffer, reader.start, reader.stop);
    this.#writeChildren(slot, reply);
    if (op === Opcode.getChildren2) this.#writeStat(slot, reply);
    return ErrorCode.ok;
  }

  #getAcl(reader: JuteReader, caller: Caller, reply: JuteWriter): number {
    const slot = this.#find(reader);
    if (slot === noSlot) return ErrorCode.noNode;
    const { tree } = this.#state;
    const isAdmin = this.#allows(slot, Permission.admin, caller);
    if (!isAdmin && !this.#allows(slot, Permission.read, caller)) return ErrorCode.noAuth;
    const list = tree.acls.list(tree.rows.int(slot, Field.acl));
    writeAcl(
      reply,
      isAdmin
        ? list
        : list.map(({ perms, id }) => ({
            perms,
            // Who may not administer does not get to see password hashes.
            id: id.scheme === 'digest' ? { ...id, id: id.id.replace(/:.*/s, ':x') } : id,
          })),
    );
    this.#writeStat(slot, reply);
    return ErrorCode.ok;
  }

  #getAllChildrenNumber(reader: JuteReader, caller: Caller, reply: JuteWriter): number {
    const top = this.#find(reader);
    const error = this.#readable(top, caller);
    if (error !== ErrorCode.ok) return error;
    const { tree } = this.#state;
    if (top === rootSlot) {
      reply.int(tree.count - 1);
      return ErrorCode.ok;
    }
    let count = -1;
    const open = [top];
    for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
      count++;
      for (let at = tree.firstChild(slot); at !== noSlot; at = tree.nextSibling(at)) open.push(at);
    }
    assert(count >= 0 && count < tree.count, 'read: a part has fewer znodes than the tree');
    reply.int(count);
    return ErrorCode.ok;
  }

  #getEphemerals(reader: JuteReader, session: string, reply: JuteWriter): number {
    const prefix = (reader.string() ?? '').trim();
    const { tree } = this.#state;
    const paths: string[] = [];
    for (const slot of tree.special.ephemeralsOf(session)) {
      assert(tree.rows.isLive(slot), 'read: an ephemeral that is listed is there');
      const path = tree.path(slot);
      if (prefix === '' || prefix === '/' || path.startsWith(prefix)) paths.push(path);
    }
    reply.strings(paths);
    return ErrorCode.ok;
  }

  #writeData(slot: number, reply: JuteWriter): void {
    assert(slot !== noSlot, 'read: whose data are told is there');
    const { tree } = this.#state;
    if (tree.isNull(slot)) {
      reply.int(-1);
      return;
    }
    tree.locateCell(slot);
    const { buffer, offset } = tree.cells;
    const start = offset + tree.rows.nameLength(slot);
    reply.slice(buffer, start, start + tree.rows.wireInt(slot, Field.dataLength));
  }

  #writeStat(slot: number, reply: JuteWriter): void {
    assert(slot !== noSlot, 'read: whose Stat is told is there');
    reply.reserve(statBytes);
    this.#state.tree.copyStat(slot, reply.buffer, reply.length);
    reply.length += statBytes;
  }

  #writeChildren(slot: number, reply: JuteWriter): void {
    assert(slot !== noSlot, 'read: whose children are told is there');
    const { tree } = this.#state;
    let left = tree.numChildren(slot);
    reply.int(left);
    for (let at = tree.firstChild(slot); at !== noSlot; at = tree.nextSibling(at)) {
      tree.locateCell(at);
      const { buffer, offset } = tree.cells;
      reply.slice(buffer, offset, offset + tree.rows.nameLength(at));
      left--;
    }
    assert(left === 0, 'read: as many children are listed as are counted');
  }
}

/** The identities of the connection; of a digest identity only the user's name. */
function whoAmI(caller: Caller, reply: JuteWriter): number {
  writeClientInfos(
    reply,
    caller.ids.map(({ scheme, id }) => ({
      authScheme: scheme,
      user: scheme === 'digest' ? (id.split(':')[0] ?? '') : id,
    })),
  );
  return ErrorCode.ok;
}
