/**
 * What connections ask of the rest of the replica; the same for all of them, made once.
 */

import type { ConnectRequest } from '../protocol/requests.ts';
import type { AccessControl } from '../storage/acl.ts';
import type { TreeReader } from '../storage/read.ts';
import type { Clock } from './clock.ts';
import type { Counters } from './counters.ts';
import type { ReplyPort } from './pending-request.ts';
import type { Session } from './session.ts';
import type { Tap } from './tap.ts';

export type Door = 'open' | 'readOnly' | 'waiting' | 'shut';

/** A connection with something to send. */
export interface FlushPort {
  /** The turn is over. */
  flushDue(): void;
  /** Within a txn: false when it is to be called again at the end of the turn. */
  flushEarly(): boolean;
}

export interface ConnectionPorts {
  readonly clock: Clock;
  readonly counters: Counters;
  readonly tap: Tap;
  readonly reader: TreeReader;
  readonly access: AccessControl;
  /** Names this process in the txns that its clients ask for. */
  readonly origin: number;
  readonly frameBytesMax: number;
  /** Unfinished requests of one session above which its socket is not read. */
  readonly requestsMax: number;
  /** Whom we let in: everybody, who only wants to read, nobody; or that is not clear yet. */
  door(): Door;
  /** Are there more unfinished writes in the replica than it wants to hold? */
  isOverloaded(): boolean;
  lastZxid(): number;
  openSession(request: ConnectRequest, port: ReplyPort): Session;
  /** Answers by `done`, at once or later: null when the session cannot go on here. */
  resumeSession(
    request: ConnectRequest,
    port: ReplyPort,
    done: (session: Session | null) => void,
  ): void;
  passwordOf(sessionId: string): Buffer;
  isWord(word: string): boolean;
  /** The answer to a four-letter word; `argument` are the bytes behind it. */
  answerWord(word: string, argument: Buffer): string;
  /** Its `relieve` is called whenever writes have been finished. */
  stalled(connection: { relieve(): boolean }): void;
  /** Has the connection flushed at the end of the turn. */
  flushLater(connection: FlushPort): void;
  /** The connection is over; its socket may still be sending. */
  ended(watcher: number): void;
  /** The socket is closed on both sides. */
  gone(watcher: number): void;
}
