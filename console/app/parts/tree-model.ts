/**
 * The tree of one replica as it is looked at: asks for the pages in view, a few at a time, and
 * again every so often, opens the way to a path, and says why something could not be had.
 */

import type { ChildPage } from '../../../protocol/inspection.ts';
import { after } from '../clock.ts';
import { ask } from '../live.ts';
import { searchPage } from '../logic/page-search.ts';
import { type PageWish, pageRows, TreeRows } from '../logic/tree-rows.ts';
import { sentenceOf } from './asked.ts';

/** Scrolling past pages does not ask for them. */
const settleMs = 60;
const retryMs = 2_000;
const refreshMs = 5_000;
const underWayMax = 4;

export class TreeModel {
  readonly rows = new TreeRows();
  error: string | null = null;
  readonly #sid: number;
  readonly #changed: () => void;
  readonly #underWay = new Set<string>();
  #seen = { first: 0, end: 60 };
  #settling: (() => void) | null = null;
  #refreshing: (() => void) | null = null;
  #isStopped = false;

  /** `changed` is called when rows are others than before. */
  constructor(sid: number, changed: () => void) {
    this.#sid = sid;
    this.#changed = changed;
    this.#refreshLater();
  }

  stop(): void {
    this.#isStopped = true;
    this.#settling?.();
    this.#refreshing?.();
  }

  /** These rows are in view. */
  see(first: number, end: number): void {
    this.#seen = { first, end };
    this.#settle(settleMs);
  }

  toggle(path: string): void {
    if (this.rows.isOpen(path)) this.rows.close(path);
    else this.rows.open(path);
    this.#settle(0);
    this.#changed();
  }

  /** What is in view is asked for again, at once. */
  refresh(): void {
    this.rows.age('/');
    this.#settle(0);
  }

  /** Opens all parents of a path; false when it is not there or may not be seen. */
  async reveal(path: string): Promise<boolean> {
    const names = path === '/' ? [] : path.slice(1).split('/');
    let at = '';
    for (const name of names) {
      const above = at === '' ? '/' : at;
      at = `${at}/${name}`;
      if (this.rows.indexOf(at) < 0 && !(await this.#find(above, name))) return false;
      if (this.rows.indexOf(at) < 0) return false;
      if (at !== path) this.rows.open(at);
    }
    this.#settle(0);
    this.#changed();
    return true;
  }

  async #find(above: string, name: string): Promise<boolean> {
    const start = await this.#load({ path: above, page: 0 });
    if (start === null) return false;
    if (start.total <= pageRows) return true;
    return searchPage(name, start.total, (page) => this.#load({ path: above, page }));
  }

  #settle(ms: number): void {
    if (this.#isStopped) return;
    this.#settling?.();
    this.#settling = after(ms, () => {
      this.#settling = null;
      this.#askSeen();
    });
  }

  #askSeen(): void {
    const { first, end } = this.#seen;
    for (const wish of this.rows.wishes(first, end)) {
      if (this.#underWay.size >= underWayMax) return;
      if (this.#underWay.has(keyOf(wish))) continue;
      this.#load(wish).then(
        () => {
          this.error = null;
          // Not at once: a parent that changes all the time would be asked for all the time.
          this.#settle(settleMs);
        },
        (failure: unknown) => {
          this.error = sentenceOf(failure);
          this.#changed();
          this.#settle(retryMs);
        },
      );
    }
  }

  async #load(wish: PageWish): Promise<ChildPage | null> {
    const { path, page } = wish;
    this.#underWay.add(keyOf(wish));
    try {
      const answer = await ask(this.#sid, {
        what: 'children',
        path,
        offset: page * pageRows,
        limit: pageRows,
        // The server puts in what our token permits.
        viewer: 'world',
      });
      this.rows.take(path, page, answer);
      this.#changed();
      return answer;
    } finally {
      this.#underWay.delete(keyOf(wish));
    }
  }

  #refreshLater(): void {
    this.#refreshing = after(refreshMs, () => {
      if (!document.hidden) this.refresh();
      this.#refreshLater();
    });
  }
}

const keyOf = ({ path, page }: PageWish): string => `${page} ${path}`;
