/**
 * A client that creates sequential znodes under a parent that it shares with others, several at a
 * time, and keeps account of what it was told: what was acknowledged must be there once, under the
 * name that was told; what was lost may be there, once; and its order is the order of its asking.
 */

import { expect } from 'vitest';
import { type Client, ConnectionLossError, CreateMode } from '../../client/client.ts';
import type { Tree } from '../../storage/tree.ts';
import { noSlot } from '../../storage/znode-rows.ts';

export const sequences = '/sequences';

export class Load {
  readonly client: Client;
  readonly name: string;
  /** By number of the request: the name that was told. */
  readonly acked = new Map<number, string>();
  readonly lost: number[] = [];
  readonly faults: unknown[] = [];
  readonly #window: number;
  readonly #data: (number: number) => string;
  #asked = 0;
  #inFlight = 0;
  #isRunning = true;
  #whenQuiet: () => void = () => {};

  /** Writes from now on, `window` requests at a time. */
  constructor(client: Client, name: string, { window = 8, padding = 0 } = {}) {
    this.client = client;
    this.name = name;
    this.#window = window;
    this.#data = (number) => `${name} ${number} ${'.'.repeat(padding)}`;
    this.#fill();
  }

  /** No more is asked; resolves when all is answered or lost. */
  async halt(): Promise<void> {
    this.#isRunning = false;
    if (this.#inFlight === 0) return;
    await new Promise<void>((done) => {
      this.#whenQuiet = done;
    });
  }

  #fill(): void {
    while (this.#isRunning && this.#inFlight < this.#window) {
      if (!['connected', 'suspended'].includes(this.client.state)) return;
      this.#create(++this.#asked);
    }
  }

  #create(number: number): void {
    this.#inFlight++;
    const mode = CreateMode.persistentSequential;
    this.client
      .create(`${sequences}/n-`, this.#data(number), { mode })
      .then(
        (path) => void this.acked.set(number, path.slice(sequences.length + 1)),
        (failure) => {
          if (failure instanceof ConnectionLossError) this.lost.push(number);
          else this.faults.push(failure);
        },
      )
      .finally(() => {
        this.#inFlight--;
        if (this.#isRunning) this.#fill();
        else if (this.#inFlight === 0) this.#whenQuiet();
      });
  }
}

/** Makes the parent. */
export async function prepareLoads(client: Client): Promise<void> {
  await client.create(sequences);
}

/** Holds the account of each against what a replica has. */
export function checkLoads(tree: Tree, loads: readonly Load[]): void {
  const found = childrenOf(tree, sequences);
  const orders = new Map<string, number[]>();
  const names = new Map<string, string>();
  for (const [name, data] of found) {
    const [writer = '', number = ''] = data.split(' ');
    const key = `${writer} ${number}`;
    expect(names.has(key), `${key} is there twice: ${names.get(key)} and ${name}`).toBe(false);
    names.set(key, name);
    orders.set(writer, [...(orders.get(writer) ?? []), Number(number)]);
  }
  for (const { name: writer, acked, lost, faults } of loads) {
    expect(faults).toEqual([]);
    for (const [number, name] of acked) {
      expect(names.get(`${writer} ${number}`), `${writer} ${number}`).toBe(name);
    }
    const order = orders.get(writer) ?? [];
    expect(order, `requests of ${writer} in their order`).toEqual([...order].sort((a, b) => a - b));
    const known = new Set([...acked.keys(), ...lost]);
    expect(
      order.filter((number) => !known.has(number)),
      `unasked of ${writer}`,
    ).toEqual([]);
  }
}

/** Data of the children by name, in the order of their names. */
export function childrenOf(tree: Tree, path: string): Map<string, string> {
  const children: [string, string][] = [];
  const parent = tree.findPath(path);
  if (parent === noSlot) return new Map();
  for (let slot = tree.firstChild(parent); slot !== noSlot; slot = tree.nextSibling(slot)) {
    children.push([tree.name(slot), `${tree.data(slot)}`]);
  }
  return new Map(children.sort(([a], [b]) => (a < b ? -1 : 1)));
}
