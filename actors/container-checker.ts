/**
 * Removes containers that have lost all their children and TTL znodes that have outlived their time
 * (spec 3.4). It only proposes: prepare looks again, and a znode that got a child meanwhile stays.
 */

import { JuteWriter } from '../protocol/jute.ts';
import { Opcode } from '../protocol/opcode.ts';
import type { Tree } from '../storage/tree.ts';
import { Field } from '../storage/znode-rows.ts';
import type { Clock, Timer } from './clock.ts';
import { nobody, PendingRequest } from './pending-request.ts';

export interface ContainerCheckerOptions {
  readonly intervalMs: number;
  readonly deletesPerMinuteMax: number;
  /** How long a container that never had a child may stay; 0: for ever. */
  readonly neverUsedMsMax: number;
}

export class ContainerChecker {
  readonly #tree: Tree;
  readonly #clock: Clock;
  readonly #options: ContainerCheckerOptions;
  readonly #submit: (request: PendingRequest) => void;
  #timer: Timer | null = null;

  constructor(
    tree: Tree,
    clock: Clock,
    options: ContainerCheckerOptions,
    submit: (request: PendingRequest) => void,
  ) {
    this.#tree = tree;
    this.#clock = clock;
    this.#options = options;
    this.#submit = submit;
  }

  start(): void {
    this.#timer = this.#clock.every(this.#options.intervalMs, () => this.check());
  }

  stop(): void {
    this.#timer?.cancel();
  }

  check(): void {
    const { intervalMs, deletesPerMinuteMax } = this.#options;
    let left = Math.max(1, Math.floor((deletesPerMinuteMax * intervalMs) / 60_000));
    for (const slot of this.#due()) {
      if (left-- === 0) return;
      this.#propose(this.#tree.path(slot));
    }
  }

  *#due(): Iterable<number> {
    const tree = this.#tree;
    const nowMs = this.#clock.wallMs();
    const age = (slot: number) => nowMs - tree.rows.wireLong(slot, Field.mtime);
    for (const slot of tree.special.containers) {
      if (tree.numChildren(slot) > 0) continue;
      const wasUsed = tree.rows.int(slot, Field.childCreates) > 0;
      const { neverUsedMsMax } = this.#options;
      if (wasUsed || (neverUsedMsMax > 0 && age(slot) > neverUsedMsMax)) yield slot;
    }
    for (const [slot, ttl] of tree.special.ttls) {
      if (tree.numChildren(slot) === 0 && age(slot) > ttl) yield slot;
    }
  }

  #propose(path: string): void {
    const body = new JuteWriter().string(path).copy();
    const nowMs = this.#clock.monotonicMs();
    this.#submit(PendingRequest.internal(nobody, Opcode.deleteContainer, body, nowMs));
  }
}
