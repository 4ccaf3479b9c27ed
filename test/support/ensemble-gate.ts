/**
 * The system's clock, a bus and sockets behind a gate (gate.ts): what the replicas of an ensemble
 * within a test are handed.
 */

import type { Bus, FrameHandler, Subscription } from '../../actors/bus.ts';
import type { AcceptSocket, ClientSocket } from '../../actors/client-socket.ts';
import { type Clock, systemClock, type Timer } from '../../actors/clock.ts';
import type { LocalHub } from '../../actors/local-bus.ts';
import type { Gate, Task } from './gate.ts';

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
      const { onDrain, onClose } = socket;
      socket.onData = readGate(gate, socket);
      socket.onDrain = () => gate.run(onDrain);
      socket.onClose = () => {
        sockets.delete(socket);
        gate.run(onClose);
      };
    });
  };
}

/** Hands chunks through the gate; what comes through while it is paused is read when it resumes. */
function readGate(gate: Gate, socket: ClientSocket): (chunk: Buffer) => void {
  const { onData } = socket;
  const unread: Buffer[] = [];
  let isPaused = false;
  const read = () => {
    for (let chunk = unread[0]; !isPaused && chunk !== undefined; chunk = unread[0]) {
      unread.shift();
      onData(chunk);
    }
  };
  const pause = socket.pause.bind(socket);
  const resume = socket.resume.bind(socket);
  socket.pause = () => {
    isPaused = true;
    pause();
  };
  socket.resume = () => {
    isPaused = false;
    resume();
    if (unread.length > 0) systemClock.defer(() => gate.run(read));
  };
  return (chunk) =>
    gate.run(() => {
      unread.push(chunk);
      read();
    });
}
