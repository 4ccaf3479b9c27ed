/**
 * What a process did to its files, in order, as recorder.c wrote it down. Paths are relative to the
 * directory that was recorded.
 */

/** Something happened that matters to what must be on disk: see marks.ts. */
export interface MarkRecord {
  readonly kind: 'mark';
  readonly text: string;
}

export type DiskRecord =
  | {
      readonly kind: 'open';
      readonly path: string;
      readonly inode: bigint;
      readonly isCreated: boolean;
      readonly isEmptied: boolean;
      readonly isDirectory: boolean;
    }
  | {
      readonly kind: 'write';
      readonly inode: bigint;
      readonly offset: number;
      readonly bytes: Buffer;
      /** Durable when the call returned. */
      readonly isSynced: boolean;
    }
  | { readonly kind: 'truncate'; readonly inode: bigint; readonly size: number }
  | { readonly kind: 'sync'; readonly inode: bigint; readonly isDirectory: boolean }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'unlink' | 'mkdir'; readonly path: string }
  | MarkRecord;

const headBytes = 28;
const Code = {
  ...{ open: 1, write: 2, truncate: 3, sync: 4, rename: 5, unlink: 6 },
  ...{ mkdir: 7, link: 8, mark: 10 },
} as const;
const Flag = { created: 1, emptied: 2, synced: 4, directory: 8 } as const;

/** @throws on anything that the model of a disk (disk.ts) knows nothing of */
export function parseRecord(bytes: Buffer): DiskRecord[] {
  const records: DiskRecord[] = [];
  for (let at = 0; at < bytes.length; ) {
    const pathEnd = at + headBytes + bytes.readUInt16LE(at + 2);
    const flags = bytes[at + 1]!;
    const inode = bytes.readBigUInt64LE(at + 4);
    const offset = Number(bytes.readBigUInt64LE(at + 12));
    const code = bytes[at]!;
    const hasData = code !== Code.open && code !== Code.truncate && code !== Code.sync;
    const end = pathEnd + (hasData ? Number(bytes.readBigUInt64LE(at + 20)) : 0);
    const path = bytes.toString('utf8', at + headBytes, pathEnd);
    const data = bytes.subarray(pathEnd, end);
    records.push(recordOf(code, flags, inode, offset, path, data));
    at = end;
  }
  return records;
}

function recordOf(
  code: number,
  flags: number,
  inode: bigint,
  offset: number,
  path: string,
  bytes: Buffer,
): DiskRecord {
  const isDirectory = (flags & Flag.directory) !== 0;
  switch (code) {
    case Code.open: {
      const isCreated = (flags & Flag.created) !== 0;
      const isEmptied = (flags & Flag.emptied) !== 0;
      return { kind: 'open', path, inode, isCreated, isEmptied, isDirectory };
    }
    case Code.write:
      return { kind: 'write', inode, offset, bytes, isSynced: (flags & Flag.synced) !== 0 };
    case Code.truncate:
      return { kind: 'truncate', inode, size: offset };
    case Code.sync:
      return { kind: 'sync', inode, isDirectory };
    case Code.rename:
      return { kind: 'rename', path, to: bytes.toString() };
    case Code.link:
      return { kind: 'link', path, to: bytes.toString() };
    case Code.unlink:
      return { kind: 'unlink', path };
    case Code.mkdir:
      return { kind: 'mkdir', path };
    case Code.mark:
      return { kind: 'mark', text: bytes.toString() };
    default:
      throw new Error(`the record holds what no model knows: ${bytes} ${path}`);
  }
}
