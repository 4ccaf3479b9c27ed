/**
 * Looks for znodes by path or by content below a root, in slices. Upper and lower case differ. It
 * stops at so many hits, or after 10 s; every znode that was there from begin to end, and that it
 * came to, was looked at once. What the viewer may not read is passed over, with all that is below.
 *
 * Content is bytes: a text is looked for as UTF-8 and as Latin-1 in all of a value, a pattern in
 * the first 4 KB of a value or path.
 */

import { isUtf8 } from 'node:buffer';
import type { Question, SearchResult } from '../../protocol/inspection.ts';
import { Field, noSlot } from '../../storage/znode-rows.ts';
import type { Clock } from '../clock.ts';
import type { ReplicaView } from '../replica-view.ts';
import type { InspectRights } from './inspect-rights.ts';
import type { Slices } from './inspect-slices.ts';
import { passing, TreeWalk } from './inspect-walk.ts';
import { Pattern } from './pattern.ts';

type Asked = Extract<Question, { what: 'search' }>;

const searchMs = 10_000;
const patternBytesMax = 4096;
/** Shown of a value before and after what was found. */
const excerptBytes = 48;

/** Where in a value something was found, in bytes. */
interface Found {
  readonly start: number;
  readonly end: number;
}

export class InspectSearch {
  readonly #state: ReplicaView['state'];
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #rights: InspectRights;
  readonly #slices: Slices;

  constructor(
    { state, clock }: { state: ReplicaView['state']; clock: Pick<Clock, 'monotonicMs'> },
    rights: InspectRights,
    slices: Slices,
  ) {
    this.#state = state;
    this.#clock = clock;
    this.#rights = rights;
    this.#slices = slices;
  }

  /** Throws an Error that says why when a pattern cannot be used. */
  async find(asked: Asked): Promise<SearchResult> {
    const pattern = asked.isRegex ? new Pattern(asked.text) : null;
    const needles = pattern === null ? needlesOf(asked.text) : [];
    const { tree } = this.#state;
    const hits: { path: string; excerpt: string | null }[] = [];
    let visited = 0;
    const top = tree.findPath(asked.root);
    if (top === noSlot) return { hits, visited, isCut: false };
    const walk = new TreeWalk(this.#state, top);
    const endMs = this.#clock.monotonicMs() + searchMs;
    for (let slot = walk.next(); slot !== noSlot; slot = walk.next()) {
      let units = 1;
      if (slot !== passing && this.#rights.mayRead(slot, asked.viewer)) {
        visited++;
        walk.enter();
        const isPath = asked.in === 'path';
        const hit = isPath
          ? this.#pathHit(slot, asked.text, pattern)
          : this.#contentHit(slot, needles, pattern);
        const bytes = isPath ? 0 : tree.rows.wireInt(slot, Field.dataLength);
        units += unitsOf(bytes, pattern);
        if (hit !== null) {
          if (hits.length === asked.limit) return { hits, visited, isCut: true };
          hits.push(hit);
        }
      }
      if (!this.#slices.spend(units)) continue;
      await this.#slices.turn();
      if (this.#clock.monotonicMs() >= endMs) return { hits, visited, isCut: true };
    }
    return { hits, visited, isCut: false };
  }

  #pathHit(slot: number, text: string, pattern: Pattern | null) {
    const path = this.#state.tree.path(slot);
    const isHit =
      pattern === null
        ? path.includes(text)
        : pattern.find(path.slice(0, patternBytesMax)) !== null;
    return isHit ? { path, excerpt: null } : null;
  }

  #contentHit(slot: number, needles: readonly Buffer[], pattern: Pattern | null) {
    const { tree } = this.#state;
    const length = tree.rows.wireInt(slot, Field.dataLength);
    if (length === 0) return null;
    tree.locateCell(slot);
    const start = tree.cells.offset + tree.rows.nameLength(slot);
    const data = tree.cells.buffer.subarray(start, start + length);
    const found = pattern === null ? findBytes(data, needles) : findPattern(data, pattern);
    return found === null ? null : { path: tree.path(slot), excerpt: excerptOf(data, found) };
  }
}

/** What looking at a znode has cost. */
function unitsOf(bytes: number, pattern: Pattern | null): number {
  if (pattern === null) return 4 + (bytes >> 10);
  const units = 8 + (pattern.work >> 3);
  pattern.work = 0;
  return units;
}

function needlesOf(text: string): Buffer[] {
  const utf8 = Buffer.from(text);
  const isLatin1 = [...text].every((character) => character.codePointAt(0)! < 256);
  return utf8.length === text.length || !isLatin1 ? [utf8] : [utf8, Buffer.from(text, 'latin1')];
}

function findBytes(data: Buffer, needles: readonly Buffer[]): Found | null {
  for (const needle of needles) {
    const start = data.indexOf(needle);
    if (start >= 0) return { start, end: start + needle.length };
  }
  return null;
}

function findPattern(data: Buffer, pattern: Pattern): Found | null {
  const head = data.subarray(0, patternBytesMax);
  const cut = head.length < data.length ? wholeCharacters(head) : head;
  const encoding = isUtf8(cut) ? 'utf8' : 'latin1';
  const text = (encoding === 'utf8' ? cut : head).toString(encoding);
  const found = pattern.find(text);
  if (found === null) return null;
  const start = Buffer.byteLength(text.slice(0, found.start), encoding);
  const end = start + Buffer.byteLength(text.slice(found.start, found.end), encoding);
  return { start, end };
}

/** Without the begin of a UTF-8 character at the end, if there is one. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0xc0) return bytes.subarray(0, bytes.length - back);
    if ((byte & 0xc0) !== 0x80) break;
  }
  return bytes;
}

/** What was found and what is around it: as text where it is UTF-8, else byte by byte. */
function excerptOf(data: Buffer, { start, end }: Found): string {
  let from = Math.max(0, start - excerptBytes);
  let to = Math.min(data.length, Math.min(end, start + 4 * excerptBytes) + excerptBytes);
  const isInside = (at: number) => at < data.length && (data[at]! & 0xc0) === 0x80;
  for (let moved = 0; moved < 3 && isInside(from) && from > 0; moved++) from--;
  for (let moved = 0; moved < 3 && isInside(to); moved++) to++;
  const part = data.subarray(from, to);
  const text = part.toString(isUtf8(part) ? 'utf8' : 'latin1');
  return `${from > 0 ? '…' : ''}${text}${to < data.length ? '…' : ''}`;
}
