/**
 * A write that a page asks for, checked: the shape of its JSON, base64, letters of permissions.
 * Whether it can be done is for the ensemble to say.
 */

import { type Acl, Permission } from '../../protocol/record.ts';
import {
  integerField,
  type JsonObject,
  listField,
  objectOf,
  textField,
  wordField,
} from './json-fields.ts';
import { Refusal } from './refusal.ts';

export interface Credentials {
  readonly scheme: string;
  readonly credentials: string;
}

/** Ephemerals are left out: they would go with the console's own session. */
export type WritableKind = 'persistent' | 'container' | 'ttl';

export interface WriteRequest {
  readonly op: 'create' | 'set' | 'delete';
  readonly path: string;
  readonly data: Buffer | null;
  /** -1: any. */
  readonly version: number;
  readonly kind: WritableKind;
  readonly ttlMs: number | null;
  /** Null: everything for everybody. */
  readonly acl: readonly Acl[] | null;
  readonly auth: Credentials | null;
}

const badRequest = 400;
const pathLengthMax = 100_000;
const dataLengthMax = 2_000_000;
const anyVersion = -1;
const versionMax = 2 ** 31 - 1;
const aclMax = 100;
const letters: Readonly<Record<string, number>> = {
  c: Permission.create,
  d: Permission.delete,
  r: Permission.read,
  w: Permission.write,
  a: Permission.admin,
};

/** @throws Refusal that names the field */
export function writeRequestOf(body: JsonObject): WriteRequest {
  const op = wordField(body, 'op', ['create', 'set', 'delete']);
  const { data = null, version = anyVersion, acl = null, auth = null } = body;
  if (op === 'set' && data === null) throw new Refusal(badRequest, '"data" is missing');
  const kind = kindOf(body);
  return {
    op,
    path: textField(body, 'path', pathLengthMax),
    data: data === null ? null : bytesOf(textField(body, 'data', dataLengthMax)),
    version: integerField({ version }, 'version', { min: anyVersion, max: versionMax }),
    kind,
    ttlMs:
      kind === 'ttl' ? integerField(body, 'ttlMs', { min: 1, max: Number.MAX_SAFE_INTEGER }) : null,
    acl: acl === null ? null : listField(body, 'acl', aclMax).map(aclOf),
    auth: auth === null ? null : authOf(auth),
  };
}

function kindOf(body: JsonObject): WritableKind {
  if (body.kind === undefined) return 'persistent';
  if (body.kind === 'ephemeral') {
    throw new Refusal(
      badRequest,
      "an ephemeral znode would go with the console's own session: create it persistent",
    );
  }
  return wordField(body, 'kind', ['persistent', 'container', 'ttl']);
}

function bytesOf(text: string): Buffer {
  const isBase64 = text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
  if (!isBase64) throw new Refusal(badRequest, '"data" must be base64');
  return Buffer.from(text, 'base64');
}

function aclOf(value: unknown): Acl {
  const entry = objectOf(value, 'each entry of "acl"');
  const text = textField(entry, 'perms', 5);
  let perms = 0;
  for (const letter of text) {
    const bit = letters[letter];
    if (bit === undefined) throw new Refusal(badRequest, '"perms" must be of the letters cdrwa');
    perms |= bit;
  }
  return {
    perms,
    id: { scheme: textField(entry, 'scheme', 100), id: textField(entry, 'id', 1_000) },
  };
}

function authOf(value: unknown): Credentials {
  const auth = objectOf(value, '"auth"');
  return {
    scheme: textField(auth, 'scheme', 100),
    credentials: textField(auth, 'credentials', 1_000),
  };
}
