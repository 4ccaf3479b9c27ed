/** Sessions, connections and watches as the actors that they are: found by their names. */

import { noWatch, WatchTable } from '../../storage/watch-index.ts';
import { connectionTable } from '../connection-table.ts';
import type { Replica } from '../replica.ts';
import { sessionTable } from '../session.ts';
import type { TappedInstance, TappedTable } from '../tap.ts';
import { watchTable } from '../watches.ts';

/** null when there is none of that name (tap-names.ts). */
export function instanceOf({ clients, sessions }: Replica, name: string): TappedInstance | null {
  const session = /^session\.0x([0-9a-f]{1,16})$/.exec(name);
  if (session !== null) {
    return inState(sessionTable, sessions.get(session[1]!.padStart(16, '0'))?.stateName);
  }
  const connection = /^connection\.(\d+)$/.exec(name);
  if (connection !== null) {
    return inState(connectionTable, clients.connections.get(Number(connection[1]))?.stateName);
  }
  const watch = /^watch\.(data|child)\.(\d+)\.(.*)$/s.exec(name);
  if (watch === null) return null;
  const { index } = clients.watches;
  const [, kind, watcher, text] = watch;
  const path = Buffer.from(text!);
  const found = index.find(Number(watcher), WatchTable[kind as 'data'], path, 0, path.length);
  return found === noWatch ? null : { table: watchTable, state: index.state(found) };
}

function inState(table: TappedTable, name: string | undefined): TappedInstance | null {
  return name === undefined ? null : { table, state: table.states.indexOf(name) };
}
