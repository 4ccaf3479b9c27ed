/**
 * Requests built by hand, byte by byte, without protocol/: what golden frames are made with, so
 * that a mistake in our codec cannot hide by being made twice. Field orders follow zookeeper.jute.
 */

export function bool(value: boolean): Buffer {
  return Buffer.from([value ? 1 : 0]);
}

export function int(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function long(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

/** A string or buffer: its length and its bytes, -1 for null. */
export function text(value: string | null): Buffer {
  if (value === null) return int(-1);
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([int(bytes.length), bytes]);
}

export function vector(...items: Buffer[]): Buffer {
  return Buffer.concat([int(items.length), ...items]);
}

export function texts(...items: string[]): Buffer {
  return vector(...items.map(text));
}

export function acl(...items: [perms: number, scheme: string, id: string][]): Buffer {
  return vector(
    ...items.map(([perms, scheme, id]) => Buffer.concat([int(perms), text(scheme), text(id)])),
  );
}

export const world = acl([31, 'world', 'anyone']);

export function join(...parts: Buffer[]): Buffer {
  return Buffer.concat(parts);
}

/** One operation of a multi: its header and its record. */
export function op(type: number, ...record: Buffer[]): Buffer {
  return join(int(type), bool(false), int(-1), ...record);
}

/** What ends a multi. */
export const end = join(int(-1), bool(true), int(-1));

/** The fields of create: path, data, ACL, flags. */
export function create(path: string | null, data: string | null, flags = 0, list = world): Buffer {
  return join(text(path), text(data), list, int(flags));
}
