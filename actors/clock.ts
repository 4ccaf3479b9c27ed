/**
 * Time, as the replica is handed it. Nothing else in actors/ looks at a clock or sets a timer; the
 * simulator brings a clock of its own.
 */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Wall clock in ms since 1970: for txn times and logs, never for decisions about safety. */
  wallMs(): number;
  /** Monotonic time in ms: for deadlines and latencies. */
  monotonicMs(): number;
  /** Runs `task` once what is being handled now, and all that is ready with it, is done. */
  defer(task: () => void): void;
  every(ms: number, task: () => void): Timer;
  after(ms: number, task: () => void): Timer;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  defer: (task) => {
    setImmediate(task);
  },
  every: (ms, task) => {
    const handle = setInterval(task, ms);
    return { cancel: () => clearInterval(handle) };
  },
  after: (ms, task) => {
    const handle = setTimeout(task, ms);
    return { cancel: () => clearTimeout(handle) };
  },
};
