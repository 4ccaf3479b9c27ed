/**
 * Everything that a run starts: pinned to the chosen processors, with what it says in a log file,
 * and ended by its pid, also when we are interrupted. Owns the temporary folder, which goes with
 * us.
 */

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Meter } from './meter.ts';

export type Command = readonly [program: string, ...args: string[]];

export interface SpawnOptions {
  /** Where stdout and stderr are appended. */
  readonly log: string;
}

/** One that waits for an answer for ever is ended. */
const toolMsMax = 600_000;
const endMsMax = 20_000;

export class Processes {
  /** As taskset takes it; null pins nothing. */
  readonly processors: string | null;
  readonly folder: string;
  readonly #children = new Set<ChildProcess>();
  #folders = 0;

  constructor({
    processors = null,
    parent = tmpdir(),
  }: { processors?: string | null; parent?: string } = {}) {
    this.processors = processors;
    mkdirSync(parent, { recursive: true });
    this.folder = mkdtempSync(join(parent, 'natskeeper-bench-'));
    process.once('exit', () => this.endAll());
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 129],
    ] as const) {
      process.once(signal, () => process.exit(code));
    }
  }

  /** A new folder for the data of one ensemble. */
  makeFolder(name: string): string {
    const folder = join(this.folder, `${++this.#folders}-${name}`);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** A server, whose output goes to a log file. */
  startServer(command: Command, { log }: SpawnOptions): ChildProcess {
    const file = openSync(log, 'a');
    const child = this.#spawn(command, ['ignore', file, file]);
    closeSync(file);
    return child;
  }

  /** A program whose output we read. */
  startTool(command: Command): ChildProcess {
    const child = this.#spawn(command, ['ignore', 'pipe', 'pipe']);
    const timer = setTimeout(() => child.kill('SIGKILL'), toolMsMax).unref();
    child.once('exit', () => clearTimeout(timer));
    return child;
  }

  #spawn(command: Command, stdio: ('ignore' | 'pipe' | number)[]): ChildProcess {
    const pinned =
      this.processors === null ? command : ['taskset', '-c', this.processors, ...command];
    const [program, ...args] = pinned as [string, ...string[]];
    const child = spawn(program, args, { stdio });
    this.#children.add(child);
    child.once('exit', () => this.#children.delete(child));
    child.once('error', () => this.#children.delete(child));
    return child;
  }

  /** Begins to measure what these cost, under the load of `child`. */
  meter(pids: readonly number[], child: ChildProcess): Meter {
    const processors =
      this.processors === null ? [...cpus().keys()] : processorNumbers(this.processors);
    return new Meter({ pids, loadPid: child.pid ?? 0, processors });
  }

  /** Ends all that still runs, at once, and removes the data. */
  endAll(): void {
    for (const child of this.#children) child.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export function hasEnded({ exitCode, signalCode, pid }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null || pid === undefined;
}

/** Resolves when it is gone; one that does not heed the signal is killed. */
export async function end(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (hasEnded(child)) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), endMsMax);
  await gone;
  clearTimeout(timer);
}

/** All of a list such as `0-3,6`. */
export function processorNumbers(list: string): number[] {
  return list.split(',').flatMap((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}
