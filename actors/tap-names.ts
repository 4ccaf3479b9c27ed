/**
 * Names of the actors of which there are many, as records and answers carry them behind the sid.
 * A session's id stands in them as ZooKeeper prints it, whichever form it came in.
 */

import { formatSessionId } from '../protocol/session-id.ts';

/** Of a watch: its table (`data` or `child`), its connection's number, its path. */
export function watchName(table: string, watcher: number, path: string): string {
  return `watch.${table}.${watcher}.${path}`;
}

/** `id` is 16 hex digits, or `0x…` already. */
export function sessionName(id: string): string {
  return `session.${id.startsWith('0x') ? id : formatSessionId(id)}`;
}

/** `watcher` is the connection's number, under which its watches are kept. */
export function connectionName(watcher: number): string {
  return `connection.${watcher}`;
}
