/** What the server of this page says of itself and of who asks. */

export interface About {
  readonly ensemble: string;
  /** Of the replica that serves this page; 0 when none does. */
  readonly sid: number;
  readonly isDemo: boolean;
  /** Writing is possible with a token. */
  readonly canWrite: boolean;
  /** Our token is right. */
  readonly isAdmin: boolean;
  /** Why not, in a sentence; null when it is, or when none was sent. */
  readonly tokenFault: string | null;
  readonly version: string;
}
