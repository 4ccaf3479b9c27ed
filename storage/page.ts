/**
 * A page of 64 rows as bytes: per live znode its place in the page, its row, name and data, and the
 * time to live of a TTL znode. The unit in which snapshots are written and loaded.
 */

import { assert } from '../protocol/assert.ts';
import { copyBytes, JuteReader, JuteWriter } from '../protocol/jute.ts';
import type { Tree } from './tree.ts';
import { Field, Flag, pageShift, rowBytes, rowsPerPage } from './znode-rows.ts';

const writer = new JuteWriter(64 * 1024);

/** The page as it is now; valid until the next one is encoded. */
export function encodePage(tree: Tree, page: number): Buffer {
  writer.reset();
  const first = page << pageShift;
  assert(first >= 0, 'page: pages are numbered from 0');
  for (let slot = first; slot < first + rowsPerPage && slot < tree.rows.slotLimit; slot++) {
    if (!tree.rows.isLive(slot)) continue;
    writer.reserve(1);
    writer.buffer[writer.length++] = slot - first;
    const base = tree.rows.base(slot);
    writer.raw(tree.rows.bytes(slot), base, base + rowBytes);
    const length = tree.locateCell(slot);
    assert(length >= 0, 'page: name and data have a length');
    const { buffer, offset } = tree.cells;
    writer.raw(buffer, offset, offset + length);
    if ((tree.rows.flags(slot) & Flag.ttl) === 0) continue;
    const ttl = tree.special.ttls.get(slot);
    assert(ttl !== undefined, 'page: a TTL znode is listed with its ttl');
    writer.long(ttl);
  }
  return writer.view();
}

/** Enters the znodes of a page into a tree that does not hold them. */
export function decodePage(tree: Tree, page: number, bytes: Buffer): void {
  const { rows, cells } = tree;
  const first = page << pageShift;
  rows.reserve(first + rowsPerPage);
  const reader = new JuteReader(bytes);
  while (reader.remaining > 0) {
    const slot = first + bytes[reader.position++]!;
    assert(!rows.isLive(slot), 'page: a slot is loaded once');
    const rowStart = reader.position;
    copyBytes(bytes, rowStart, rowStart + rowBytes, rows.bytes(slot), rows.base(slot));
    const length = rows.nameLength(slot) + rows.wireInt(slot, Field.dataLength);
    const cellStart = rowStart + rowBytes;
    const cell = cells.allocate(length);
    cells.locate(cell, length);
    copyBytes(bytes, cellStart, cellStart + length, cells.buffer, cells.offset);
    rows.setInt(slot, Field.cell, cell);
    reader.position = cellStart + length;
    tree.adopt(slot, rows.flags(slot) & Flag.ttl ? reader.long() : 0);
  }
}
