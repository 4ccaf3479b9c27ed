/**
 * A client that writes as fast as its window allows into a subtree of its own, into a parent of
 * sequential znodes shared with others, and keeps a ledger of it: creates, sets, deletes, multis
 * that hold and multis that do not, ephemerals. It decides by a seed, and writes only what it knows
 * to succeed or to fail, so that every reply can be checked as it comes.
 */

import {
  type Client,
  ConnectionLossError,
  CreateMode,
  MultiError,
  op,
  type Stat,
  type WriteOp,
  ZooKeeperError,
} from '../../client/client.ts';
import { BadVersionError } from '../../client/errors.ts';
import { type Entry, Ledger, type Subtree } from './ledger.ts';

export const sequenceParent = '/sequence';
const znodes = 250;
const ephemerals = 12;
const sequentialsKept = 30;
const windowMax = 48;

/** What all writers of a run have been told, together. */
export interface Shared {
  /** By number, who made the sequential znode: none may ever come twice. */
  readonly numbers: Map<number, string>;
  /** zxids of acknowledged single writes: each is named once. */
  readonly zxids: Set<number>;
  maxZxid: number;
  acked: number;
}

export class Writer {
  readonly ledger = new Ledger();
  readonly root: string;
  readonly client: Client;
  readonly #random: () => number;
  readonly #shared: Shared;
  readonly #faults: Error[] = [];
  #inFlight = 0;
  #isRunning = false;
  #serial = 0;
  #whenQuiet: (() => void) | null = null;

  constructor(client: Client, name: string, random: () => number, shared: Shared) {
    this.client = client;
    this.root = `/${name}`;
    this.#random = random;
    this.#shared = shared;
  }

  /** Writes until `halt`. */
  run(): void {
    this.#isRunning = true;
    this.#fill();
  }

  /** Resolves when every request has been answered or lost; throws what went wrong meanwhile. */
  async halt(): Promise<void> {
    this.#isRunning = false;
    if (this.#inFlight > 0) {
      await new Promise<void>((done) => {
        this.#whenQuiet = done;
      });
    }
    if (this.#faults.length > 0) throw this.#faults[0];
  }

  /** What is there now, read by any client. */
  async read(reader: Client): Promise<Subtree> {
    const found: Subtree = new Map();
    const mine = await reader.getChildren(this.root);
    const shared = await reader.getChildren(sequenceParent);
    const prefix = `${this.root.slice(1)}-`;
    const paths = mine.children.map((child) => `${this.root}/${child}`);
    const names = shared.children.filter((child) => child.startsWith(prefix));
    const read = async (path: string) => ({ path, ...(await reader.getData(path)) });
    for (const { path, data, stat } of await Promise.all(paths.map(read))) {
      found.set(path, entryOf(`${data}`, stat, null));
    }
    const named = names.map((name) => `${sequenceParent}/${name}`);
    for (const { path, data, stat } of await Promise.all(named.map(read))) {
      const key = `sequential ${data}`;
      if (found.has(key)) throw new Error(`one request made two sequential znodes: ${path}`);
      found.set(key, entryOf(`${data}`, stat, path));
      this.#noteNumber(path, `${data}`);
    }
    return found;
  }

  #fill(): void {
    while (this.#isRunning && this.#inFlight < windowMax && this.client.state === 'connected') {
      this.#write();
    }
  }

  #write(): void {
    const dice = this.#random();
    const path = `${this.root}/n${Math.floor(this.#random() * znodes)}`;
    const exists = this.ledger.head.has(path);
    if (dice < 0.07) this.#createSequential();
    else if (dice < 0.16) this.#deleteSequential();
    else if (dice < 0.24) this.#toggleEphemeral();
    else if (dice < 0.36) this.#multi();
    else if (dice < 0.42) this.#refusedMulti();
    else if (!exists) this.#create(path);
    else if (dice < 0.5) this.#refusedSet(path);
    else if (dice < 0.65) this.#delete(path);
    else this.#set(path);
  }

  #data(): string {
    return `${this.root.slice(1)}-${++this.#serial}-${'x'.repeat(Math.floor(this.#random() * 90))}`;
  }

  #create(path: string, owner: string | null = null): void {
    const data = this.#data();
    let stat: Stat | null = null;
    const mode = owner === null ? CreateMode.persistent : CreateMode.ephemeral;
    const wantsStat = this.#random() < 0.5;
    this.#submit(
      `create ${path}`,
      (tree) => tree.set(path, newEntry(data, owner, stat)),
      async () => {
        if (!wantsStat) return void (await this.client.create(path, data, { mode }));
        stat = (await this.client.createWithStat(path, data, { mode })).stat;
        this.#noteZxid(stat.czxid);
      },
    );
  }

  #set(path: string): void {
    const data = this.#data();
    const { version } = this.ledger.head.get(path)!;
    const expected = this.#random() < 0.5 ? -1 : version;
    let stat: Stat | null = null;
    this.#submit(
      `set ${path}`,
      (tree) => changeEntry(tree, path, data, stat),
      async () => {
        stat = await this.client.setData(path, data, expected);
        this.#noteZxid(stat.mzxid);
        if (stat.version !== version + 1) throw new Error(`${path}: version ${stat.version}`);
      },
    );
  }

  #delete(path: string): void {
    this.#submit(
      `delete ${path}`,
      (tree) => tree.delete(path),
      () => this.client.delete(path),
    );
  }

  #toggleEphemeral(): void {
    const path = `${this.root}/e${Math.floor(this.#random() * ephemerals)}`;
    if (this.ledger.head.has(path)) this.#delete(path);
    else this.#create(path, this.client.sessionId);
  }

  #createSequential(): void {
    const data = this.#data();
    const prefix = `${sequenceParent}/${this.root.slice(1)}-`;
    let name: string | null = null;
    const mode = CreateMode.persistentSequential;
    this.#submit(
      `create ${data}`,
      (tree) => tree.set(`sequential ${data}`, { ...newEntry(data, null, null), name }),
      async () => {
        name = await this.client.create(prefix, data, { mode });
        this.#noteNumber(name, data);
      },
    );
  }

  #deleteSequential(): void {
    const mine = [...this.ledger.head].filter(([key]) => key.startsWith('sequential '));
    const [key, entry] = mine[0] ?? [];
    // Only what an earlier look has named can be deleted by its path.
    if (mine.length < sequentialsKept || key === undefined || !entry?.name) {
      return this.#createSequential();
    }
    const { name } = entry;
    this.#submit(
      `delete ${name}`,
      (tree) => tree.delete(key),
      () => this.client.delete(name),
    );
  }

  /** Some sets, a create or a delete; all or nothing. */
  #multi(): void {
    const { head } = this.ledger;
    const changes: ((tree: Subtree) => void)[] = [];
    const ops: WriteOp[] = [];
    const paths = new Set<string>();
    while (paths.size < 4) paths.add(`${this.root}/m${Math.floor(this.#random() * 40)}`);
    const stats: (Stat | null)[] = [];
    for (const path of paths) {
      const data = this.#data();
      const at = ops.length;
      if (!head.has(path)) {
        ops.push(op.create(path, data));
        changes.push((tree) => tree.set(path, newEntry(data, null, null)));
      } else if (this.#random() < 0.3) {
        ops.push(op.delete(path));
        changes.push((tree) => tree.delete(path));
      } else {
        ops.push(op.setData(path, data));
        changes.push((tree) => changeEntry(tree, path, data, stats[at] ?? null));
      }
    }
    this.#submit(
      `multi ${[...paths].join(' ')}`,
      (tree) => {
        for (const change of changes) change(tree);
      },
      async () => {
        const results = await this.client.multi(ops);
        results.forEach((result, at) => {
          stats[at] = result.type === 'setData' ? result.stat : null;
        });
        const zxids = new Set(stats.filter((stat) => stat !== null).map(({ mzxid }) => mzxid));
        if (zxids.size > 1) throw new Error('one multi, several zxids');
      },
    );
  }

  /** Its first operations would succeed; the last does not, so none may be done. */
  #refusedMulti(): void {
    const path = [...this.ledger.head.keys()].find((key) => key.startsWith(`${this.root}/m`));
    if (path === undefined) return this.#multi();
    const ops = [
      op.setData(path, 'never'),
      op.create(`${this.root}/never`),
      op.create(path, 'never'),
    ];
    this.#submit('refused multi', keep, () => refused(this.client.multi(ops), MultiError));
  }

  #refusedSet(path: string): void {
    const { version } = this.ledger.head.get(path)!;
    const set = () => refused(this.client.setData(path, 'never', version + 7), BadVersionError);
    this.#submit('refused set', keep, set);
  }

  #submit(label: string, apply: (tree: Subtree) => void, send: () => Promise<void>): void {
    const step = this.ledger.add(label, apply);
    this.#inFlight++;
    send()
      .then(
        () => {
          this.ledger.acked(step);
          this.#shared.acked++;
        },
        (failure: unknown) => {
          if (failure instanceof ConnectionLossError) this.#isRunning = false;
          else throw failure;
        },
      )
      .catch((failure: Error) => {
        const code = failure instanceof ZooKeeperError ? ` (${failure.code})` : '';
        this.#isRunning = false;
        this.#faults.push(new Error(`${label}: ${failure.message}${code}`, { cause: failure }));
      })
      .finally(() => {
        this.#inFlight--;
        if (this.#isRunning) this.#fill();
        else if (this.#inFlight === 0) this.#whenQuiet?.();
      });
  }

  #noteZxid(zxid: number): void {
    const { zxids } = this.#shared;
    if (zxids.has(zxid)) throw new Error(`zxid ${zxid} was acknowledged twice`);
    zxids.add(zxid);
    this.#shared.maxZxid = Math.max(this.#shared.maxZxid, zxid);
  }

  #noteNumber(path: string, data: string): void {
    const number = Number(path.slice(-10));
    const owner = this.#shared.numbers.get(number);
    if (owner !== undefined && owner !== data) {
      throw new Error(`number ${number} was given to ${owner} and to ${data}`);
    }
    this.#shared.numbers.set(number, data);
  }
}

const keep = (): void => {};

function entryOf(data: string, stat: Stat, name: string | null): Entry {
  const { version, czxid, mzxid, ephemeralOwner } = stat;
  const owner = /^0+$/.test(ephemeralOwner) ? null : ephemeralOwner;
  return { data, version, czxid, mzxid, owner, name };
}

function newEntry(data: string, owner: string | null, stat: Stat | null): Entry {
  const zxid = stat?.czxid ?? null;
  return { data, version: 0, czxid: zxid, mzxid: zxid, owner, name: null };
}

function changeEntry(tree: Subtree, path: string, data: string, stat: Stat | null): void {
  const entry = tree.get(path)!;
  tree.set(path, { ...entry, data, version: entry.version + 1, mzxid: stat?.mzxid ?? null });
}

async function refused(
  call: Promise<unknown>,
  expected: new (...args: never[]) => Error,
): Promise<void> {
  try {
    await call;
  } catch (failure) {
    if (failure instanceof expected) return;
    throw failure;
  }
  throw new Error(`${expected.name} was due, but it was done`);
}
