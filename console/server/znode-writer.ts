/**
 * Writes that the console does for whoever has the token: through our own client, as any other
 * client of the ensemble, with the rights of the credentials that came along. Sessions are kept for
 * some seconds, one for each credentials, as imports bring many writes.
 */

import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../../actors/clock.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import { type Client, CreateMode, connect } from '../../client/client.ts';
import type { ZnodeStat } from '../../protocol/inspection.ts';
import type { Stat } from '../../protocol/record.ts';
import { clientAddresses } from './client-addresses.ts';
import { Presence } from './presence.ts';
import { Refusal } from './refusal.ts';
import { writeFault } from './write-fault.ts';
import type { WriteRequest } from './write-request.ts';

export type WriteResult = { readonly stat: ZnodeStat } | { readonly path: string };

export interface ZnodeWriter {
  /** Rejects with a Refusal that says why it was not done. */
  write(request: WriteRequest): Promise<WriteResult>;
  close(): Promise<void>;
}

interface Kept {
  readonly client: Promise<Client>;
  /** Was it connected, and is not any more? */
  isLost: boolean;
  users: number;
  idle: Timer | null;
}

const idleMs = 10_000;
const sessionTimeoutMs = 10_000;
const connectWithinMs = 5_000;
const operationTimeoutMs = 10_000;
/** A session that cannot be ended ends by itself. */
const closeTimeoutMs = 1_000;
const sessionsMax = 8;
const unavailable = 503;

/** Writes to the ensemble of `inspection`, at whichever replica takes clients. */
export class ClientWriter implements ZnodeWriter {
  readonly #inspection: Inspection;
  readonly #presence: Presence;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(inspection: Inspection, clock: Clock) {
    this.#inspection = inspection;
    this.#presence = new Presence(inspection, clock);
    this.#clock = clock;
  }

  async write(request: WriteRequest): Promise<WriteResult> {
    const key = keyOf(request);
    const found = this.#kept.get(key);
    // The ensemble may have moved meanwhile: better a new session than to wait for the old one.
    if (found?.isLost === true) this.#drop(key, found);
    const kept = this.#kept.get(key) ?? this.#open(key, request);
    kept.users++;
    kept.idle?.cancel();
    kept.idle = null;
    try {
      return await run(await kept.client, request);
    } catch (failure) {
      const fault = writeFault(failure, request);
      // The next write looks for a replica anew.
      if (!(fault instanceof Refusal) || fault.status === unavailable) this.#drop(key, kept);
      throw fault;
    } finally {
      kept.users--;
      if (kept.users === 0 && this.#kept.get(key) === kept) {
        kept.idle = this.#clock.after(idleMs, () => this.#drop(key, kept));
      }
    }
  }

  async close(): Promise<void> {
    this.#presence.close();
    const all = [...this.#kept];
    for (const [key, kept] of all) this.#drop(key, kept);
    await Promise.allSettled(all.map(async ([, { client }]) => (await client).close()));
  }

  #open(key: string, request: WriteRequest): Kept {
    if (this.#kept.size >= sessionsMax) {
      throw new Refusal(unavailable, 'too many credentials write at one time');
    }
    const kept: Kept = { client: this.#connect(request), isLost: false, users: 0, idle: null };
    this.#kept.set(key, kept);
    kept.client.then(
      (client) =>
        client.onState((state) => {
          kept.isLost = state !== 'connected';
        }),
      // A session that was never there is not kept.
      () => this.#drop(key, kept),
    );
    return kept;
  }

  async #connect({ auth }: WriteRequest): Promise<Client> {
    const addresses = await clientAddresses(this.#inspection, await this.#presence.sids());
    if (addresses.length === 0) {
      throw new Refusal(unavailable, 'no replica with a port for clients answers');
    }
    const options = { sessionTimeoutMs, connectWithinMs, operationTimeoutMs, closeTimeoutMs };
    const client = await connect(addresses.join(','), options).catch(() => {
      throw new Refusal(unavailable, `no replica took a session: ${addresses.join(', ')}`);
    });
    try {
      if (auth !== null) await client.addAuth(auth.scheme, auth.credentials);
    } catch (failure) {
      void client.close();
      throw failure;
    }
    return client;
  }

  #drop(key: string, kept: Kept): void {
    kept.idle?.cancel();
    if (this.#kept.get(key) === kept) this.#kept.delete(key);
    kept.client.then(
      (client) => void client.close(),
      () => {},
    );
  }
}

async function run(client: Client, request: WriteRequest): Promise<WriteResult> {
  const { op, path, data, version, kind, ttlMs, acl } = request;
  if (op === 'set') return { stat: statOf(await client.setData(path, data, version)) };
  if (op === 'delete') {
    await client.delete(path, version);
    return { path };
  }
  const created = await client.create(path, data, {
    ...(kind === 'container' ? { mode: CreateMode.container } : {}),
    ...(ttlMs === null ? {} : { ttl: ttlMs }),
    ...(acl === null ? {} : { acl }),
  });
  return { path: created };
}

/** Of the credentials; their text itself is kept no longer than the write. */
function keyOf({ auth }: WriteRequest): string {
  if (auth === null) return '';
  return createHash('sha256').update(JSON.stringify(auth)).digest('hex');
}

function statOf(stat: Stat): ZnodeStat {
  const hex = (value: number) => `0x${value.toString(16)}`;
  return {
    czxid: hex(stat.czxid),
    mzxid: hex(stat.mzxid),
    pzxid: hex(stat.pzxid),
    ctimeMs: stat.ctime,
    mtimeMs: stat.mtime,
    version: stat.version,
    cversion: stat.cversion,
    aversion: stat.aversion,
    ephemeralOwner: `0x${BigInt(`0x${stat.ephemeralOwner}`).toString(16)}`,
    dataLength: stat.dataLength,
    numChildren: stat.numChildren,
  };
}
