/**
 * The transactions that a simulated disk knows. What is written is copied when it becomes durable,
 * not when it is handed over, as a file would: whoever reuses its memory too early is found out.
 */

import { assert } from '../../protocol/assert.ts';
import { firstZxidOf, lastZxidOf } from '../../protocol/batch.ts';
import { getInt } from '../../protocol/jute.ts';
import type { Promises } from '../../storage/log-store.ts';
import type { SnapshotMeta } from '../../storage/snapshot-store.ts';
import type { Change, DiskImage, Noter } from './disk-image.ts';
import type { Removed } from './disk-log-image.ts';
import { TreeImage } from './disk-tree-image.ts';

export class Append implements Change {
  #frame: Buffer;
  readonly #after: number;
  readonly #start: number;
  readonly #end: number;
  readonly #checksum: number;
  #isCopied = false;

  constructor(frame: Buffer, after: number) {
    this.#frame = frame;
    this.#after = after;
    this.#start = firstZxidOf(frame);
    this.#end = lastZxidOf(frame);
    this.#checksum = getInt(frame, 4);
  }

  get bytes(): number {
    return this.#frame.length;
  }

  #copied(): Buffer {
    if (this.#isCopied) return this.#frame;
    const frame = this.#frame;
    const isSame = firstZxidOf(frame) === this.#start && getInt(frame, 4) === this.#checksum;
    assert(isSame, 'disk: a frame does not change while it is written');
    this.#isCopied = true;
    this.#frame = Buffer.from(frame);
    return this.#frame;
  }

  apply({ log }: DiskImage): void {
    log.append(this.#copied(), this.#after, this.#start, this.#end);
  }

  note(noter: Noter): void {
    noter('append', this.#end, this.#frame);
  }

  tear({ log }: DiskImage, share: number): void {
    const frame = this.#copied();
    const torn = frame.subarray(0, Math.floor(share * frame.length));
    log.append(torn, this.#after, this.#start, this.#end);
    log.damaged.add(torn);
  }
}

const copies = (frames: readonly Buffer[]): Buffer[] => frames.map((frame) => Buffer.from(frame));
const sizeOf = (frames: readonly Buffer[]): number =>
  frames.reduce((sum, { length }) => sum + length, 0);

/** A leader's history, or what follows its snapshot, in place of what is there. */
export class Replacement implements Change {
  readonly #kind: 'cut' | 'restart';
  readonly #zxid: number;
  #frames: readonly Buffer[];
  readonly #promises: Promises;
  #isCopied = false;
  readonly bytes: number;

  constructor(
    kind: 'cut' | 'restart',
    zxid: number,
    frames: readonly Buffer[],
    promises: Promises,
  ) {
    this.#kind = kind;
    this.#zxid = zxid;
    this.#frames = frames;
    this.#promises = promises;
    this.bytes = sizeOf(frames);
  }

  apply({ log }: DiskImage): void {
    if (!this.#isCopied) this.#frames = copies(this.#frames);
    this.#isCopied = true;
    if (this.#kind === 'cut') log.adopt(this.#zxid, this.#frames, this.#promises);
    else log.restart(this.#zxid, this.#frames, this.#promises);
  }

  note(noter: Noter): void {
    noter(this.#kind, this.#zxid);
    for (const frame of this.#frames) noter('append', lastZxidOf(frame), frame);
  }
}

/** Which file a page or table goes to. */
export type TreeFile = 'tree' | 'received';

const treeOf = (image: DiskImage, file: TreeFile): TreeImage =>
  file === 'tree' ? image.tree : image.received!;

export class PageWrite implements Change {
  readonly #file: TreeFile;
  readonly #page: number;
  readonly #pass: number;
  #content: Buffer;
  #isCopied = false;

  constructor(file: TreeFile, page: number, pass: number, content: Buffer) {
    this.#file = file;
    this.#page = page;
    this.#pass = pass;
    this.#content = content;
  }

  get bytes(): number {
    return this.#content.length;
  }

  apply(image: DiskImage): void {
    if (!this.#isCopied) this.#content = Buffer.from(this.#content);
    this.#isCopied = true;
    treeOf(image, this.#file).write(this.#page, this.#pass, this.#content);
  }
}

export class PassEnd implements Change {
  readonly #file: TreeFile;
  readonly #meta: SnapshotMeta;
  #sessions: Buffer;
  #acls: Buffer;
  #isCopied = false;

  constructor(file: TreeFile, meta: SnapshotMeta, sessions: Buffer, acls: Buffer) {
    this.#file = file;
    this.#meta = meta;
    this.#sessions = sessions;
    this.#acls = acls;
  }

  get bytes(): number {
    return this.#sessions.length + this.#acls.length;
  }

  apply(image: DiskImage): void {
    if (!this.#isCopied) {
      this.#sessions = Buffer.from(this.#sessions);
      this.#acls = Buffer.from(this.#acls);
    }
    this.#isCopied = true;
    treeOf(image, this.#file).finish(this.#meta, this.#sessions, this.#acls);
  }
}

/** Changes that need nothing of the memory of whoever asks for them. */
export const setPromises = (promises: Promises): Change => ({
  bytes: 64,
  apply: ({ log }) => {
    log.promises = promises;
  },
});

export const setCommitted = (zxid: number): Change => ({
  bytes: 16,
  apply: ({ log }) => {
    log.committedZxid = zxid;
  },
});

export const endAwaiting: Change = {
  bytes: 16,
  apply: ({ log }) => {
    log.isSnapshotAwaited = false;
  },
};

export const removeTorn: Change = { bytes: 16, apply: ({ log }) => log.removeLast() };

export const removeUnfinished = (pages: readonly number[]): Change => ({
  bytes: 16 * pages.length,
  apply: ({ tree }) => tree.removeUnfinished(pages),
});

export const beginReceived: Change = {
  bytes: 16,
  apply: (image) => {
    image.received = new TreeImage();
  },
};

export const dropReceived: Change = {
  bytes: 0,
  apply: (image) => {
    image.received = null;
  },
};

/** The received snapshot takes the tree's place. */
export const installReceived: Change = {
  bytes: 0,
  apply: (image) => {
    image.tree = image.received!;
    image.received = null;
  },
};

/** Removes old segments; what went is in `removed`. */
export class Purge implements Change {
  readonly #zxid: number;
  readonly bytes = 0;
  removed: Removed[] = [];

  constructor(zxid: number) {
    this.#zxid = zxid;
  }

  apply({ log }: DiskImage): void {
    this.removed = log.purge(this.#zxid);
  }

  note(noter: Noter): void {
    const end = this.removed.at(-1)?.ends.at(-1);
    if (end !== undefined) noter('purge', end);
  }
}
