/**
 * Records by description: a record is a list of named fields, and this file reads and writes any of
 * them. It serves the client, tools, tests and the rare operations of the server; the frequent ones
 * (getData, setData, exists, create …) are read in place, without an object, where they are
 * handled.
 */

import type { JuteReader, JuteWriter } from './jute.ts';
import { highHalf, lowHalf, sessionIdFromHalves } from './session-id.ts';

/** Who a permission is for: `world:anyone`, `digest:user:hash`, `ip:10.0.0.0/8` … */
export interface Id {
  readonly scheme: string;
  readonly id: string;
}

export interface Acl {
  readonly perms: number;
  readonly id: Id;
}

export const Permission = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const;

export const openAcl: readonly Acl[] = [
  { perms: Permission.all, id: { scheme: 'world', id: 'anyone' } },
];
export const readOnlyAcl: readonly Acl[] = [
  { perms: Permission.read, id: { scheme: 'world', id: 'anyone' } },
];

/** The eleven fields of a znode's Stat; zxids and times as numbers, the owner as session id. */
export interface Stat {
  czxid: number;
  mzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  cversion: number;
  aversion: number;
  ephemeralOwner: string;
  dataLength: number;
  numChildren: number;
  pzxid: number;
}

interface FieldTypes {
  int: number;
  long: number;
  /** 64 bits kept as 16 hex digits. */
  sid: string;
  boolean: boolean;
  ustring: string | null;
  buffer: Uint8Array | null;
  strings: string[] | null;
  acl: readonly Acl[] | null;
  stat: Stat;
}
export type FieldType = keyof FieldTypes;
export type Schema = readonly (readonly [string, FieldType])[];

/** The object type of a record described by `S`. */
export type RecordOf<S extends Schema> = {
  -readonly [F in S[number] as F[0]]: FieldTypes[F[1]];
};

const statFields = [
  ['czxid', 'long'],
  ['mzxid', 'long'],
  ['ctime', 'long'],
  ['mtime', 'long'],
  ['version', 'int'],
  ['cversion', 'int'],
  ['aversion', 'int'],
  ['ephemeralOwner', 'sid'],
  ['dataLength', 'int'],
  ['numChildren', 'int'],
  ['pzxid', 'long'],
] as const satisfies Schema;

export const statBytes = 68;

const readers: { [T in FieldType]: (reader: JuteReader) => FieldTypes[T] } = {
  int: (reader) => reader.int(),
  long: (reader) => reader.long(),
  sid: (reader) => {
    reader.long();
    return sessionIdFromHalves(reader.high, reader.low);
  },
  boolean: (reader) => reader.boolean(),
  ustring: (reader) => reader.string(),
  buffer: (reader) => reader.bytes(),
  strings: (reader) => reader.strings(),
  acl: readAcl,
  stat: (reader) => readRecord(statFields, reader),
};

const writers: { [T in FieldType]: (writer: JuteWriter, value: FieldTypes[T]) => void } = {
  int: (writer, value) => writer.int(value),
  long: (writer, value) => writer.long(value),
  sid: (writer, value) => writer.halves(highHalf(value), lowHalf(value)),
  boolean: (writer, value) => writer.boolean(value),
  ustring: (writer, value) => writer.string(value),
  buffer: (writer, value) => writer.bytes(value),
  strings: (writer, value) => (value === null ? writer.int(-1) : writer.strings(value)),
  acl: writeAcl,
  stat: (writer, value) => writeRecord(statFields, writer, value),
};

/** Reads a record; throws JuteError when the bytes end early or a length is impossible. */
export function readRecord<S extends Schema>(schema: S, reader: JuteReader): RecordOf<S> {
  const record: Record<string, unknown> = {};
  for (const [name, type] of schema) record[name] = readers[type](reader);
  return record as RecordOf<S>;
}

export function writeRecord<S extends Schema>(
  schema: S,
  writer: JuteWriter,
  record: RecordOf<S>,
): void {
  const fields = record as Record<string, unknown>;
  for (const [name, type] of schema) writers[type](writer, fields[name] as never);
}

/** Least bytes of one ACL entry: perms and two empty strings. */
const aclBytesMin = 12;

/** An ACL list; null for the vector of count -1. A null scheme or id counts as empty. */
export function readAcl(reader: JuteReader): Acl[] | null {
  const count = reader.vector(aclBytesMin);
  if (count < 0) return null;
  const list: Acl[] = [];
  for (let i = 0; i < count; i++) {
    const perms = reader.int();
    // kazoo writes an empty id as null.
    const scheme = reader.string() ?? '';
    const id = reader.string() ?? '';
    list.push({ perms, id: { scheme, id } });
  }
  return list;
}

export function writeAcl(writer: JuteWriter, list: readonly Acl[] | null): void {
  if (list === null) {
    writer.int(-1);
    return;
  }
  writer.int(list.length);
  for (const { perms, id } of list) writer.int(perms).string(id.scheme).string(id.id);
}
