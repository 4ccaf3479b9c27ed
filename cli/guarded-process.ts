/**
 * A child process that does not outlive us, not even when we are ended by SIGKILL. It runs in a
 * session of its own, so that Ctrl-C in a terminal reaches only us: we end it in our own order.
 *
 * What holds: beside the child lives a guard, a subshell of `sh` that reads from a socket whose
 * other end we hold; when that closes for whatever reason it kills the child. Where util-linux's
 * `setpriv` is found (Linux), the kernel kills the child as well when we die (PDEATHSIG), so that
 * it ends even if the guard is killed together with us. A guard that is killed alone is noticed
 * here, and the child is ended. What does not hold: without `setpriv` (macOS, Alpine) a child
 * survives a SIGKILL of us and of its guard in one moment; on Windows there is no guard.
 * To be called on the main thread: PDEATHSIG is bound to the thread that starts the child.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
  /** Why it could not be started, if it could not. */
  readonly problem: string | null;
}

export interface GuardedProcess {
  /** The program's own pid, not that of the guard; null when it could not be started. */
  readonly pid: number | null;
  /** Resolves when it has ended and what it said is read. */
  readonly exited: Promise<Exit>;
  /** Sends nothing once the program has ended. */
  kill(signal: NodeJS.Signals): void;
}

export interface GuardedOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Called with every line of output, cut at lineCharsMax. */
  readonly onLine: (line: string, stream: 'stdout' | 'stderr') => void;
}

const lineCharsMax = 64 * 1024;
const lastWordsMsMax = 500;

/**
 * The shell becomes the program, so that pid, signals and exit code are the program's own; `$$` is
 * its pid in the subshell too. A line on descriptor 3 tells the guard that the program has ended
 * and that its pid may belong to somebody else.
 */
const guardScript = [
  'if setpriv --pdeathsig KILL true 2>/dev/null; then set -- setpriv --pdeathsig KILL "$@"; fi',
  "(trap '' HUP INT TERM; read -r line <&3 || kill -KILL $$) </dev/null >/dev/null 2>&1 &",
  'exec "$@" 3<&-',
].join('\n');

export function startGuarded(
  command: readonly [string, ...string[]],
  { env = process.env, onLine }: GuardedOptions,
): GuardedProcess {
  const child = process.platform === 'win32' ? spawnAlone(command, env) : spawnWith(command, env);
  const isRead = Promise.all([
    readLines(child.stdout, (line) => onLine(line, 'stdout')),
    readLines(child.stderr, (line) => onLine(line, 'stderr')),
  ]);
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', (error) => {
      if (child.pid === undefined) resolve({ code: null, signal: null, problem: error.message });
    });
    child.once('exit', (code, signal) => {
      releaseGuard(child);
      // Its last words come first; a child of its own may hold its output open for ever.
      const timer = setTimeout(() => resolve({ code, signal, problem: null }), lastWordsMsMax);
      void isRead.then(() => {
        clearTimeout(timer);
        resolve({ code, signal, problem: null });
      });
    });
  });
  watchGuard(child);
  return { pid: child.pid ?? null, exited, kill: (signal) => void child.kill(signal) };
}

/** In words, for a sentence: `exit code 2`, `killed by SIGKILL`. */
export function describeExit({ code, signal, problem }: Exit): string {
  if (problem !== null) return problem;
  return signal !== null ? `killed by ${signal}` : `exit code ${code}`;
}

function spawnWith(command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  return spawn('sh', ['-c', guardScript, 'natskeeper-guard', ...command], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
}

function spawnAlone([program, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv) {
  return spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
}

function guardOf(child: ChildProcess): (Readable & Writable) | null {
  return (child.stdio[3] as (Readable & Writable) | undefined) ?? null;
}

function releaseGuard(child: ChildProcess): void {
  guardOf(child)?.end('\n');
}

/** The guard alone holds the other end: when that closes first, the child has lost its guard. */
function watchGuard(child: ChildProcess): void {
  const guard = guardOf(child);
  if (guard === null) return;
  guard.on('error', () => {});
  guard.on('end', () => child.kill('SIGKILL'));
  guard.resume();
}

/** Resolves when all is read. */
function readLines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  let rest = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = (lines.pop() ?? '').slice(0, lineCharsMax);
    for (const line of lines) onLine(line.slice(0, lineCharsMax));
  });
  return new Promise((resolve) => {
    stream?.on('error', () => resolve());
    stream?.on('end', () => {
      if (rest !== '') onLine(rest);
      resolve();
    });
  });
}
