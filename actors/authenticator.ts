/**
 * Who is at the other end: takes auth and sasl packets of one connection and adds identities to it
 * (spec 3.10). Identities live and die with the connection.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import { JuteError, type JuteReader } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import type { Id } from '../protocol/record.ts';
import { readRequest } from '../protocol/requests.ts';
import { type Caller, makeCaller } from '../storage/caller.ts';
import { addressIdentity, digestId, superIdentity } from './acl-schemes.ts';
import type { Random } from './random.ts';
import { DigestServer, SaslFailure } from './sasl-digest.ts';
import type { Settings } from './settings.ts';

export type AuthSettings = Pick<
  Settings,
  | 'superDigest'
  | 'digestAlgorithm'
  | 'digestSchemeEnabled'
  | 'saslUsers'
  | 'superUser'
  | 'requireClientSasl'
  | 'enforceAuthSchemes'
  | 'allowSaslFailedClients'
  | 'ensembleAuthNames'
>;

/** Outcome of a packet: an error other than 0 ends the connection after the reply. */
export interface AuthOutcome {
  readonly err: number;
  /** What a sasl reply carries; null also where SASL is not configured. */
  readonly token: Buffer | null;
  /** Drop the connection without a reply. */
  readonly drop?: boolean;
}

const accepted: AuthOutcome = { err: ErrorCode.ok, token: null };
const refused: AuthOutcome = { err: ErrorCode.authFailed, token: null };
/** Characters of all ids of one connection; an honest client has a handful of short ones. */
const idCharsMax = 16 * 1024;
const saslRealm = 'zk-sasl-md5';

export class Authenticator {
  readonly #settings: AuthSettings;
  readonly #random: Random;
  #sasl: DigestServer | null = null;
  #saslDone = false;
  caller: Caller;

  constructor(settings: AuthSettings, random: Random, remoteAddress: string) {
    this.#settings = settings;
    this.#random = random;
    this.caller = makeCaller([addressIdentity(remoteAddress)]);
  }

  /** May this connection do anything besides proving who it is? */
  get mayProceed(): boolean {
    const { requireClientSasl, enforceAuthSchemes } = this.#settings;
    if (requireClientSasl && !this.#saslDone) return false;
    if (enforceAuthSchemes === null) return true;
    return this.caller.ids.some(({ scheme }) => enforceAuthSchemes.includes(scheme));
  }

  /** False when there would be too many. */
  #add(...ids: Id[]): boolean {
    const known = this.caller.ids;
    const added = ids.filter(
      ({ scheme, id }) => !known.some((other) => other.scheme === scheme && other.id === id),
    );
    if (added.length === 0) return true;
    const all = [...known, ...added];
    if (all.reduce((sum, { scheme, id }) => sum + scheme.length + id.length, 0) > idCharsMax) {
      return false;
    }
    this.caller = makeCaller(all);
    return true;
  }

  /** Takes the auth or sasl packet at the reader; one that cannot be decoded is dropped. */
  take(op: number, reader: JuteReader): AuthOutcome {
    try {
      if (op === Opcode.sasl) return this.sasl(readRequest(Opcode.sasl, reader).token);
      const packet = readRequest(Opcode.auth, reader);
      return this.authenticate(packet.scheme, packet.auth);
    } catch (failure) {
      if (failure instanceof JuteError) return { ...refused, drop: true };
      throw failure;
    }
  }

  authenticate(scheme: string | null, payload: Uint8Array | null): AuthOutcome {
    const bytes = payload ?? Buffer.alloc(0);
    switch (scheme) {
      case 'digest': {
        if (!this.#settings.digestSchemeEnabled) return refused;
        const id = digestId(bytes, this.#settings.digestAlgorithm);
        const isSuper = id === this.#settings.superDigest;
        const ids = isSuper ? [superIdentity, { scheme, id }] : [{ scheme, id }];
        return this.#add(...ids) ? accepted : refused;
      }
      case 'ip':
        // Every connection has its address already.
        return accepted;
      case 'ensemble': {
        const names = this.#settings.ensembleAuthNames;
        if (names === null) return accepted;
        const name = Buffer.from(bytes).toString('utf8');
        return name === '' || names.includes(name) ? accepted : { ...refused, drop: true };
      }
      default:
        return refused;
    }
  }

  sasl(token: Uint8Array | null): AuthOutcome {
    const users = this.#settings.saslUsers;
    if (users === null) return accepted;
    this.#sasl ??= new DigestServer({
      users,
      realm: saslRealm,
      protocol: 'zookeeper',
      serverName: saslRealm,
      randomBytes: (count) => this.#random.bytes(count),
    });
    try {
      const step = this.#sasl.step(Buffer.from(token ?? []));
      if (step.done && step.user !== undefined) {
        this.#saslDone = true;
        this.#add({ scheme: 'sasl', id: step.user });
        if (step.user === this.#settings.superUser) this.#add(superIdentity);
      }
      return { err: ErrorCode.ok, token: step.token };
    } catch (failure) {
      if (!(failure instanceof SaslFailure)) throw failure;
      if (this.#settings.allowSaslFailedClients) return accepted;
      const { requireClientSasl } = this.#settings;
      const err = requireClientSasl ? ErrorCode.sessionClosedRequireSaslAuth : ErrorCode.authFailed;
      return { err, token: null };
    }
  }
}
