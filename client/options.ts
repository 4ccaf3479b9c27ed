/**
 * What a caller may set: for the client as a whole, and for one operation. The defaults are here
 * and nowhere else.
 */

import type { ConnectionOptions } from 'node:tls';
import type { ClientClock, RandomSource } from './clock.ts';
import { systemClock, systemRandom } from './clock.ts';
import type { Dial } from './dial.ts';
import { BadArgumentsError } from './errors.ts';

/**
 * - `connecting`: no session yet.
 * - `connected`: the session is alive on a server.
 * - `readOnly`: alive on a server without a quorum; only reads.
 * - `suspended`: the connection is lost; the session may be alive or not. Whoever holds a lock must
 *   stop relying on it.
 * - `lost`: the ensemble said that the session is over. With `renewSession` a new one follows.
 * - `closed`: the caller closed the client.
 */
export type ClientState = 'connecting' | 'connected' | 'readOnly' | 'suspended' | 'lost' | 'closed';

export interface Credential {
  readonly scheme: string;
  readonly auth: Uint8Array | string;
}

export interface ClientOptions {
  /** The session timeout to ask for; the server may change it. */
  sessionTimeoutMs?: number;
  /** How long `connect` waits for the first connection. */
  connectWithinMs?: number;
  /** How long one attempt at one server may take; default: the session timeout over the servers. */
  attemptTimeoutMs?: number;
  /** How long an operation may take, waiting for a connection included. */
  operationTimeoutMs?: number;
  /** How long close waits for the ensemble's answer. */
  closeTimeoutMs?: number;
  /**
   * Pause between attempts: from the first to at most the second, doubling per round of servers.
   */
  retryMinMs?: number;
  retryMaxMs?: number;
  /** Start a new session when the old one is lost. */
  renewSession?: boolean;
  /** Accept a server that has lost its quorum, for reads. */
  canBeReadOnly?: boolean;
  /** Identities to prove on each connection. */
  auth?: readonly Credential[];
  /** A session to carry on, of another client. */
  session?: { readonly id: string; readonly password: Uint8Array };
  /** Use TLS with these options. */
  tls?: ConnectionOptions;
  /** Takes the place of TCP and TLS. */
  dial?: Dial;
  /** Operations sent or waiting at one time; more fail with ThrottledOpError. */
  requestsMax?: number;
  /**
   * The server's jute.maxbuffer. A larger request would cost the connection, so it is refused here.
   */
  requestBytesMax?: number;
  replyBytesMax?: number;
  clock?: ClientClock;
  random?: RandomSource;
  /** Called on each change of state, from the first. */
  onState?: (state: ClientState) => void;
}

export interface CallOptions {
  /** Gives up the operation; if it was sent already, it may still be done. */
  signal?: AbortSignal;
  timeoutMs?: number;
}

/** What tests hand in beside the options that users see. */
export interface Seams {
  /** As if so many requests had been sent before: an xid is a number of 31 bits. */
  readonly lastXid?: number;
}

export type Settings = Required<Omit<ClientOptions, 'tls' | 'dial' | 'session' | 'onState'>> &
  Pick<ClientOptions, 'tls' | 'dial' | 'session' | 'onState'> &
  Seams;

const mebibyte = 2 ** 20;

const defaults = {
  sessionTimeoutMs: 30_000,
  connectWithinMs: 30_000,
  operationTimeoutMs: 30_000,
  closeTimeoutMs: 5_000,
  retryMinMs: 50,
  retryMaxMs: 1_000,
  renewSession: false,
  canBeReadOnly: false,
  auth: [],
  requestsMax: 2 ** 18,
  requestBytesMax: mebibyte - 1,
  replyBytesMax: 64 * mebibyte,
  clock: systemClock,
  random: systemRandom,
} as const;

const attemptTimeoutMsMin = 250;

/** The options with the defaults filled in; throws BadArgumentsError on impossible ones. */
export function settingsOf(options: ClientOptions, serverCount: number): Settings {
  const given = Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as ClientOptions;
  const merged = { ...defaults, ...given };
  const share = Math.max(attemptTimeoutMsMin, merged.sessionTimeoutMs / serverCount);
  const settings: Settings = { ...merged, attemptTimeoutMs: given.attemptTimeoutMs ?? share };
  for (const [name, value] of Object.entries(settings)) {
    if (typeof value === 'number' && !(value > 0)) {
      throw new BadArgumentsError(null, `option ${name} must be above zero`);
    }
  }
  return settings;
}
