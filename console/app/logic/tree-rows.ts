/**
 * The tree as one flat list of rows over the parents that are open. Children come in pages, asked
 * for as they are looked at; what has not come yet is a row all the same, so that a parent with a
 * million children has its full height at once.
 *
 * Invariant: a parent's open children are sorted by index, and each stands below its total.
 */

import type { ChildPage, ChildRow } from '../../../protocol/inspection.ts';

export const pageRows = 500;
/** Pages that one parent keeps; the farthest from what is looked at go first. */
export const pagesMax = 60;

interface Page {
  readonly rows: readonly ChildRow[];
  /** Shown, but to be asked for again. */
  isOld: boolean;
}

interface OpenParent {
  readonly path: string;
  /** Among its siblings; -1 for the root. */
  index: number;
  /** Null until its first page has come. */
  total: number | null;
  /** True when its children may not be listed, or it is gone. */
  isClosed: boolean;
  readonly pages: Map<number, Page>;
  open: OpenParent[];
}

export interface TreeRow {
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly isOpen: boolean;
  /** Null while its page has not come, and for the root. */
  readonly row: ChildRow | null;
  readonly isLoaded: boolean;
}

/** A page of children that somebody looks at and that has to be asked for. */
export interface PageWish {
  readonly path: string;
  readonly page: number;
}

export const childPath = (parent: string, name: string): string =>
  parent === '/' ? `/${name}` : `${parent}/${name}`;

export const parentPath = (path: string): string => {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
};

export class TreeRows {
  readonly #root: OpenParent = parent('/', -1);

  /** Rows of all open parents, the root's own among them. */
  get size(): number {
    return 1 + sizeOf(this.#root);
  }

  /** The row at `index`, from 0 on, the root being the first. */
  at(index: number): TreeRow {
    if (index === 0) {
      return { path: '/', name: '/', depth: 0, isOpen: true, row: null, isLoaded: true };
    }
    let at = index - 1;
    let depth = 1;
    let node = this.#root;
    for (;;) {
      const found = placeIn(node, at);
      if (found.inside === null) return rowOf(node, found.child, depth);
      node = found.inside;
      at = found.rest;
      depth++;
    }
  }

  /** Where a path stands, as far as it is open and loaded; -1 otherwise. */
  indexOf(path: string): number {
    if (path === '/') return 0;
    const chain = this.#chain(parentPath(path));
    if (chain === null) return -1;
    let index = 0;
    for (let at = 1; at < chain.length; at++) {
      index += 1 + rowsBefore(chain[at - 1]!, chain[at]!.index);
    }
    const last = chain.at(-1)!;
    const child = indexOfName(last, path.slice(path.lastIndexOf('/') + 1));
    return child < 0 ? -1 : index + 1 + rowsBefore(last, child);
  }

  isOpen(path: string): boolean {
    return this.#find(path) !== null;
  }

  /** Opens a parent whose row is loaded; false when it is not. */
  open(path: string): boolean {
    if (path === '/' || this.isOpen(path)) return true;
    const above = this.#find(parentPath(path));
    if (above === null) return false;
    const index = indexOfName(above, path.slice(path.lastIndexOf('/') + 1));
    if (index < 0) return false;
    above.open.push(parent(path, index));
    above.open.sort((a, b) => a.index - b.index);
    return true;
  }

  close(path: string): void {
    const above = path === '/' ? null : this.#find(parentPath(path));
    if (above !== null) above.open = above.open.filter((node) => node.path !== path);
  }

  /** Pages among rows `first` to `end` that have not come, or are old. */
  wishes(first: number, end: number): PageWish[] {
    const wished = new Map<string, PageWish>();
    const visit = (node: OpenParent, start: number): void => {
      if (node.isClosed) return;
      if (node.total === null) {
        if (start <= end && start >= first - 1) wish(wished, node, 0);
        return;
      }
      // Only stretches between open children are walked, so a million rows cost nothing.
      let at = start;
      let child = 0;
      for (const inner of [...node.open, null]) {
        const stop = inner === null ? node.total : inner.index + 1;
        const from = Math.max(child, child + first - at);
        const to = Math.min(stop, child + end - at);
        for (let page = Math.floor(from / pageRows); from < to && page * pageRows < to; page++) {
          if (node.pages.get(page)?.isOld !== false) wish(wished, node, page);
        }
        at += stop - child;
        child = stop;
        if (inner === null) break;
        const inside = sizeOf(inner);
        if (at <= end && at + inside >= first) visit(inner, at);
        at += inside;
      }
    };
    visit(this.#root, 1);
    return [...wished.values()];
  }

  /** A page has come; null: the children may not be listed, or the parent is gone. */
  take(path: string, page: number, answer: ChildPage | null): void {
    const node = this.#find(path);
    if (node === null) return;
    node.isClosed = answer === null;
    if (answer === null) {
      node.total = 0;
      node.pages.clear();
      node.open = [];
      return;
    }
    const moved = answer.total - (node.total ?? answer.total);
    if (moved !== 0) for (const other of node.pages.values()) other.isOld = true;
    node.total = answer.total;
    node.pages.set(page, { rows: answer.rows, isOld: false });
    settleOpen(node, page, moved);
    forgetFar(node, page);
  }

  /** Everything at and below this parent will be asked for again; it stays on show till then. */
  age(path: string): void {
    const node = this.#find(path);
    if (node === null) return;
    node.isClosed = false;
    for (const page of node.pages.values()) page.isOld = true;
    for (const inner of node.open) this.age(inner.path);
  }

  /** Why nothing is listed below this open parent. */
  isUnlisted(path: string): boolean {
    return this.#find(path)?.isClosed === true;
  }

  #find(path: string): OpenParent | null {
    return this.#chain(path)?.at(-1) ?? null;
  }

  /** From the root down to an open parent. */
  #chain(path: string): OpenParent[] | null {
    const chain = [this.#root];
    while (chain.at(-1)!.path !== path) {
      const next = chain
        .at(-1)!
        .open.find((node) => node.path === path || path.startsWith(`${node.path}/`));
      if (next === undefined) return null;
      chain.push(next);
    }
    return chain;
  }
}

const parent = (path: string, index: number): OpenParent => ({
  path,
  index,
  total: null,
  isClosed: false,
  pages: new Map(),
  open: [],
});

function wish(wished: Map<string, PageWish>, { path }: OpenParent, page: number): void {
  wished.set(`${page} ${path}`, { path, page });
}

function sizeOf(node: OpenParent): number {
  let size = node.total ?? 0;
  for (const inner of node.open) size += sizeOf(inner);
  return size;
}

/** Rows of this parent above its child `index`. */
function rowsBefore(node: OpenParent, index: number): number {
  let rows = index;
  for (const inner of node.open) if (inner.index < index) rows += sizeOf(inner);
  return rows;
}

interface Place {
  readonly child: number;
  /** The open child in whose rows the place is, and how far down there. */
  readonly inside: OpenParent | null;
  readonly rest: number;
}

function placeIn(node: OpenParent, at: number): Place {
  let above = 0;
  for (const inner of node.open) {
    const start = inner.index + 1 + above;
    if (at < start) break;
    const size = sizeOf(inner);
    if (at < start + size) return { child: inner.index, inside: inner, rest: at - start };
    above += size;
  }
  return { child: at - above, inside: null, rest: 0 };
}

function rowOf(node: OpenParent, child: number, depth: number): TreeRow {
  const row = node.pages.get(Math.floor(child / pageRows))?.rows[child % pageRows] ?? null;
  const name = row?.name ?? '';
  const path = row === null ? '' : childPath(node.path, name);
  const isOpen = node.open.some((inner) => inner.index === child);
  return { path, name, depth, isOpen, row, isLoaded: row !== null };
}

function indexOfName(node: OpenParent, name: string): number {
  for (const [page, { rows }] of node.pages) {
    const at = rows.findIndex((row) => row.name === name);
    if (at >= 0) return page * pageRows + at;
  }
  return -1;
}

/**
 * After a page has come: open children are where it says. Those that it should have and has not
 * may have moved with the others; those that still are not there are gone.
 */
function settleOpen(node: OpenParent, page: number, moved: number): void {
  const rows = node.pages.get(page)?.rows ?? [];
  const places = new Map(rows.map((row, at) => [childPath(node.path, row.name), at]));
  const isHere = (index: number): boolean => Math.floor(index / pageRows) === page;
  for (const inner of node.open) {
    const place = places.get(inner.path);
    if (place !== undefined) inner.index = page * pageRows + place;
    else if (moved !== 0) inner.index += moved;
  }
  const total = node.total ?? 0;
  node.open = node.open.filter((inner) => {
    const isLost = isHere(inner.index) && !places.has(inner.path);
    return !isLost && inner.index >= 0 && inner.index < total;
  });
  node.open.sort((a, b) => a.index - b.index);
}

function forgetFar(node: OpenParent, near: number): void {
  if (node.pages.size <= pagesMax) return;
  const held = new Set(node.open.map((inner) => Math.floor(inner.index / pageRows)));
  const far = [...node.pages.keys()]
    .filter((page) => !held.has(page))
    .sort((a, b) => Math.abs(b - near) - Math.abs(a - near));
  for (const page of far.slice(0, node.pages.size - pagesMax)) node.pages.delete(page);
}
