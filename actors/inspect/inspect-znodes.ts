/**
 * One znode, whole: Stat, data, ACL, kind, watches and quota, all of one moment but for the count
 * of very many watches. Of a znode that the viewer may not read it tells that it is there, and
 * nothing else.
 */

import type { Question, Viewer, ZnodeStat, ZnodeView } from '../../protocol/inspection.ts';
import { limitsName, quotaPath, statsName } from '../../protocol/path.ts';
import { formatSessionId, sessionIdFromHalves } from '../../protocol/session-id.ts';
import { formatZxid } from '../../protocol/zxid.ts';
import type { Tree } from '../../storage/tree.ts';
import { Field, Flag, noSlot } from '../../storage/znode-rows.ts';
import type { ReplicaView } from '../replica-view.ts';
import type { InspectRights } from './inspect-rights.ts';
import type { InspectWatches } from './inspect-watches.ts';

type Asked = Extract<Question, { what: 'znode' }>;

const unseen: ZnodeStat = {
  ...{ czxid: '0x0', mzxid: '0x0', pzxid: '0x0', ctimeMs: 0, mtimeMs: 0 },
  ...{ version: 0, cversion: 0, aversion: 0, ephemeralOwner: '0x0' },
  ...{ dataLength: 0, numChildren: 0 },
};

export class InspectZnodes {
  readonly #state: ReplicaView['state'];
  readonly #rights: InspectRights;
  readonly #watches: InspectWatches;

  constructor(state: ReplicaView['state'], rights: InspectRights, watches: InspectWatches) {
    this.#state = state;
    this.#rights = rights;
    this.#watches = watches;
  }

  /** Null when there is no such znode. */
  async view({ path, viewer }: Asked): Promise<ZnodeView | null> {
    const watches = await this.#watches.countOfPath(path);
    // From here on without a pause.
    const { tree } = this.#state;
    const slot = tree.findPath(path);
    if (slot === noSlot) return null;
    const isReadable = this.#rights.mayRead(slot, viewer);
    const isSeen = this.#rights.mayReadAcl(slot, viewer);
    return {
      path,
      stat: isSeen ? statOf(tree, slot) : unseen,
      data: isReadable ? (tree.data(slot)?.toString('base64') ?? '') : null,
      acl: isSeen ? this.#rights.acl(slot, viewer) : [],
      kind: isSeen ? kindOf(tree, slot) : 'persistent',
      ttlMs: isSeen ? (tree.special.ttls.get(slot) ?? null) : null,
      watches: isSeen ? watches : 0,
      quota: isSeen ? this.#quota(path, viewer) : null,
    };
  }

  /** The quota set on this path, where the viewer may read its znodes. */
  #quota(path: string, viewer: Viewer): ZnodeView['quota'] {
    const { tree, quotas } = this.#state;
    const subject = path === '/' ? '' : path;
    const parts = [limitsName, statsName].map((name) =>
      tree.findPath(`${quotaPath}${subject}/${name}`),
    );
    const isSeen = parts.every((slot) => slot !== noSlot && this.#rights.mayRead(slot, viewer));
    const report = isSeen ? quotas.report(subject) : null;
    if (report === null) return null;
    const { limits, usage } = report;
    return {
      // The soft limit; where there is none, the hard one.
      count: limits.count > -1 ? limits.count : limits.countHardLimit,
      bytes: limits.bytes > -1 ? limits.bytes : limits.byteHardLimit,
      usedCount: usage.count,
      usedBytes: usage.bytes,
    };
  }
}

function statOf({ rows }: Tree, slot: number): ZnodeStat {
  const zxid = (field: number) => formatZxid(rows.wireLong(slot, field));
  const owner = sessionIdFromHalves(
    rows.wireInt(slot, Field.ephemeralOwner),
    rows.wireInt(slot, Field.ephemeralOwner + 4),
  );
  return {
    czxid: zxid(Field.czxid),
    mzxid: zxid(Field.mzxid),
    pzxid: zxid(Field.pzxid),
    ctimeMs: rows.wireLong(slot, Field.ctime),
    mtimeMs: rows.wireLong(slot, Field.mtime),
    version: rows.wireInt(slot, Field.version),
    cversion: rows.wireInt(slot, Field.cversion),
    aversion: rows.wireInt(slot, Field.aversion),
    ephemeralOwner: formatSessionId(owner),
    dataLength: rows.wireInt(slot, Field.dataLength),
    numChildren: rows.wireInt(slot, Field.numChildren),
  };
}

/** What somebody else may remove it for. */
export function kindOf({ rows }: Tree, slot: number): ZnodeView['kind'] {
  const flags = rows.flags(slot);
  if (flags & Flag.ephemeral) return 'ephemeral';
  if (flags & Flag.container) return 'container';
  return flags & Flag.ttl ? 'ttl' : 'persistent';
}
