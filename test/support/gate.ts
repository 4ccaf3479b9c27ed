/**
 * Gates: all that reaches a replica (time, bus, disk, sockets) comes through one, so that a test
 * can stop the replica between two turns, for a while or for good. A held gate is a SIGSTOP; a shut
 * one is a kill -9: what the disk has begun to write is written, and nobody hears of it.
 */

import { systemClock } from '../../actors/clock.ts';

export type Task = () => void;

/** Lets tasks through, keeps them until it is released, or lets nothing through ever again. */
export class Gate {
  #isHeld = false;
  isShut = false;
  /** In order: what comes while any is left waits its turn. */
  readonly #waiting: Task[] = [];
  readonly #defer: (task: Task) => void;

  constructor(defer: (task: Task) => void = systemClock.defer) {
    this.#defer = defer;
  }

  run(task: Task): void {
    if (this.isShut) return;
    if (this.#isHeld || this.#waiting.length > 0) this.#waiting.push(task);
    else task();
  }

  hold(): void {
    this.#isHeld = true;
  }

  shut(): void {
    this.isShut = true;
    this.#waiting.length = 0;
  }

  release(): void {
    this.#isHeld = false;
    this.#runNext();
  }

  /** One in a turn, as the event loop of a process that goes on. */
  #runNext(): void {
    this.#defer(() => {
      if (this.#isHeld) return;
      const task = this.#waiting.shift();
      if (task === undefined) return;
      this.#runNext();
      task();
    });
  }

  /** As `task`, but once only for however many calls while held: a timer of a stopped process. */
  coalesced(task: Task): Task {
    let isWaiting = false;
    return () => {
      if (isWaiting) return;
      isWaiting = true;
      this.run(() => {
        isWaiting = false;
        task();
      });
    };
  }

  promise<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.run(() => resolve(this.#opened(value))),
        (failure) => this.run(() => reject(failure)),
      );
    });
  }

  /** A received snapshot is written through the gate, too. */
  #opened<T>(value: T): T {
    return value instanceof Object && 'writePage' in value ? this.object(value) : value;
  }

  /** The same object, whose promises come through the gate; shut, it does nothing. */
  object<T extends object>(inner: T): T {
    return new Proxy(inner, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (this.isShut) return new Promise(() => {});
          const result: unknown = value.apply(target, args);
          return result instanceof Promise ? this.promise(result) : result;
        };
      },
    });
  }
}
