/**
 * The znode tree as plain objects: slow, obvious, and made from the specification (section 1.9)
 * alone. It checks the tree of storage/tree.ts, and can build one by a way of its own.
 */

import { JuteReader } from '../../protocol/jute.ts';
import { Opcode } from '../../protocol/opcode.ts';
import type { Stat } from '../../protocol/record.ts';
import { readReply } from '../../protocol/replies.ts';
import { highHalf, lowHalf } from '../../protocol/session-id.ts';
import { openAclId, readOnlyAclId } from '../../storage/acl-table.ts';
import { Tree } from '../../storage/tree.ts';
import { Flag, noSlot } from '../../storage/znode-rows.ts';

export interface ModelZnode {
  data: Buffer | null;
  aclId: number;
  kind: number;
  owner: string;
  ttl: number;
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  aversion: number;
  /** Child creates ever. */
  creates: number;
}

export const noOwner = '0000000000000000';

export class TreeModel {
  readonly znodes = new Map<string, ModelZnode>();

  constructor() {
    for (const path of ['/', '/zookeeper', '/zookeeper/quota', '/zookeeper/config']) {
      this.znodes.set(path, { ...zeros(), data: Buffer.alloc(0) });
    }
    this.znodes.get('/zookeeper/config')!.aversion = -1;
    this.znodes.get('/zookeeper/config')!.aclId = readOnlyAclId;
  }

  children(path: string): string[] {
    const prefix = path === '/' ? '/' : `${path}/`;
    return [...this.znodes.keys()]
      .filter((other) => other !== '/' && other.startsWith(prefix))
      .map((other) => other.slice(prefix.length))
      .filter((name) => name !== '' && !name.includes('/'))
      .sort();
  }

  stat(path: string): Stat {
    const znode = this.znodes.get(path)!;
    const numChildren = this.children(path).length;
    return {
      czxid: znode.czxid,
      mzxid: znode.mzxid,
      ctime: znode.ctime,
      mtime: znode.mtime,
      version: znode.version,
      cversion: 2 * znode.creates - numChildren,
      aversion: znode.aversion,
      ephemeralOwner: znode.owner,
      dataLength: znode.data?.length ?? 0,
      numChildren,
      pzxid: znode.pzxid,
    };
  }

  /** A tree of the same znodes, made in another order and by other steps. */
  build(): Tree {
    const tree = Tree.initial();
    const paths = [...this.znodes.keys()].sort().reverse();
    paths.sort((a, b) => a.split('/').length - b.split('/').length);
    for (const path of paths) {
      if (tree.findPath(path) === noSlot) insertInto(tree, path, this.znodes.get(path)!);
    }
    for (const path of paths) {
      const slot = tree.findPath(path);
      const znode = this.znodes.get(path)!;
      const data = znode.data ?? Buffer.alloc(0);
      tree.replaceData(slot, data, znode.data === null ? -1 : 0, data.length);
      tree.stampData(slot, znode.version, znode.mzxid, znode.mtime);
      tree.setAcl(slot, znode.aclId, znode.aversion);
      tree.noteChildChange(slot, znode.creates, znode.pzxid);
    }
    return tree;
  }
}

function zeros(): ModelZnode {
  return {
    data: null,
    aclId: openAclId,
    kind: 0,
    owner: noOwner,
    ttl: 0,
    czxid: 0,
    mzxid: 0,
    pzxid: 0,
    ctime: 0,
    mtime: 0,
    version: 0,
    aversion: 0,
    creates: 0,
  };
}

/** Adds a znode to a tree by its path; the parent's counters are not touched. */
export function insertInto(tree: Tree, path: string, znode: ModelZnode): number {
  const parent = tree.findPath(path.slice(0, path.lastIndexOf('/')) || '/');
  const name = Buffer.from(path.slice(path.lastIndexOf('/') + 1));
  const bytes = Buffer.concat([name, znode.data ?? Buffer.alloc(0)]);
  return tree.insert(parent, bytes, 0, name.length, {
    dataStart: znode.data === null ? -1 : name.length,
    dataEnd: bytes.length,
    aclId: znode.aclId,
    kind: znode.kind,
    ownerHigh: znode.kind === Flag.ephemeral ? highHalf(znode.owner) : 0,
    ownerLow: znode.kind === Flag.ephemeral ? lowHalf(znode.owner) : 0,
    ttl: znode.ttl,
    zxid: znode.czxid,
    time: znode.ctime,
  });
}

export function newZnode(zxid: number, data: Buffer | null, kind = 0, owner = noOwner): ModelZnode {
  const time = zxid * 10;
  return {
    ...zeros(),
    data,
    kind,
    owner,
    czxid: zxid,
    mzxid: zxid,
    pzxid: zxid,
    ctime: time,
    mtime: time,
  };
}

export function statOf(tree: Tree, path: string): Stat {
  const bytes = Buffer.alloc(68);
  tree.copyStat(tree.findPath(path), bytes, 0);
  return readReply(Opcode.exists, new JuteReader(bytes)).stat;
}

export function childrenOf(tree: Tree, path: string): string[] {
  const names: string[] = [];
  const top = tree.findPath(path);
  for (let slot = tree.firstChild(top); slot !== noSlot; slot = tree.nextSibling(slot)) {
    names.push(tree.name(slot));
  }
  return names.sort();
}

/** All that can be seen of a tree, for comparison: each path with Stat, data, ACL. */
export function contents(tree: Tree): Record<string, unknown> {
  const seen: Record<string, unknown> = {};
  const visit = (path: string): void => {
    const slot = tree.findPath(path);
    const data = tree.data(slot);
    const acl = tree.acls.list(tree.rows.int(slot, 76));
    const creates = tree.rows.int(slot, 68);
    seen[path] = { stat: statOf(tree, path), data: data?.toString('latin1') ?? null, acl, creates };
    for (const name of childrenOf(tree, path)) visit(path === '/' ? `/${name}` : `${path}/${name}`);
  };
  visit('/');
  return seen;
}

/**
 * The digest as it is once every row's value has been made anew; equal to `value` if none is stale.
 */
export function freshDigest(tree: Tree): number {
  for (let slot = 0; slot < tree.rows.slotLimit; slot++) {
    if (!tree.rows.isLive(slot)) continue;
    const start = tree.locateCell(slot) - tree.rows.wireInt(slot, 52);
    const { buffer, offset } = tree.cells;
    tree.digest.setData(slot, buffer, offset + start, tree.rows.wireInt(slot, 52));
    tree.digest.update(slot);
  }
  return tree.digest.value;
}
