/**
 * The words about watches: `wchs` counts them, `wchc` lists them by session, `wchp` by path. As in
 * ZooKeeper they see watches on data, persistent ones included, and none on children. The lists are
 * as long as there are watches; who finds that too long leaves them out of the whitelist.
 */

import { formatSessionId, noSession } from '../protocol/session-id.ts';
import { noWatch, WatchTable } from '../storage/watch-index.ts';
import type { ReplicaView } from './replica-view.ts';

export function watchSummary(view: ReplicaView): string {
  const { index } = view.watches;
  let watchers = 0;
  let paths = 0;
  let total = 0;
  for (const watcher of index.watchers()) {
    let count = 0;
    for (const watch of dataWatches(view, watcher)) {
      count++;
      // Each path has one last watch in its chain: no path needs to be read to count them.
      if (index.nextOfPath(watch) === noWatch) paths++;
    }
    if (count > 0) watchers++;
    total += count;
  }
  return `${watchers} connections watching ${paths} paths\nTotal watches:${total}\n`;
}

export function watchesBySession(view: ReplicaView): string {
  const lines: string[] = [];
  for (const watcher of view.watches.index.watchers()) {
    const watches = [...dataWatches(view, watcher)];
    if (watches.length === 0) continue;
    lines.push(`${sessionOf(view, watcher)}\n`);
    for (const watch of watches) lines.push(`\t${view.watches.index.pathOf(watch)}\n`);
  }
  return `${lines.join('')}\n`;
}

export function watchesByPath(view: ReplicaView): string {
  const sessions = new Map<string, string[]>();
  for (const watcher of view.watches.index.watchers()) {
    const session = `\t${sessionOf(view, watcher)}\n`;
    for (const watch of dataWatches(view, watcher)) {
      const path = view.watches.index.pathOf(watch);
      const known = sessions.get(path);
      if (known) known.push(session);
      else sessions.set(path, [session]);
    }
  }
  const lines = [...sessions].map(([path, watchers]) => `${path}\n${watchers.join('')}`);
  return `${lines.join('')}\n`;
}

function* dataWatches(view: ReplicaView, watcher: number): Generator<number> {
  const { index } = view.watches;
  for (let watch = index.firstOfWatcher(watcher); watch !== noWatch; ) {
    if (index.tableOf(watch) === WatchTable.data) yield watch;
    watch = index.nextOfWatcher(watch);
  }
}

function sessionOf(view: ReplicaView, watcher: number): string {
  return formatSessionId(view.connections.get(watcher)?.session?.id ?? noSession);
}
