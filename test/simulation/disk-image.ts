/**
 * What a simulated disk holds: the files of one replica, and the changes that are made to them.
 * A change is one transaction, is applied to any image, and can be applied again to an older one.
 */

import type { LogImage } from './disk-log-image.ts';
import type { TreeImage } from './disk-tree-image.ts';

export class DiskImage {
  log: LogImage;
  tree: TreeImage;
  /** A peer's snapshot on its way in, or finished. */
  received: TreeImage | null;

  constructor(log: LogImage, tree: TreeImage, received: TreeImage | null = null) {
    this.log = log;
    this.tree = tree;
    this.received = received;
  }

  clone(): DiskImage {
    return new DiskImage(this.log.clone(), this.tree.clone(), this.received?.clone() ?? null);
  }
}

/** What became of a log, for checkers. */
export interface LogEvent {
  readonly atMs: number;
  /**
   * A batch became durable; all above `zxid` was cut; the log was restarted behind `zxid`; all up
   * to `zxid` was purged; the disk forgot what it held above `zxid`.
   */
  readonly kind: 'append' | 'cut' | 'restart' | 'purge' | 'lost';
  /** Of an append: that of its last txn. */
  readonly zxid: number;
  readonly frame: Buffer | null;
}

export type Noter = (kind: LogEvent['kind'], zxid: number, frame?: Buffer) => void;

export interface Change {
  readonly bytes: number;
  /** The memory of whoever asked is looked at the first time only. */
  apply(image: DiskImage): void;
  /** Tells what it meant for the log; after `apply`. */
  note?(noter: Noter): void;
  /** Leaves the beginning of what it would write; absent where that cannot be. */
  tear?(image: DiskImage, share: number): void;
}
