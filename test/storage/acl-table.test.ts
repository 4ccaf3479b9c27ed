/**
 * The ACL table: equal lists share an id, unused ones are dropped, and all of it survives a save.
 */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JuteWriter } from '../../protocol/jute.ts';
import type { Acl } from '../../protocol/record.ts';
import { openAcl, readOnlyAcl, writeAcl } from '../../protocol/record.ts';
import { AclTable, openAclId, readOnlyAclId } from '../../storage/acl-table.ts';

const acl = (id: string, perms = 31): Acl => ({ perms, id: { scheme: 'digest', id } });
const entry = fc.record({
  perms: fc.integer(),
  id: fc.record({ scheme: fc.string(), id: fc.string({ unit: 'grapheme' }) }),
});

function encode(list: readonly Acl[]): Buffer {
  const writer = new JuteWriter();
  writeAcl(writer, list);
  return writer.copy();
}

test('the open and the read-only list have fixed ids', () => {
  const table = new AclTable();

  expect(table.intern(openAcl)).toBe(openAclId);
  expect(table.intern(readOnlyAcl)).toBe(readOnlyAclId);
});

test('equal lists share an id, decoded or in bytes, and come back equal (any list)', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 5 }), fc.nat(9), (list, offset) => {
      const table = new AclTable();
      const bytes = encode(list);
      const inside = Buffer.concat([Buffer.alloc(offset), bytes, Buffer.alloc(3)]);

      const id = table.intern(list);

      expect(table.internEncoded(inside, offset, offset + bytes.length)).toBe(id);
      expect(table.list(id)).toEqual(list);
      expect(table.encoded(id)).toEqual(bytes);
    }),
  );
});

test('what was interned from bytes does not change with them', () => {
  const table = new AclTable();
  const bytes = encode([acl('bob')]);
  const id = table.internEncoded(bytes, 0, bytes.length);
  bytes.fill(0);

  expect(table.list(id)).toEqual([acl('bob')]);
  expect(table.intern([acl('bob')])).toBe(id);
});

test('a list goes with its last user, and its id is not given again', () => {
  const table = new AclTable();
  const id = table.intern([acl('bob')]);
  table.retain(id);
  table.retain(id);
  table.release(id);
  expect(table.list(id)).toHaveLength(1);

  table.release(id);

  expect(() => table.list(id)).toThrow(/is in the table/);
  expect(table.intern([acl('bob')])).not.toBe(id);
});

test('the fixed lists are never dropped', () => {
  const table = new AclTable();
  for (const id of [openAclId, readOnlyAclId]) {
    table.retain(id);
    table.release(id);
    table.release(id);

    expect(table.list(id)).toHaveLength(1);
  }
});

test('users of a list never go below zero', () => {
  const table = new AclTable();
  const id = table.intern([acl('bob')]);

  expect(() => table.release(id)).toThrow(/below zero/);
});

test('a saved table loads with the same ids, and goes on numbering behind them', () => {
  const table = new AclTable();
  const ids = ['a', 'b', 'c'].map((name) => table.intern([acl(name)]));
  ids.map((id) => table.retain(id));
  table.release(ids[1]!);
  const loaded = new AclTable();

  loaded.load(table.save());

  expect(loaded.list(ids[0]!)).toEqual([acl('a')]);
  expect(loaded.intern([acl('c')])).toBe(ids[2]);
  expect(loaded.intern(openAcl)).toBe(openAclId);
  expect(() => loaded.list(ids[1]!)).toThrow(/is in the table/);
  expect(loaded.intern([acl('d')])).toBe(table.intern([acl('d')]));
  expect(loaded.save()).toEqual(table.save());
});
