/**
 * A page of 64 rows as bytes, the unit in which snapshots are written and loaded: a byte with the
 * number of rows up to the last live one, those rows as they lie (of free ones zeros), then per
 * live znode its name and data, and the time to live of a TTL znode.
 *
 * A start loads millions of them, so rows come in one copy, and cells are copied without a call
 * into the runtime (docs/COSTS.md, a start).
 */

import { assert } from '../protocol/assert.ts';
import { copyBytes, getLong, JuteWriter } from '../protocol/jute.ts';
import type { CellPool } from './cell-pool.ts';
import type { Tree } from './tree.ts';
import { Field, Flag, pageShift, rowBytes, rowsPerPage } from './znode-rows.ts';

const specialKinds = Flag.ephemeral | Flag.container | Flag.ttl;
const ttlBytes = 8;

const writer = new JuteWriter(64 * 1024);

/** The page as it is now; valid until the next one is encoded. */
export function encodePage(tree: Tree, page: number): Buffer {
  const { rows } = tree;
  const first = page << pageShift;
  assert(first >= 0, 'page: pages are numbered from 0');
  writer.reset();
  let count = rowsPerPage;
  while (count > 0 && !rows.isLive(first + count - 1)) count--;
  if (count === 0) return writer.view();
  writer.reserve(1);
  writer.buffer[writer.length++] = count;
  const base = rows.base(first);
  writer.raw(rows.bytes(first), base, base + count * rowBytes);
  for (let at = 0; at < count; at++) {
    if (rows.isLive(first + at)) encodeCell(tree, first + at);
    else writer.buffer.fill(0, 1 + at * rowBytes, 1 + (at + 1) * rowBytes);
  }
  return writer.view();
}

function encodeCell(tree: Tree, slot: number): void {
  const length = tree.locateCell(slot);
  assert(length >= 0, 'page: name and data have a length');
  const { buffer, offset } = tree.cells;
  writer.raw(buffer, offset, offset + length);
  if ((tree.rows.flags(slot) & Flag.ttl) === 0) return;
  const ttl = tree.special.ttls.get(slot);
  assert(ttl !== undefined, 'page: a TTL znode is listed with its ttl');
  writer.long(ttl);
}

/** The znodes of a page, for a tree that does not hold them; enterPaths() comes behind the last. */
export function decodePage(tree: Tree, page: number, bytes: Buffer): void {
  if (bytes.length === 0) return;
  const { rows } = tree;
  const first = page << pageShift;
  const count = bytes[0]!;
  assert(count > 0 && count <= rowsPerPage, 'page: one with bytes has rows, and not too many');
  rows.reserve(first + rowsPerPage);
  for (let at = 0; at < count; at++) {
    assert(!rows.isLive(first + at), 'page: a slot is loaded once');
  }
  const cellsStart = 1 + count * rowBytes;
  copyBytes(bytes, 1, cellsStart, rows.bytes(first), rows.base(first));
  const end = decodeCells(tree, first, count, bytes, cellsStart);
  assert(end === bytes.length, 'page: it ends with its last cell');
}

/** Returns where they end. */
function decodeCells(
  tree: Tree,
  first: number,
  count: number,
  bytes: Buffer,
  start: number,
): number {
  const { cells } = tree;
  const source = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const row = tree.rows.view(first);
  let base = tree.rows.base(first);
  let at = start;
  for (let slot = first; slot < first + count; slot++, base += rowBytes) {
    const nameAndFlags = row.getInt32(base + Field.nameAndFlags, true);
    if ((nameAndFlags & Flag.live) === 0) continue;
    const length = (nameAndFlags >>> 8) + row.getInt32(base + Field.dataLength);
    const cell = cells.allocate(length);
    cells.locate(cell, length);
    if (length <= wordLoopMax) copyCell(source, at, length, cells);
    else copyBytes(bytes, at, at + length, cells.buffer, cells.offset);
    row.setInt32(base + Field.cell, cell, true);
    at += length;
    tree.dataBytes += length;
    tree.acls.retain(row.getInt32(base + Field.acl, true));
    tree.digest.adopt(slot);
    if ((nameAndFlags & specialKinds) === 0) continue;
    const hasTtl = (nameAndFlags & Flag.ttl) !== 0;
    const [high, low] = [Field.ephemeralOwner, Field.ephemeralOwner + 4];
    const owner = [row.getInt32(base + high), row.getInt32(base + low)] as const;
    tree.special.add(slot, nameAndFlags & 0xff, ...owner, hasTtl ? getLong(bytes, at) : 0);
    if (hasTtl) at += ttlBytes;
  }
  return at;
}

/** Above this size the call into the runtime pays. */
const wordLoopMax = 256;

/** By words, whose first is at a multiple of 4 in the target: half the time of that call. */
function copyCell(source: DataView, start: number, length: number, cells: CellPool): void {
  const { buffer, offset, words } = cells;
  const end = start + length;
  assert((offset & 3) === 0, 'page: cells begin at a word');
  let word = offset >> 2;
  let from = start;
  for (; from + 4 <= end; from += 4) words[word++] = source.getInt32(from, true);
  for (let at = offset + from - start; from < end; from++) buffer[at++] = source.getUint8(from);
}
