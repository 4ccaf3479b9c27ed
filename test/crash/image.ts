/**
 * The content of a directory after a crash, in memory, and all such contents that one moment of a
 * recorded life allows.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { subsets, tears } from './choices.ts';
import { DiskFile, type DiskFolder, type Image } from './disk.ts';

export interface Bounds {
  /** Subsets of what is not safe, per moment; above it they are sampled. */
  readonly subsetsMax: number;
  readonly tearsMax: number;
}

interface Linked {
  readonly path: string;
  readonly file: DiskFile;
}

/** Its files are put together when they are first asked for, which must be at its moment. */
class ChosenImage implements Image {
  readonly key: string;
  readonly folders: readonly string[];
  readonly #linked: readonly Linked[];
  readonly #choices: Uint8Array;
  #files: Image['files'] | null = null;

  constructor(
    key: string,
    folders: readonly string[],
    linked: readonly Linked[],
    choices: Uint8Array,
  ) {
    this.key = key;
    this.folders = folders;
    this.#linked = linked;
    this.#choices = choices;
  }

  get files(): Image['files'] {
    if (this.#files !== null) return this.#files;
    let at = 0;
    this.#files = this.#linked.map(({ path, file }) => {
      const bytes = file.render(this.#choices.subarray(at, at + file.choices));
      at += file.choices;
      return { path, bytes };
    });
    return this.#files;
  }
}

export class ImageMaker {
  readonly #bounds: Bounds;
  /** Digests by file, of its present version: by choices. */
  readonly #digests = new WeakMap<DiskFile, { version: number; by: Map<string, string> }>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /** Each image once that a crash at this moment may leave, as far as the bounds go. */
  *images(top: DiskFolder): Iterable<Image> {
    const seen = new Set<string>();
    for (const [folders, linked] of layouts(top)) {
      const open = linked.reduce((sum, { file }) => sum + file.choices, 0);
      for (const choices of this.#choices(open)) {
        const image = this.#image(folders, linked, choices);
        if (seen.has(image.key)) continue;
        seen.add(image.key);
        yield image;
      }
    }
  }

  *#choices(count: number): Iterable<Uint8Array> {
    yield* subsets(count, this.#bounds.subsetsMax);
    yield* tears(count, this.#bounds.tearsMax);
  }

  #image(folders: readonly string[], linked: readonly Linked[], choices: Uint8Array): Image {
    const hash = createHash('sha1').update(folders.join('\n'));
    let at = 0;
    for (const { path, file } of linked) {
      hash.update(`\n${path} ${this.#digest(file, choices.subarray(at, at + file.choices))}`);
      at += file.choices;
    }
    return new ChosenImage(hash.digest('base64'), folders, linked, choices);
  }

  #digest(file: DiskFile, choices: Uint8Array): string {
    let known = this.#digests.get(file);
    if (known?.version !== file.version) {
      known = { version: file.version, by: new Map() };
      this.#digests.set(file, known);
    }
    const key = Buffer.from(choices).toString('latin1');
    let digest = known.by.get(key);
    if (digest === undefined) {
      digest = createHash('sha1').update(file.render(choices)).digest('base64');
      known.by.set(key, digest);
    }
    return digest;
  }
}

/** What may be linked where: each folder with any number of its last changes lost. */
function* layouts(folder: DiskFolder, prefix = ''): Iterable<[string[], Linked[]]> {
  for (let count = folder.choices; count >= 0; count--) {
    const entries = [...folder.entries(count)].sort(([a], [b]) => (a < b ? -1 : 1));
    yield* joined(entries, prefix);
  }
}

function* joined(
  entries: readonly (readonly [string, DiskFile | DiskFolder])[],
  prefix: string,
): Iterable<[string[], Linked[]]> {
  const [first, ...rest] = entries;
  if (first === undefined) return yield [[], []];
  const [name, node] = first;
  for (const [folders, linked] of joined(rest, prefix)) {
    if (node instanceof DiskFile) {
      yield [folders, [{ path: prefix + name, file: node }, ...linked]];
      continue;
    }
    for (const [innerFolders, inner] of layouts(node, `${prefix}${name}/`)) {
      yield [
        [prefix + name, ...innerFolders, ...folders],
        [...inner, ...linked],
      ];
    }
  }
}

/** Makes the directory hold the image and nothing else. */
export function writeImage(directory: string, { folders, files }: Image): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const folder of folders) mkdirSync(join(directory, folder));
  for (const { path, bytes } of files) writeFileSync(join(directory, path), bytes);
}
