/**
 * Txns: what is proposed, logged and applied. A txn is idempotent: it names absolute results (full
 * path with suffix, resulting version, the parent's counter after it), so that replaying it over a
 * tree that holds it already changes nothing (spec 7.1).
 *
 * Layout: int length, long session, int cxid, int origin, long time (ms), int type, body in jute.
 * The zxid is not stored: it is the batch's first plus the txn's place in it.
 */

import { assert } from './assert.ts';
import type { JuteReader, JuteWriter } from './jute.ts';
import { emptyBytes, putInt } from './jute.ts';
import { Opcode } from './opcode.ts';

/** Bytes of a txn before its body, the length included. */
export const txnHeaderBytes = 32;

/**
 * One decoded txn, or one operation inside a multi. Reused from txn to txn; ranges lie in `buffer`.
 */
export class Txn {
  buffer: Buffer = emptyBytes;
  zxid = 0;
  sessionHigh = 0;
  sessionLow = 0;
  cxid = 0;
  origin = 0;
  time = 0;
  type = 0;
  pathStart = 0;
  pathEnd = 0;
  /** -1 when the data is null; otherwise data lies at dataStart..dataEnd. */
  dataStart = -1;
  dataEnd = -1;
  aclStart = 0;
  aclEnd = 0;
  ephemeral = false;
  /** The parent's count of child creates after a create. */
  parentCreates = 0;
  ttl = 0;
  /** Resulting version of setData, setAcl and reconfig; expected version of check. */
  version = 0;
  err = 0;
  /** Of createSession and moveSession; -1 for a move of a session that is none. */
  timeoutMs = 0;
  /** Of moveSession: the process at which it goes on, as an origin. */
  holder = 0;
  /** Body of multi, closeSession and setSecret: read on from here. */
  bodyStart = 0;
  bodyEnd = 0;

  /** Decodes the txn that starts at the reader's position and moves the reader behind it. */
  read(reader: JuteReader, zxid: number): void {
    const length = reader.int();
    const end = reader.position + length;
    assert(length >= txnHeaderBytes - 4 && end <= reader.end, 'txn: its length fits its batch');
    this.zxid = zxid;
    this.sessionHigh = reader.int();
    this.sessionLow = reader.int();
    this.cxid = reader.int();
    this.origin = reader.int();
    this.time = reader.long();
    this.type = reader.int();
    this.readBody(reader, end);
    reader.position = end;
  }

  /** Decodes a body of `type`, which must be set; used for the parts of a multi as well. */
  readBody(reader: JuteReader, end: number): void {
    this.buffer = reader.buffer;
    this.bodyStart = reader.position;
    this.bodyEnd = end;
    switch (this.type) {
      case Opcode.create:
      case Opcode.create2:
        this.#readCreate(reader);
        this.ephemeral = reader.boolean();
        this.parentCreates = reader.int();
        break;
      case Opcode.createContainer:
      case Opcode.createTtl:
        this.#readCreate(reader);
        this.ephemeral = false;
        this.parentCreates = reader.int();
        if (this.type === Opcode.createTtl) this.ttl = reader.long();
        break;
      case Opcode.delete:
      case Opcode.deleteContainer:
      case Opcode.sync:
        this.#readPath(reader);
        break;
      case Opcode.setData:
      case Opcode.reconfig:
      case Opcode.setMembership:
        this.#readPath(reader);
        this.#readData(reader);
        this.version = reader.int();
        break;
      case Opcode.setAcl:
        this.#readPath(reader);
        this.#readAcl(reader);
        this.version = reader.int();
        break;
      case Opcode.check:
        this.#readPath(reader);
        this.version = reader.int();
        break;
      case Opcode.createSession:
        this.timeoutMs = reader.int();
        break;
      case Opcode.moveSession:
        this.timeoutMs = reader.int();
        this.holder = reader.int();
        break;
      case Opcode.error:
        this.err = reader.int();
        break;
      default:
        // multi, closeSession and setSecret are read on by whoever applies them.
        break;
    }
  }

  #readCreate(reader: JuteReader): void {
    this.#readPath(reader);
    this.#readData(reader);
    this.#readAcl(reader);
  }

  #readPath(reader: JuteReader): void {
    reader.range();
    this.pathStart = reader.start;
    this.pathEnd = reader.stop;
  }

  #readData(reader: JuteReader): void {
    const length = reader.range();
    this.dataStart = length < 0 ? -1 : reader.start;
    this.dataEnd = length < 0 ? -1 : reader.stop;
  }

  #readAcl(reader: JuteReader): void {
    this.aclStart = reader.position;
    for (let left = reader.int(); left > 0; left--) {
      reader.int();
      reader.range();
      reader.range();
    }
    this.aclEnd = reader.position;
  }
}

/** Who asked for a txn, and when: its header but for the length. */
export interface TxnOrigin {
  readonly sessionHigh: number;
  readonly sessionLow: number;
  readonly cxid: number;
  /**
   * The replica's process that took the request: its sid << 24 | 24 bits of its incarnation; 0 when
   * nobody waits for the reply. A replica thereby knows its own requests among all that commit.
   */
  readonly origin: number;
  readonly time: number;
}

/** Opens a txn; returns where it starts, for `endTxn`. */
export function beginTxn(writer: JuteWriter, origin: TxnOrigin, type: number): number {
  const start = writer.length;
  writer.int(0).halves(origin.sessionHigh, origin.sessionLow).int(origin.cxid);
  writer.int(origin.origin).long(origin.time).int(type);
  return start;
}

/** Closes the txn that was opened at `start`. */
export function endTxn(writer: JuteWriter, start: number): void {
  putInt(writer.buffer, start, writer.length - start - 4);
}
