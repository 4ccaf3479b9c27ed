/**
 * Gates: all that reaches a replica (time, bus, disk, sockets) comes through one, so that a test
 * can stop the replica between two turns, for a while or for good. A held gate is a SIGSTOP; a shut
 * one is a kill -9: what the disk has begun to write is written, and nobody hears of it.
 */

import type { Bus, FrameHandler, Subscription } from '../../actors/bus.ts';
import type { AcceptSocket, ClientSocket } from '../../actors/client-socket.ts';
import { type Clock, systemClock, type Timer } from '../../actors/clock.ts';
import type { LocalHub } from '../../actors/local-bus.ts';

type Task = () => void;

/** Lets tasks through, keeps them until it is released, or lets nothing through ever again. */
export class Gate {
  #isHeld = false;
  isShut = false;
  readonly #waiting: Task[] = [];

  run(task: Task): void {
    if (this.isShut) return;
    if (this.#isHeld) this.#waiting.push(task);
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
    for (const task of this.#waiting.splice(0)) systemClock.defer(() => this.run(task));
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

/** The system's clock behind a gate. */
export class GatedClock implements Clock {
  readonly wallMs = systemClock.wallMs;
  readonly monotonicMs = systemClock.monotonicMs;
  readonly #gate: Gate;
  readonly #timers = new Set<Timer>();

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  defer(task: Task): void {
    systemClock.defer(() => this.#gate.run(task));
  }

  every(ms: number, task: Task): Timer {
    const timer = systemClock.every(ms, this.#gate.coalesced(task));
    this.#timers.add(timer);
    return timer;
  }

  after(ms: number, task: Task): Timer {
    const timer = systemClock.after(ms, () => this.#gate.run(task));
    this.#timers.add(timer);
    return timer;
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }
}

/** An attachment of the hub behind a gate, which may lose what comes. */
export class GatedBus implements Bus {
  readonly inner: ReturnType<LocalHub['attach']>;
  readonly #gate: Gate;
  readonly #passes: (frame: Uint8Array, subject: string) => boolean;

  constructor(hub: LocalHub, gate: Gate, passes: (frame: Uint8Array, subject: string) => boolean) {
    this.inner = hub.attach();
    this.#gate = gate;
    this.#passes = passes;
  }

  get isConnected(): boolean {
    return this.inner.isConnected;
  }

  set onConnection(told: (isConnected: boolean) => void) {
    this.inner.onConnection = (isConnected) => this.#gate.run(() => told(isConnected));
  }

  publish(subject: string, frame: Uint8Array): void {
    this.inner.publish(subject, frame);
  }

  probe(subject: string, frame: Uint8Array, absent: Task): void {
    this.inner.probe(subject, frame, () => this.#gate.run(absent));
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    return this.inner.subscribe(subject, (frame, on) => {
      if (this.#passes(frame, on)) this.#gate.run(() => handler(frame, on));
    });
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

/** Sockets of clients behind a gate; `sockets` are the open ones. */
export function gatedAccept(
  gate: Gate,
  sockets: Set<ClientSocket>,
  accept: AcceptSocket,
): AcceptSocket {
  return (socket) => {
    sockets.add(socket);
    if (gate.isShut) return socket.destroy();
    gate.run(() => {
      accept(socket);
      const { onData, onDrain, onClose } = socket;
      socket.onData = (chunk) => gate.run(() => onData(chunk));
      socket.onDrain = () => gate.run(onDrain);
      socket.onClose = () => {
        sockets.delete(socket);
        gate.run(onClose);
      };
    });
  };
}
