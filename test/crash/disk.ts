/**
 * A disk as a power cut may leave it. Each file has bytes that are safe, since its last completed
 * sync, and changes since then, of which each page may be there, be missing, or be there in some of
 * its sectors; a write through a descriptor that syncs is safe when it returns. The new size may be
 * there without the data. Entries of a directory change in order, and the last of the changes since
 * the directory's last sync may be lost. Files and directories do not wait for each other.
 */

import { basename, dirname } from 'node:path';
import type { DiskRecord } from './record.ts';

export const pageBytes = 4096;
export const sectorBytes = 512;
/** The content of a directory. */
export interface Image {
  /** Equal for equal contents. */
  readonly key: string;
  readonly folders: readonly string[];
  readonly files: readonly { readonly path: string; readonly bytes: Buffer }[];
}

/** All sectors of a page. */
export const whole = 0xff;

/** A part of a change that gets to the disk by itself: a page of a write, a cut, a new size. */
type Unit =
  | { readonly kind: 'page'; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly size: number };

export class DiskFile {
  static #count = 0;
  readonly id = DiskFile.#count++;
  /** What is there after any crash. */
  durable: Buffer = Buffer.alloc(0);
  /** As the process sees it. */
  cached: Buffer = Buffer.alloc(0);
  /** Changes since the last sync, in order; those that are safe all the same among them. */
  #units: { readonly unit: Unit; readonly isSafe: boolean }[] = [];
  /** Of any version since the last sync. */
  #sizeMax = 0;
  /** Raised by each change: what was rendered before is of no use then. */
  version = 0;

  static of(bytes: Buffer): DiskFile {
    const file = new DiskFile();
    file.durable = bytes;
    file.cached = bytes;
    return file;
  }

  write(offset: number, bytes: Buffer, isSafe: boolean): void {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + pageBytes - ((offset + at) % pageBytes));
      const unit: Unit = { kind: 'page', offset: offset + at, bytes: bytes.subarray(at, end) };
      this.#units.push({ unit, isSafe });
      at = end;
    }
    this.cached = written(this.cached, offset, bytes);
    this.#sizeMax = Math.max(this.#sizeMax, this.cached.length);
    this.version++;
  }

  truncate(size: number): void {
    this.#units.push({ unit: { kind: 'truncate', size }, isSafe: false });
    this.cached = resized(this.cached, size);
    this.#sizeMax = Math.max(this.#sizeMax, size);
    this.version++;
  }

  sync(): void {
    this.durable = this.cached;
    this.#sizeMax = this.cached.length;
    this.#units = [];
    this.version++;
  }

  /** What is open about it: one choice for each unit, and one for the new size. */
  get choices(): number {
    const open = this.#units.filter(({ isSafe }) => !isSafe).length;
    return open === 0 ? 0 : open + 1;
  }

  /** With those sectors of each unit that the choices name, as bits. */
  render(choices: Uint8Array): Buffer {
    const bytes = Buffer.alloc(Math.max(this.#sizeMax, this.durable.length));
    this.durable.copy(bytes);
    let size = this.durable.length;
    let at = 0;
    for (const { unit, isSafe } of this.#units) {
      const sectors = isSafe ? whole : choices[at++]!;
      if (sectors === 0) continue;
      if (unit.kind === 'page') size = Math.max(size, put(bytes, unit.offset, unit.bytes, sectors));
      else {
        bytes.fill(0, Math.min(size, unit.size));
        size = unit.size;
      }
    }
    const isGrown = at < choices.length && choices[at]! > 0;
    return bytes.subarray(0, isGrown ? Math.max(size, this.cached.length) : size);
  }
}

function resized(bytes: Buffer, size: number): Buffer {
  if (size <= bytes.length) return Buffer.from(bytes.subarray(0, size));
  return Buffer.concat([bytes, Buffer.alloc(size - bytes.length)]);
}

function written(bytes: Buffer, offset: number, part: Buffer): Buffer {
  const result = resized(bytes, Math.max(bytes.length, offset + part.length));
  part.copy(result, offset);
  return result;
}

/** Writes those sectors of a page, or of a part of one. Returns where the last of them ends. */
function put(bytes: Buffer, offset: number, part: Buffer, sectors: number): number {
  let written = 0;
  for (let at = 0; at < part.length; ) {
    const sector = Math.floor(((offset + at) % pageBytes) / sectorBytes);
    const end = Math.min(part.length, at + sectorBytes - ((offset + at) % sectorBytes));
    if (sectors & (1 << sector)) {
      part.copy(bytes, offset + at, at, end);
      written = offset + end;
    }
    at = end;
  }
  return written;
}

export type DiskNode = DiskFile | DiskFolder;
type Change = (entries: Map<string, DiskNode>) => void;

export class DiskFolder {
  readonly cached = new Map<string, DiskNode>();
  #durable = new Map<string, DiskNode>();
  #pending: Change[] = [];

  change(change: Change, isSafe = false): void {
    change(this.cached);
    if (isSafe) change(this.#durable);
    else this.#pending.push(change);
  }

  sync(): void {
    this.#durable = new Map(this.cached);
    this.#pending = [];
  }

  /** How many changes may be lost. */
  get choices(): number {
    return this.#pending.length;
  }

  /** The entries with the first `count` of the changes that are not safe. */
  entries(count: number): Map<string, DiskNode> {
    if (count === this.#pending.length) return this.cached;
    const entries = new Map(this.#durable);
    for (const change of this.#pending.slice(0, count)) change(entries);
    return entries;
  }
}

/** The replica's own lock speaks of a process that is gone: what is left of it says nothing. */
const lockPattern = /^lock(\.|$)/;

export class Disk {
  readonly top = new DiskFolder();
  readonly #byInode = new Map<bigint, DiskNode>();
  /** Whether the lock files are left as a crash may leave them, too, and not just as they are. */
  readonly #locksMayTear: boolean;

  constructor({ locksMayTear = false } = {}) {
    this.#locksMayTear = locksMayTear;
  }

  /** What was there before the record begins, all of it safe. */
  load(path: string, { folders, files }: Image): void {
    const top = new DiskFolder();
    this.top.change((entries) => entries.set(path, top), true);
    for (const folder of folders) this.#load(`${path}/${folder}`, new DiskFolder());
    for (const { path: inner, bytes } of files) {
      const file = DiskFile.of(bytes);
      this.#load(`${path}/${inner}`, file);
      if (this.#isSettled(inner)) this.#settled.add(file);
    }
  }

  #load(path: string, node: DiskNode): void {
    this.#folder(path).change((entries) => entries.set(basename(path), node), true);
  }

  apply(record: DiskRecord): void {
    switch (record.kind) {
      case 'open':
        return this.#open(record);
      case 'write': {
        const file = this.fileOf(record.inode);
        file.write(record.offset, record.bytes, record.isSynced);
        if (this.#settled.has(file)) file.sync();
        return;
      }
      case 'truncate':
        return this.fileOf(record.inode).truncate(record.size);
      case 'sync':
        return this.#byInode.get(record.inode)!.sync();
      case 'mkdir':
        return this.#set(record.path, new DiskFolder());
      case 'unlink':
        return this.#set(record.path, null);
      case 'link':
      case 'rename':
        return this.#move(record.path, record.to, record.kind === 'rename');
    }
  }

  /** Files whose content is of no interest. */
  readonly #settled = new WeakSet<DiskFile>();

  #open({ path, inode, isCreated, isEmptied, isDirectory }: DiskRecord & { kind: 'open' }): void {
    if (isCreated) {
      const file = new DiskFile();
      if (this.#isSettled(path)) this.#settled.add(file);
      this.#set(path, file);
    }
    const node = this.find(path);
    if (node === undefined || node instanceof DiskFolder !== isDirectory) {
      throw new Error(`${path} is opened and was never made`);
    }
    this.#byInode.set(inode, node);
    if (isEmptied && !isCreated) (node as DiskFile).truncate(0);
  }

  #isSettled(path: string): boolean {
    return !this.#locksMayTear && lockPattern.test(basename(path));
  }

  #set(path: string, node: DiskNode | null): void {
    const name = basename(path);
    this.#folder(path).change((entries) => {
      if (node === null) entries.delete(name);
      else entries.set(name, node);
    }, this.#isSettled(path));
  }

  #move(from: string, to: string, isGone: boolean): void {
    if (dirname(from) !== dirname(to)) throw new Error(`${from} goes into another directory`);
    const node = this.find(from)!;
    this.#folder(from).change((entries) => {
      if (isGone) entries.delete(basename(from));
      entries.set(basename(to), node);
    }, this.#isSettled(from));
  }

  #folder(path: string): DiskFolder {
    return this.find(dirname(path)) as DiskFolder;
  }

  fileOf(inode: bigint): DiskFile {
    return this.#byInode.get(inode) as DiskFile;
  }

  /** As the process sees it. */
  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.top;
    for (const name of path.split('/')) {
      if (name !== '.') node = (node as DiskFolder).cached.get(name);
      if (node === undefined) return undefined;
    }
    return node;
  }
}
