/**
 * Quotas (spec 3.12): limits and usage live in the tree itself, below /zookeeper/quota. Creating a
 * `zookeeper_limits` znode starts to track the path that it speaks of; usage is kept in the sibling
 * `zookeeper_stats`, changed in place without a txn, version or watch.
 *
 * With no quota set, nothing here costs more than one look at a counter.
 */

import { assert } from '../protocol/assert.ts';
import { liesAt } from '../protocol/jute.ts';
import { limitsName, quotaPath, statsName } from '../protocol/path.ts';
import type { Tree } from './tree.ts';
import { Field, noSlot } from './znode-rows.ts';

/** What a limits or stats znode says; -1 means no limit. */
export interface QuotaValues {
  count: number;
  bytes: number;
  countHardLimit: number;
  byteHardLimit: number;
}

/** Parses `count=5,bytes=-1=;byteHardLimit=10;countHardLimit=5` in any order of its parts. */
export function parseQuota(text: string): QuotaValues {
  const values: QuotaValues = { count: -1, bytes: -1, countHardLimit: -1, byteHardLimit: -1 };
  for (const part of text.split(/[,;]/)) {
    const [key, value] = part.split('=');
    const number = Number.parseInt(value ?? '', 10);
    if (key !== undefined && key in values && Number.isFinite(number)) {
      values[key as keyof QuotaValues] = number;
    }
  }
  return values;
}

const quotaPrefix = Buffer.from(`${quotaPath}/`);

function isBelowQuota(buffer: Buffer, start: number, end: number): boolean {
  return end - start > quotaPrefix.length && liesAt(quotaPrefix, buffer, start);
}

export class Quotas {
  readonly #tree: Tree;
  /** Paths with a limits znode. */
  readonly #paths = new Set<string>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  get isEmpty(): boolean {
    return this.#paths.size === 0;
  }

  paths(): Iterable<string> {
    return this.#paths;
  }

  /** A znode appeared: it may be a quota's own znode, or count under one. */
  created(buffer: Buffer, start: number, end: number, bytes: number): void {
    if (this.isEmpty && !isBelowQuota(buffer, start, end)) return;
    assert(bytes >= 0, 'quota: a new znode has no less than nothing');
    const path = buffer.toString('utf8', start, end);
    if (path.startsWith(`${quotaPath}/`)) {
      const name = path.slice(path.lastIndexOf('/') + 1);
      const subject = path.slice(quotaPath.length, path.lastIndexOf('/'));
      if (name === limitsName) this.#paths.add(subject);
      if (name === statsName) this.#recount(subject);
      return;
    }
    this.#adjust(path, 1, bytes);
  }

  deleted(buffer: Buffer, start: number, end: number, bytes: number): void {
    if (this.isEmpty) return;
    assert(bytes >= 0, 'quota: an old znode had no less than nothing');
    const path = buffer.toString('utf8', start, end);
    if (path.startsWith(`${quotaPath}/`)) {
      if (path.endsWith(`/${limitsName}`)) {
        this.#paths.delete(path.slice(quotaPath.length, path.lastIndexOf('/')));
      }
      return;
    }
    this.#adjust(path, -1, -bytes);
  }

  dataChanged(buffer: Buffer, start: number, end: number, difference: number): void {
    if (this.isEmpty) return;
    const path = buffer.toString('utf8', start, end);
    if (!path.startsWith(`${quotaPath}/`)) this.#adjust(path, 0, difference);
  }

  /** Would the change pass a hard limit of the quota above `path`? */
  exceeded(path: string, countMore: number, bytesMore: number): boolean {
    assert(countMore >= 0, 'quota: only what comes can pass a limit');
    const subject = this.#subjectOf(path);
    if (subject === null) return false;
    const limits = this.#read(subject, limitsName);
    const usage = this.#read(subject, statsName);
    if (limits === null || usage === null) return false;
    const { countHardLimit, byteHardLimit } = limits;
    return (
      (countHardLimit > -1 && countMore > 0 && usage.count + countMore > countHardLimit) ||
      (byteHardLimit > -1 && bytesMore > 0 && usage.bytes + bytesMore > byteHardLimit)
    );
  }

  /** Limits and usage of a quota path; null where a znode is missing. */
  report(subject: string): { limits: QuotaValues; usage: QuotaValues } | null {
    const limits = this.#read(subject, limitsName);
    const usage = this.#read(subject, statsName);
    return limits && usage ? { limits, usage } : null;
  }

  /** After a load from a snapshot: finds the quotas in the tree and counts usage anew. */
  rebuild(): void {
    this.#paths.clear();
    const top = this.#tree.findPath(quotaPath);
    if (top !== noSlot) this.#collect(top);
    assert(this.#paths.size < this.#tree.count, 'quota: each has a znode of its own');
    for (const subject of this.#paths) this.#recount(subject);
  }

  #collect(top: number): void {
    const open = [top];
    for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
      const path = this.#tree.path(slot);
      if (path.endsWith(`/${limitsName}`)) {
        this.#paths.add(path.slice(quotaPath.length, path.lastIndexOf('/')));
      }
      for (let child = this.#tree.firstChild(slot); child !== noSlot; ) {
        open.push(child);
        child = this.#tree.nextSibling(child);
      }
    }
  }

  /** The longest quota path that `path` is under or equal to. */
  #subjectOf(path: string): string | null {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const prefix = path.slice(0, end);
      if (this.#paths.has(prefix)) return prefix;
    }
    return null;
  }

  #adjust(path: string, count: number, bytes: number): void {
    assert(Math.abs(count) <= 1, 'quota: znodes come and go one by one');
    const subject = this.#subjectOf(path);
    if (subject === null) return;
    const usage = this.#read(subject, statsName);
    if (usage) this.#write(subject, usage.count + count, usage.bytes + bytes);
  }

  #read(subject: string, name: string): QuotaValues | null {
    const slot = this.#tree.findPath(`${quotaPath}${subject}/${name}`);
    if (slot === noSlot) return null;
    return parseQuota(this.#tree.data(slot)?.toString() ?? '');
  }

  #write(subject: string, count: number, bytes: number): void {
    const slot = this.#tree.findPath(`${quotaPath}${subject}/${statsName}`);
    if (slot === noSlot) return;
    const text = Buffer.from(`count=${count},bytes=${bytes}`);
    this.#tree.replaceData(slot, text, 0, text.length);
  }

  /** Counts the subtree, the znode itself included. */
  #recount(subject: string): void {
    const top = this.#tree.findPath(subject);
    let count = 0;
    let bytes = 0;
    const open = top === noSlot ? [] : [top];
    for (let slot = open.pop(); slot !== undefined; slot = open.pop()) {
      count++;
      bytes += this.#tree.rows.wireInt(slot, Field.dataLength);
      for (let child = this.#tree.firstChild(slot); child !== noSlot; ) {
        open.push(child);
        child = this.#tree.nextSibling(child);
      }
    }
    assert(bytes >= 0 && bytes <= this.#tree.dataBytes, 'quota: a part is no more than the tree');
    assert(count <= this.#tree.count, 'quota: a part has no more znodes than the tree');
    this.#write(subject, count, bytes);
  }
}
