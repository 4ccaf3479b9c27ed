/**
 * What a simulated disk holds of a snapshot: of each page the version of the last finished pass
 * and the one before it, as in a file where each page has two places; and what a pass wrote that
 * has not finished. Each method is one transaction.
 */

import type { SnapshotMeta } from '../../storage/snapshot-store.ts';

interface Version {
  readonly pass: number;
  readonly bytes: Buffer;
}

interface StoredPage extends Version {
  readonly older: Version | null;
}

export type TableName = 'sessions' | 'acls';

export class TreeImage {
  meta: SnapshotMeta | null = null;
  /** By page. Invariant: none is of a later pass than `meta`. */
  pages: (StoredPage | undefined)[] = [];
  /** Tables by name, of this pass. */
  tables: Readonly<Record<TableName, Buffer>> | null = null;
  unfinished = new Map<number, Version>();
  /** Pages and tables whose checksum is wrong. */
  damaged = new Set<Buffer>();

  clone(): TreeImage {
    const copy = new TreeImage();
    copy.meta = this.meta;
    copy.pages = this.pages.slice();
    copy.tables = this.tables;
    copy.unfinished = new Map(this.unfinished);
    copy.damaged = new Set(this.damaged);
    return copy;
  }

  write(page: number, pass: number, bytes: Buffer): void {
    this.unfinished.set(page, { pass, bytes });
  }

  finish(meta: SnapshotMeta, sessions: Buffer, acls: Buffer): void {
    for (const [page, { pass, bytes }] of this.unfinished) {
      const present = this.pages[page];
      const older = present === undefined ? null : { pass: present.pass, bytes: present.bytes };
      this.pages[page] = { pass, bytes, older };
    }
    this.unfinished.clear();
    this.meta = meta;
    this.tables = { sessions, acls };
  }

  removeUnfinished(pages: readonly number[]): void {
    for (const page of pages) this.unfinished.delete(page);
  }

  /** The page as `pass` left it; null when it came later. */
  page(page: number, pass: number): Buffer | null {
    const stored = this.pages[page];
    if (stored === undefined) return null;
    if (stored.pass <= pass) return stored.bytes;
    return stored.older !== null && stored.older.pass <= pass ? stored.older.bytes : null;
  }
}
