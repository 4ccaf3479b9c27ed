/**
 * A program's copy of a subtree, kept by watches: what an event speaks of is read again, all of it
 * after a gap. It promises what a cache can: once the tree stands still, it becomes equal to it.
 */

import { type Client, ErrorCode, type WatchEvent, ZooKeeperError } from '../../../client/client.ts';
import type { Crew } from './crew.ts';

/** By path: data and the zxids of its creation and last change. */
export type Picture = Map<string, string>;

/** - `oneShot`: data and child watches on each znode; `stream`: with a queue that overflows. */
export type MirrorKind = 'recursive' | 'stream' | 'oneShot';

const eventsMax = 6;
const retryMs = 200;

export class Mirror {
  readonly kind: MirrorKind;
  readonly picture: Picture = new Map();
  readonly #crew: Crew;
  readonly #client: Client;
  readonly #top: string;
  /** Paths to be read again. */
  readonly #dirty = new Set<string>();
  #wake: () => void = () => {};

  constructor(crew: Crew, client: Client, top: string, kind: MirrorKind) {
    this.#crew = crew;
    this.#client = client;
    this.#top = top;
    this.kind = kind;
    void crew.background(() => this.#watch());
    void crew.background(() => this.#refresh());
  }

  get #isOver(): boolean {
    return this.#client.state === 'closed';
  }

  async #watch(): Promise<void> {
    if (this.kind === 'recursive') {
      const heard = (event: WatchEvent) => this.#heard(event);
      const add = () => this.#client.addWatch(this.#top, 'recursive', heard);
      while ((await this.#crew.attempt(add)).kind !== 'acknowledged') {
        if (this.#isOver) return;
        await this.#crew.pause(retryMs);
      }
      this.#soil(this.#top);
    } else if (this.kind === 'stream') {
      const stream = this.#client.watch(this.#top, { kind: 'recursive', eventsMax });
      await stream.ready;
      this.#soil(this.#top);
      for await (const event of stream) {
        // A slow reader, so that the queue overflows at times.
        await this.#crew.pause(20);
        this.#heard(event);
      }
    } else this.#soil(this.#top);
  }

  #heard(event: WatchEvent): void {
    if (event.type === 'gap' || event.type === 'lost') {
      this.#crew.count('gaps');
      this.#soil(this.#top);
      for (const path of this.picture.keys()) this.#soil(path);
    } else {
      this.#crew.count('events');
      this.#soil(event.path);
    }
  }

  #soil(path: string): void {
    this.#dirty.add(path);
    this.#wake();
  }

  /** Reads again what is dirty, for as long as the client lives. */
  async #refresh(): Promise<void> {
    while (!this.#isOver) {
      const [path] = this.#dirty;
      if (path === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      this.#dirty.delete(path);
      if (await this.#read(path)) continue;
      this.#dirty.add(path);
      await this.#crew.pause(retryMs);
    }
  }

  /** Takes over what is there; false when nobody answered. */
  async #read(path: string): Promise<boolean> {
    const client = this.#client;
    const watch = () => this.#soil(path);
    const options = this.kind === 'oneShot' ? { watch } : {};
    const { noNode } = ErrorCode;
    const [data, list] = await Promise.all([
      this.#crew.attempt(() => client.getData(path, options), noNode),
      this.#crew.attempt(() => client.getChildren(path, options), noNode),
    ]);
    const isGone = [data, list].some(({ kind, ...one }) => {
      return kind === 'refused' && 'code' in one && one.code === noNode;
    });
    if (isGone) {
      this.#forget(path);
      return true;
    }
    if (data.kind !== 'acknowledged' || list.kind !== 'acknowledged') return false;
    this.picture.set(path, pictureOf(data.value));
    const names = new Set(list.value.children);
    for (const name of names) {
      if (!this.picture.has(`${path}/${name}`)) this.#soil(`${path}/${name}`);
    }
    for (const known of [...this.picture.keys()]) {
      const isChild = known.startsWith(`${path}/`) && !known.includes('/', path.length + 1);
      if (isChild && !names.has(known.slice(path.length + 1))) this.#forget(known);
    }
    return true;
  }

  #forget(path: string): void {
    for (const known of [...this.picture.keys()]) {
      if (known === path || known.startsWith(`${path}/`)) this.picture.delete(known);
    }
  }
}

function pictureOf({ data, stat }: Awaited<ReturnType<Client['getData']>>): string {
  return `${data ?? ''} ${stat.czxid} ${stat.mzxid}`;
}

/** The subtree as it is. */
export async function takePicture(crew: Crew, client: Client, top: string): Promise<Picture> {
  const picture: Picture = new Map();
  const visit = async (path: string): Promise<void> => {
    const read = await crew.patiently(async () => {
      try {
        return await client.getData(path);
      } catch (error) {
        if (error instanceof ZooKeeperError && error.code === ErrorCode.noNode) return null;
        throw error;
      }
    });
    if (read === null) return;
    picture.set(path, pictureOf(read));
    for (const name of await crew.children(client, path)) await visit(`${path}/${name}`);
  };
  await visit(top);
  return picture;
}

/** Where two pictures differ, as text; empty if they do not. */
export function differences(mine: Picture, real: Picture): string[] {
  const paths = [...new Set([...mine.keys(), ...real.keys()])].sort();
  return paths
    .filter((path) => mine.get(path) !== real.get(path))
    .map((path) => `${path}: ${mine.get(path) ?? 'none'}, really ${real.get(path) ?? 'none'}`);
}
