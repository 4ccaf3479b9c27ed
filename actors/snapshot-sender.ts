/**
 * Reads the stored snapshot out for a learner, chunk by chunk. While one is open no pass begins, so
 * that neither its pages nor the log behind it change or go.
 */

import type { JuteReader, JuteWriter } from '../protocol/jute.ts';
import type { SnapshotMeta, SnapshotPage, SnapshotReader } from '../storage/snapshot-store.ts';

export class SnapshotSender {
  readonly #reader: SnapshotReader;
  readonly #closed: () => void;
  readonly #failed: (reason: Error) => void;
  #isClosed = false;

  constructor(reader: SnapshotReader, closed: () => void, failed: (reason: Error) => void) {
    this.#reader = reader;
    this.#closed = closed;
    this.#failed = failed;
  }

  get zxid(): number {
    return this.#reader.meta.zxid;
  }

  writeHead(writer: JuteWriter): void {
    const { meta, sessions, acls } = this.#reader;
    writer.string(JSON.stringify(meta)).bytes(sessions).bytes(acls);
  }

  /** What to write of the next pages; null behind the last one. Throws StorageError on damage. */
  next(bytesMax: number): ((writer: JuteWriter) => void) | null {
    const pages = this.#reader.next(bytesMax);
    return pages.length === 0 ? null : (writer) => writePages(writer, pages);
  }

  /** Its next pages cannot be read. Nothing is left then to make the replica anew from. */
  fail(reason: Error): void {
    this.#failed(reason);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    void this.#reader.close();
    this.#closed();
  }
}

function writePages(writer: JuteWriter, pages: readonly SnapshotPage[]): void {
  writer.int(pages.length);
  for (const { page, bytes } of pages) writer.int(page).bytes(bytes);
}

export interface SnapshotHead {
  readonly meta: SnapshotMeta;
  readonly sessions: Buffer;
  readonly acls: Buffer;
}

/** Null when it makes no sense. */
export function readHead(reader: JuteReader): SnapshotHead | null {
  const meta = readMeta(reader.string() ?? '');
  const sessions = Buffer.from(reader.bytes() ?? []);
  const acls = Buffer.from(reader.bytes() ?? []);
  return meta && { meta, sessions, acls };
}

function readMeta(text: string): SnapshotMeta | null {
  try {
    const meta = JSON.parse(text) as SnapshotMeta;
    const numbers = [meta.pass, meta.zxid, meta.digest, meta.pageCount, meta.time];
    return numbers.every(Number.isSafeInteger) && meta.pass >= 1 && meta.zxid >= 0 ? meta : null;
  } catch {
    return null;
  }
}

export function readPages(reader: JuteReader): SnapshotPage[] {
  const pages: SnapshotPage[] = [];
  for (let left = reader.int(); left > 0; left--) {
    const page = reader.int();
    pages.push({ page, bytes: reader.bytes() ?? Buffer.alloc(0) });
  }
  return pages;
}
