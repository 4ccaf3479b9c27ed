/**
 * Ways in which what was written goes bad on a simulated disk, long after it was acknowledged. What
 * a checksum finds is marked, and found when it is looked at; the rest only its meaning gives away.
 */

import { formatZxid } from '../../protocol/zxid.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import type { DiskImage } from './disk-image.ts';
import type { LogImage } from './disk-log-image.ts';
import type { TableName, TreeImage } from './disk-tree-image.ts';

/**
 * - `rot`: a bit is another.
 * - `misdirected`: holds a sound copy of what belongs elsewhere.
 * - `stale`: holds what it held before.
 */
export const damages = [
  ...(['log.rot', 'log.misdirected', 'promises.rot'] as const),
  ...(['page.rot', 'page.misdirected', 'page.stale', 'table.rot'] as const),
] as const;
export type Damage = (typeof damages)[number];

/** Says what was hit; null when there is nothing of that kind. */
export function damage(image: DiskImage, kind: Damage, random: SeededRandom): string | null {
  const { log, tree } = image;
  switch (kind) {
    case 'log.rot':
      return rotRecord(log, random);
    case 'log.misdirected':
      return misdirectRecord(log, random);
    case 'promises.rot':
      log.arePromisesDamaged = true;
      return 'the promises';
    case 'page.rot':
      return rotPage(tree, random);
    case 'page.misdirected':
      return misdirectPage(tree, random);
    case 'page.stale':
      return stalePage(tree, random);
    case 'table.rot':
      return rotTable(tree, random);
  }
}

function flipped(bytes: Buffer, random: SeededRandom): Buffer {
  const copy = Buffer.from(bytes);
  copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}

function rotRecord(log: LogImage, random: SeededRandom): string | null {
  if (log.frames.length === 0) return null;
  const at = random.below(log.frames.length);
  log.frames[at] = flipped(log.frames[at]!, random);
  log.damaged.add(log.frames[at]);
  return `the record at ${formatZxid(log.starts[at]!)}`;
}

function misdirectRecord(log: LogImage, random: SeededRandom): string | null {
  const { frames, starts, ends } = log;
  if (frames.length < 2) return null;
  const at = random.below(frames.length);
  const from = (at + 1 + random.below(frames.length - 1)) % frames.length;
  frames[at] = frames[from]!;
  ends[at] = ends[from]!;
  return `the record at ${formatZxid(starts[at]!)}, with that at ${formatZxid(starts[from]!)}`;
}

/** Pages that are not empty, and that `suits`. */
function pagesOf(tree: TreeImage, suits: (page: number) => boolean = () => true): number[] {
  return [...tree.pages.keys()].filter((page) => {
    const stored = tree.pages[page];
    return stored !== undefined && stored.bytes.length > 0 && suits(page);
  });
}

function rotPage(tree: TreeImage, random: SeededRandom): string | null {
  const pages = pagesOf(tree);
  if (pages.length === 0) return null;
  const page = random.pick(pages);
  const bytes = flipped(tree.pages[page]!.bytes, random);
  tree.pages[page] = { ...tree.pages[page]!, bytes };
  tree.damaged.add(bytes);
  return `page ${page}`;
}

function misdirectPage(tree: TreeImage, random: SeededRandom): string | null {
  const pages = pagesOf(tree);
  if (pages.length < 2) return null;
  const at = random.below(pages.length);
  const page = pages[at]!;
  const from = pages[(at + 1 + random.below(pages.length - 1)) % pages.length]!;
  tree.pages[page] = { ...tree.pages[page]!, bytes: tree.pages[from]!.bytes };
  return `page ${page}, with page ${from}`;
}

function stalePage(tree: TreeImage, random: SeededRandom): string | null {
  const pages = pagesOf(tree, (page) => {
    const { bytes, older } = tree.pages[page]!;
    return older !== null && !older.bytes.equals(bytes);
  });
  if (pages.length === 0) return null;
  const page = random.pick(pages);
  tree.pages[page] = { ...tree.pages[page]!, bytes: tree.pages[page]!.older!.bytes };
  return `page ${page}, as it was before`;
}

function rotTable(tree: TreeImage, random: SeededRandom): string | null {
  const { tables } = tree;
  const names: TableName[] = ['sessions', 'acls'];
  const filled = names.filter((name) => tables !== null && tables[name].length > 0);
  if (tables === null || filled.length === 0) return null;
  const name = random.pick(filled);
  const bytes = flipped(tables[name], random);
  tree.tables = { ...tables, [name]: bytes };
  tree.damaged.add(bytes);
  return `the table of ${name}`;
}
