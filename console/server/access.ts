/**
 * Who may talk to the console, and who may write. A page of somebody else's that the user has open
 * must not reach us: the Host must be a name of ours (else a name that was made to point here would
 * do), the Origin of what changes something must be ourselves. A token gives the right to write; it
 * is compared in constant time, may expire, and appears in no log and no answer.
 */

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../actors/clock.ts';
import { parseAddress, unmapAddress } from '../../actors/ip-address.ts';
import { Refusal } from './refusal.ts';

export interface AccessRules {
  /** Where we listen. */
  readonly address: string;
  /** Further names by which browsers may know us. */
  readonly allowedHosts: readonly string[];
  readonly token: string | null;
  /** ms since 1970; null: never. */
  readonly tokenExpiresMs: number | null;
}

/** What was said by the header `authorization`. */
export type TokenState = 'none' | 'right' | 'wrong' | 'expired' | 'unconfigured';

const unauthorized = 401;
const forbidden = 403;
const faults: Readonly<Record<Exclude<TokenState, 'none' | 'right'>, string>> = {
  wrong: 'this token is not the right one; without it everything can be read',
  expired: 'this token has expired; without it everything can be read',
  unconfigured: 'no token is configured here (console.token): this console only reads',
};

export class Access {
  readonly #rules: AccessRules;
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #names: ReadonlySet<string>;
  readonly #digest: Buffer | null;

  constructor(rules: AccessRules, clock: Pick<Clock, 'wallMs'>) {
    this.#rules = rules;
    this.#clock = clock;
    this.#names = new Set([rules.address, ...rules.allowedHosts].map((name) => name.toLowerCase()));
    this.#digest = rules.token === null ? null : digestOf(rules.token);
  }

  get hasToken(): boolean {
    return this.#digest !== null;
  }

  get isExpired(): boolean {
    const { tokenExpiresMs } = this.#rules;
    return tokenExpiresMs !== null && this.#clock.wallMs() >= tokenExpiresMs;
  }

  /** @throws Refusal when the header Host is no name of ours */
  checkHost(host: string | undefined): void {
    const name = host === undefined ? null : hostName(host);
    if (name !== null && this.#isOurs(name)) return;
    throw new Refusal(
      forbidden,
      'this host name is not one of the console; names beside the address that it is bound to ' +
        'are allowed by console.allowedHosts',
    );
  }

  /** @throws Refusal when a page of another origin asks; programs that are no browser send none */
  checkOrigin(origin: string | undefined, host: string | undefined): void {
    if (origin === undefined) return;
    const ours = [`http://${host}`, `https://${host}`];
    if (ours.includes(origin.toLowerCase())) return;
    throw new Refusal(forbidden, 'a page of another origin may not ask this console');
  }

  tokenState(authorization: string | undefined): TokenState {
    if (authorization === undefined) return 'none';
    const token = /^Bearer +(\S+) *$/i.exec(authorization)?.[1] ?? '';
    if (this.#digest === null) return 'unconfigured';
    // Digests, as both sides of the comparison must have one length.
    if (!timingSafeEqual(digestOf(token), this.#digest)) return 'wrong';
    return this.isExpired ? 'expired' : 'right';
  }

  /** @throws Refusal when a token was sent that does not count */
  isAdmin(state: TokenState): boolean {
    if (state === 'none') return false;
    if (state === 'right') return true;
    throw new Refusal(unauthorized, faults[state]);
  }

  /** @throws Refusal unless the right token was sent */
  requireAdmin(state: TokenState): void {
    if (this.isAdmin(state)) return;
    if (!this.hasToken) throw new Refusal(forbidden, faults.unconfigured);
    throw new Refusal(unauthorized, 'this needs the token: authorization: Bearer …');
  }

  /** Why a token that was sent does not count; null when none was sent, or the right one. */
  tokenFault(state: TokenState): string | null {
    return state === 'none' || state === 'right' ? null : faults[state];
  }

  #isOurs(name: string): boolean {
    if (isLoopback(name) || this.#names.has(name)) return true;
    // Bound to all addresses: any of them, as only a name can be made to point here.
    return isWildcard(this.#rules.address) && parseAddress(name) !== null;
  }
}

/** `localhost`, 127.0.0.0/8 and ::1. */
export function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost') return true;
  const parsed = parseAddress(host);
  const bytes = parsed === null ? null : unmapAddress(parsed);
  if (bytes === null) return false;
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.every((byte, at) => byte === (at === 15 ? 1 : 0));
}

export function isWildcard(address: string): boolean {
  return address === '0.0.0.0' || address === '::';
}

/** Without its port, brackets and the dot of a full name. */
function hostName(host: string): string | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]]+))(?::\d{1,5})?$/i.exec(host);
  const name = match?.[1] ?? match?.[2];
  return name === undefined ? null : name.toLowerCase().replace(/\.$/, '');
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
