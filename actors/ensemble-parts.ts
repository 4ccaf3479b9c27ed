/**
 * What a member of an ensemble works with, and what it tells the replica that it is a part of.
 */

import type { Preparer } from '../storage/prepare.ts';
import type { Clock } from './clock.ts';
import type { DigestRecord } from './digest-history.ts';
import type { History } from './history.ts';
import type { Members } from './members.ts';
import type { Notes } from './note.ts';
import type { Post } from './post.ts';
import type { Random } from './random.ts';
import type { Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';
import type { SnapshotIntake } from './snapshot-intake.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import type { Tap } from './tap.ts';

export type Role = 'leading' | 'following' | 'observing';

export interface EnsemblePorts {
  elected(role: Role, leader: number): void;
  established(): void;
  ended(): void;
  patienceExhausted(): void;
  snapshotReceived(): void;
  /** Another process goes by our sid. */
  twinFound(description: string): void;
  openSnapshot(opened: (sender: SnapshotSender) => void): void;
  /** Our newest digest, and ours after a given txn. */
  lastDigest(): DigestRecord;
  digestAt(zxid: number): number | null;
  /** The tree of a replica differs from ours at the same zxid. */
  digestDiffers(): void;
}

export interface EnsembleParts {
  readonly settings: Settings;
  readonly clock: Clock;
  readonly random: Random;
  readonly notes: Notes;
  readonly post: Post;
  readonly history: History;
  readonly preparer: Preparer;
  readonly sessions: Sessions;
  readonly members: Members;
  readonly intake: SnapshotIntake;
  readonly tap: Tap;
}
