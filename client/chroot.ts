/**
 * The chroot of a client: every path that it sends gets the prefix, every path that it receives
 * loses it. The server knows nothing of it. Paths are checked here, before anything is sent, since
 * a bad path is the caller's mistake and costs no round trip.
 */

import { pathFault, rootPath } from '../protocol/path.ts';
import { BadArgumentsError } from './errors.ts';

export class Chroot {
  /** '' or a path without a slash at its end. */
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The server's path of the caller's `path`. Throws BadArgumentsError when it is no path. */
  add(path: string): string {
    check(path, path);
    if (this.prefix === '') return path;
    return path === rootPath ? this.prefix : this.prefix + path;
  }

  /** As add, for a sequential create, where the server appends digits: `/queue/` is fine then. */
  addSequential(path: string): string {
    check(`${path}0`, path);
    return this.prefix + path;
  }

  /** The caller's path of the server's `path`; a path outside the chroot stays as it is. */
  strip(path: string): string {
    if (!this.holds(path)) return path;
    return path.length === this.prefix.length ? rootPath : path.slice(this.prefix.length);
  }

  /** Does the server's `path` lie in this chroot? */
  holds(path: string): boolean {
    const { prefix } = this;
    if (prefix === '') return true;
    return (
      path.startsWith(prefix) && (path.length === prefix.length || path[prefix.length] === '/')
    );
  }
}

function check(path: string, given: string): void {
  const fault = typeof path === 'string' ? pathFault(path) : 'path is not a string';
  if (fault !== null) throw new BadArgumentsError(String(given), fault);
}
