/**
 * ACL lists, each stored once: a znode holds a small integer. Lists are immutable; a list that no
 * znode uses any more is dropped.
 *
 * Invariant: `openAclId` is world:anyone with all permissions and is never dropped.
 */

import { assert } from '../protocol/assert.ts';
import { JuteReader, JuteWriter, liesAt } from '../protocol/jute.ts';
import type { Acl } from '../protocol/record.ts';
import { openAcl, readAcl, readOnlyAcl, writeAcl } from '../protocol/record.ts';

export const openAclId = 1;
export const readOnlyAclId = 2;

interface Entry {
  readonly list: readonly Acl[];
  /** The list in jute, as requests, txns and replies carry it. */
  readonly encoded: Buffer;
  users: number;
}

export class AclTable {
  readonly #entries = new Map<number, Entry>();
  readonly #ids = new Map<string, number>();
  #nextId = 1;
  readonly #openEncoded: Buffer;

  constructor() {
    assert(this.intern(openAcl) === openAclId, 'ACL table: the open list has a fixed id');
    assert(this.intern(readOnlyAcl) === readOnlyAclId, 'ACL table: so has the read-only one');
    this.#openEncoded = this.encoded(openAclId);
  }

  list(id: number): readonly Acl[] {
    return this.#entry(id).list;
  }

  encoded(id: number): Buffer {
    return this.#entry(id).encoded;
  }

  #entry(id: number): Entry {
    const entry = this.#entries.get(id);
    assert(entry !== undefined, `ACL ${id} of a znode is in the table`);
    return entry;
  }

  intern(list: readonly Acl[]): number {
    const writer = new JuteWriter();
    writeAcl(writer, list);
    return this.#internCopy(writer.copy(), list);
  }

  /** The id of the list whose jute bytes lie at `start`..`end`. */
  internEncoded(buffer: Buffer, start: number, end: number): number {
    const open = this.#openEncoded;
    if (end - start === open.length && liesAt(open, buffer, start)) return openAclId;
    const id = this.#ids.get(buffer.toString('latin1', start, end));
    if (id !== undefined) return id;
    const list = readAcl(new JuteReader().reset(buffer, start, end));
    assert(list !== null, 'ACL table: a txn holds a list');
    return this.#internCopy(Buffer.from(buffer.subarray(start, end)), list);
  }

  #internCopy(encoded: Buffer, list: readonly Acl[]): number {
    const key = encoded.toString('latin1');
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#nextId++;
    assert(!this.#entries.has(id), 'ACL table: an id is given once');
    assert(encoded.length > 0, 'ACL table: a list has bytes');
    this.#entries.set(id, { list, encoded, users: 0 });
    this.#ids.set(key, id);
    return id;
  }

  retain(id: number): void {
    if (id > readOnlyAclId) this.#entry(id).users++;
  }

  release(id: number): void {
    if (id <= readOnlyAclId) return;
    const entry = this.#entry(id);
    assert(entry.users > 0, 'ACL table: users of a list never go below zero');
    if (--entry.users > 0) return;
    this.#entries.delete(id);
    assert(this.#ids.delete(entry.encoded.toString('latin1')), 'ACL table: a list has an id');
    assert(this.#ids.size === this.#entries.size, 'ACL table: each list is stored once');
  }

  /** After a load: lists of txns that were only prepared when they were saved have no znode. */
  dropUnused(): void {
    for (const [id, { users, encoded }] of this.#entries) {
      if (id <= readOnlyAclId || users > 0) continue;
      this.#entries.delete(id);
      this.#ids.delete(encoded.toString('latin1'));
    }
  }

  /** All lists in use, for a snapshot: the next id, then id and list of each. */
  save(): Buffer {
    const writer = new JuteWriter();
    writer.int(this.#nextId).int(this.#entries.size);
    for (const [id, { encoded }] of this.#entries) writer.int(id).raw(encoded, 0, encoded.length);
    return writer.copy();
  }

  /** Takes the place of all lists; users are counted anew by `retain`. */
  load(bytes: Buffer): void {
    this.#entries.clear();
    this.#ids.clear();
    const reader = new JuteReader(bytes);
    this.#nextId = reader.int();
    for (let left = reader.int(); left > 0; left--) {
      const id = reader.int();
      const start = reader.position;
      const list = readAcl(reader) ?? [];
      const encoded = Buffer.from(bytes.subarray(start, reader.position));
      this.#entries.set(id, { list, encoded, users: 0 });
      this.#ids.set(encoded.toString('latin1'), id);
    }
  }
}
