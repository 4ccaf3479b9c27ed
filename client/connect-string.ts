/**
 * The connect string `host:port,host:port/chroot` and the order in which its servers are tried.
 *
 * The list is shuffled once, by a random source that is handed in, so that many clients with the
 * same string spread over the ensemble; after that it is walked in a circle.
 */

import { pathFault } from '../protocol/path.ts';
import type { RandomSource } from './clock.ts';
import { BadArgumentsError } from './errors.ts';

export const defaultPort = 2181;

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export interface ConnectString {
  readonly servers: readonly ServerAddress[];
  /** '' when there is none, else a path without a slash at its end. */
  readonly chroot: string;
}

/** Throws BadArgumentsError when the string names no server or an impossible one. */
export function parseConnectString(text: string): ConnectString {
  const slash = text.indexOf('/');
  const list = slash < 0 ? text : text.slice(0, slash);
  const chroot = slash < 0 || slash === text.length - 1 ? '' : text.slice(slash);
  if (chroot !== '') {
    const fault = pathFault(chroot);
    if (fault !== null) throw new BadArgumentsError(null, `connect string: chroot: ${fault}`);
  }
  const servers = list
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseServer);
  if (servers.length === 0) throw new BadArgumentsError(null, 'connect string names no server');
  return { servers, chroot };
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`, or a bare v6 address. */
function parseServer(part: string): ServerAddress {
  const match = /^(?:\[([^\]]+)\]|([^:[\]\s]+))(?::(\d+))?$/.exec(part);
  const host = match?.[1] ?? match?.[2] ?? (/^[0-9a-f:.%]+$/i.test(part) ? part : null);
  const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
  if (host === null || port < 1 || port > 65_535) {
    throw new BadArgumentsError(null, `connect string: '${part}' is no server address`);
  }
  return { host, port };
}

export class ServerList {
  readonly #servers: ServerAddress[];
  #at = 0;

  constructor(servers: readonly ServerAddress[], random: RandomSource) {
    this.#servers = [...servers];
    for (let last = this.#servers.length - 1; last > 0; last--) {
      const other = Math.floor(random() * (last + 1));
      const moved = this.#servers[last]!;
      this.#servers[last] = this.#servers[other]!;
      this.#servers[other] = moved;
    }
  }

  get size(): number {
    return this.#servers.length;
  }

  next(): ServerAddress {
    const server = this.#servers[this.#at]!;
    this.#at = (this.#at + 1) % this.#servers.length;
    return server;
  }
}
