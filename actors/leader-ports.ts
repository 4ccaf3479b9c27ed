/** What a term as leader tells the replica around it, and asks of it. */

import type { Touch } from '../protocol/zab.ts';
import type { Fields } from './note.ts';
import type { SnapshotSender } from './snapshot-sender.ts';

export interface LeaderPorts {
  /** A quorum holds our history, which is applied now. */
  established(): void;
  ended(reason: string): void;
  /** A client elsewhere was heard of. */
  touched(touch: Touch): void;
  /** A learner has sent a request of its client. */
  asked(session: string): void;
  /** Is there such a session, and may it go on? */
  isAlive(session: string): boolean;
  /** A learner's tree after some zxid. */
  digestReported(sid: number, zxid: number, digest: number): void;
  openSnapshot(opened: (sender: SnapshotSender) => void): void;
  note(message: string, fields: Fields): void;
  /** Number of the last status that we have sent. */
  pulse(): number;
}
