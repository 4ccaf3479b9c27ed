/**
 * The znode tree as plain objects, made from the specification (sections 1.9, 3.1 to 3.4) alone: it
 * shares nothing with storage/, so that the two can disagree. It is led through a log txn by txn
 * and stands at one zxid at a time; a multi can be tried and taken back.
 */

import { JuteReader, JuteWriter } from '../../../protocol/jute.ts';
import { Opcode } from '../../../protocol/opcode.ts';
import { parentPath } from '../../../protocol/path.ts';
import { type Acl, openAcl, readAcl, readOnlyAcl, writeAcl } from '../../../protocol/record.ts';
import { EventType } from '../../../protocol/replies.ts';
import { highHalf, lowHalf, noSession } from '../../../protocol/session-id.ts';
import { isCreate, type Part } from './log-txns.ts';

export interface ModelAcl {
  readonly bytes: Buffer;
  readonly list: readonly Acl[];
}

export type Kind = 'plain' | 'ephemeral' | 'container' | 'ttl';

export interface ModelZnode {
  readonly path: string;
  readonly parent: ModelZnode | null;
  readonly children: Set<string>;
  data: Buffer | null;
  acl: ModelAcl;
  readonly kind: Kind;
  readonly owner: string;
  readonly ttl: number;
  readonly czxid: number;
  readonly ctime: number;
  mzxid: number;
  mtime: number;
  pzxid: number;
  version: number;
  aversion: number;
  /** Children that were ever created: the visible cversion is twice that, less those there are. */
  creates: number;
}

/** When and by whom a change is made. */
export interface Moment {
  readonly zxid: number;
  readonly time: number;
  readonly session: string;
}

/** Hears of each change, in the order in which watches fire. */
export type ChangeListener = (type: EventType, path: string, acl: ModelAcl) => void;

export function aclOf(bytes: Buffer): ModelAcl {
  if (bytes.equals(open.bytes)) return open;
  return { bytes, list: readAcl(new JuteReader(bytes)) ?? [] };
}

function encoded(list: readonly Acl[]): ModelAcl {
  const writer = new JuteWriter();
  writeAcl(writer, list);
  return { bytes: writer.copy(), list };
}

const open = encoded(openAcl);
const readOnly = encoded(readOnlyAcl);
export const openModelAcl: ModelAcl = open;

export class ModelTree {
  readonly znodes = new Map<string, ModelZnode>();
  /** Paths of each session's ephemerals. */
  readonly ephemerals = new Map<string, Set<string>>();
  /** How to take back what was done since `beginTrial`; null outside of one. */
  #undo: (() => void)[] | null = null;

  constructor() {
    const root = this.#addSystem('/', null, open);
    const zookeeper = this.#addSystem('/zookeeper', root, open);
    this.#addSystem('/zookeeper/quota', zookeeper, open);
    this.#addSystem('/zookeeper/config', zookeeper, readOnly).aversion = -1;
  }

  #addSystem(path: string, parent: ModelZnode | null, acl: ModelAcl): ModelZnode {
    const init = {
      path,
      parent,
      acl,
      data: Buffer.alloc(0),
      kind: 'plain',
      owner: noSession,
    } as const;
    const znode = znodeOf({ ...init, ttl: 0 }, 0, 0);
    this.znodes.set(path, znode);
    parent?.children.add(path.slice(path.lastIndexOf('/') + 1));
    return znode;
  }

  /** The empty path is the root, as for ZooKeeper's reads. */
  find(path: string): ModelZnode | undefined {
    return this.znodes.get(path === '' ? '/' : path);
  }

  beginTrial(): void {
    this.#undo = [];
  }

  takeBack(): void {
    const undo = this.#undo!;
    this.#undo = null;
    for (const step of undo.reverse()) step();
  }

  /** Carries out one change of a txn. Returns what is wrong with it, or null. */
  apply(part: Part, at: Moment, tell: ChangeListener): string | null {
    if (isCreate(part.type)) return this.#create(part, at, tell);
    if (part.type === Opcode.check || part.type === Opcode.error) return null;
    const znode = this.znodes.get(part.path);
    if (znode === undefined) return `changes ${part.path}, which is not there`;
    if (part.type === Opcode.delete || part.type === Opcode.deleteContainer) {
      return this.remove(znode, at.zxid, tell);
    }
    if (part.type === Opcode.setAcl) this.#setAcl(znode, part);
    else this.#setData(znode, part, at, tell);
    return null;
  }

  #create(part: Part, { zxid, time, session }: Moment, tell: ChangeListener): string | null {
    const { path, data } = part;
    const parent = this.znodes.get(parentPath(path));
    if (parent === undefined) return `creates ${path} below nothing`;
    if (this.znodes.has(path)) return `creates ${path}, which is there`;
    const kind = part.ephemeral
      ? 'ephemeral'
      : part.type === Opcode.createContainer
        ? 'container'
        : part.type === Opcode.createTtl
          ? 'ttl'
          : 'plain';
    const owner = part.ephemeral ? session : noSession;
    const acl = aclOf(part.acl);
    const init = { path, parent, data, acl, kind, owner, ttl: part.ttl } as const;
    const znode = znodeOf(init, zxid, time);
    const { creates, pzxid } = parent;
    const name = nameOf(path);
    this.#undo?.push(() => {
      this.#detach(znode);
      parent.creates = creates;
      parent.pzxid = pzxid;
    });
    this.#attach(znode, name);
    parent.creates = (creates + 1) | 0;
    parent.pzxid = zxid;
    tell(EventType.nodeCreated, path, acl);
    tell(EventType.nodeChildrenChanged, parent.path, parent.acl);
    return null;
  }

  #attach(znode: ModelZnode, name: string): void {
    this.znodes.set(znode.path, znode);
    znode.parent!.children.add(name);
    if (znode.kind !== 'ephemeral') return;
    const owned = this.ephemerals.get(znode.owner);
    if (owned === undefined) this.ephemerals.set(znode.owner, new Set([znode.path]));
    else owned.add(znode.path);
  }

  #detach(znode: ModelZnode): void {
    this.znodes.delete(znode.path);
    znode.parent!.children.delete(nameOf(znode.path));
    if (znode.kind === 'ephemeral') this.ephemerals.get(znode.owner)?.delete(znode.path);
  }

  remove(znode: ModelZnode, zxid: number, tell: ChangeListener): string | null {
    const { path, parent } = znode;
    if (znode.children.size > 0) return `removes ${path}, which has children`;
    if (parent === null) return 'removes the root';
    const { pzxid } = parent;
    this.#undo?.push(() => {
      this.#attach(znode, nameOf(path));
      parent.pzxid = pzxid;
    });
    this.#detach(znode);
    parent.pzxid = Math.max(pzxid, zxid);
    tell(EventType.nodeDeleted, path, znode.acl);
    tell(EventType.nodeChildrenChanged, parent.path, parent.acl);
    return null;
  }

  #setData(znode: ModelZnode, part: Part, at: Moment, tell: ChangeListener): void {
    const { data, version, mzxid, mtime } = znode;
    this.#undo?.push(() => Object.assign(znode, { data, version, mzxid, mtime }));
    znode.data = part.data;
    znode.version = part.version;
    znode.mzxid = at.zxid;
    znode.mtime = at.time;
    tell(EventType.nodeDataChanged, znode.path, znode.acl);
  }

  #setAcl(znode: ModelZnode, part: Part): void {
    const { acl, aversion } = znode;
    this.#undo?.push(() => Object.assign(znode, { acl, aversion }));
    znode.acl = aclOf(part.acl);
    znode.aversion = part.version;
  }
}

type Init = Pick<ModelZnode, 'path' | 'parent' | 'data' | 'acl' | 'kind' | 'owner' | 'ttl'>;

function znodeOf(init: Init, zxid: number, time: number): ModelZnode {
  return {
    path: init.path,
    parent: init.parent,
    children: new Set(),
    data: init.data,
    acl: init.acl,
    kind: init.kind,
    owner: init.owner,
    ttl: init.ttl,
    czxid: zxid,
    ctime: time,
    mzxid: zxid,
    mtime: time,
    pzxid: zxid,
    version: 0,
    aversion: 0,
    creates: 0,
  };
}

export function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** The 68 bytes of spec 1.9. */
export function writeStat(writer: JuteWriter, znode: ModelZnode): void {
  const count = znode.children.size;
  writer.long(znode.czxid).long(znode.mzxid).long(znode.ctime).long(znode.mtime);
  writer
    .int(znode.version)
    .int(2 * znode.creates - count)
    .int(znode.aversion);
  if (znode.owner === noSession) writer.long(0);
  else writer.halves(highHalf(znode.owner), lowHalf(znode.owner));
  writer
    .int(znode.data?.length ?? 0)
    .int(count)
    .long(znode.pzxid);
}
