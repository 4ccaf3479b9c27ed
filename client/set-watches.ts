/**
 * Registers all watches of a client on a new connection: setWatches2, or setWatches when none is
 * persistent, so that servers before 3.6 understand it. The paths are split over several requests
 * of bounded size, as a single one could be larger than the server takes.
 */

import type { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import { writeRequest } from '../protocol/requests.ts';
import type { Call } from './call.ts';
import type { WatchKind } from './watch-event.ts';
import type { WatchTable } from './watch-table.ts';
import { watchKinds } from './watch-table.ts';

/** Bound of the paths in one request; the server's own limit is eight times this. */
export const setWatchesBytesMax = 128 * 1024;

const lengthBytes = 4;

type Paths = { [K in WatchKind]: string[] };

const noPaths = (): Paths => ({
  data: [],
  exists: [],
  children: [],
  persistent: [],
  recursive: [],
});

/** The requests that register everything in `table`, with events for changes after `zxid`. */
export function setWatchesCalls(table: WatchTable, zxid: number): Call<void>[] {
  const calls: Call<void>[] = [];
  let paths = noPaths();
  let bytes = 0;
  for (const kind of watchKinds) {
    for (const path of table.paths(kind)) {
      const pathBytes = lengthBytes + Buffer.byteLength(path);
      if (bytes > 0 && bytes + pathBytes > setWatchesBytesMax) {
        calls.push(setWatchesCall(paths, zxid));
        paths = noPaths();
        bytes = 0;
      }
      paths[kind].push(path);
      bytes += pathBytes;
    }
  }
  if (bytes > 0) calls.push(setWatchesCall(paths, zxid));
  return calls;
}

function setWatchesCall(paths: Paths, relativeZxid: number): Call<void> {
  const body = {
    relativeZxid,
    dataWatches: paths.data,
    existWatches: paths.exists,
    childWatches: paths.children,
  };
  const isPersistent = paths.persistent.length + paths.recursive.length > 0;
  return {
    op: isPersistent ? Opcode.setWatches2 : Opcode.setWatches,
    path: null,
    encode(writer: JuteWriter) {
      if (!isPersistent) {
        writeRequest(Opcode.setWatches, writer, body);
        return;
      }
      writeRequest(Opcode.setWatches2, writer, {
        ...body,
        persistentWatches: paths.persistent,
        persistentRecursiveWatches: paths.recursive,
      });
    },
    decode() {},
  };
}
