/** Names of those actors of which there are many, as records have them behind the sid. */

/** `id` as text, `0x…`. */
export function sessionName(id: string): string {
  return `session.${id}`;
}

/** `table` is `data` or `child`, `watcher` the number of the connection. */
export function watchName(table: string, watcher: number, path: string): string {
  return `watch.${table}.${watcher}.${path}`;
}

export function connectionName(watcher: number): string {
  return `connection.${watcher}`;
}
