/**
 * How a replica's process is started: by whatever starts one, and by the first line of main.ts for
 * those who type `natskeeper server`. What is set here can be set at a start only; docs/COSTS.md
 * has the measurements.
 */

/** For the C library: one arena for all threads, which together waste less memory in it. */
export const replicaSettings = ['MALLOC_ARENA_MAX=1'] as const;

/**
 * For V8. What most requests leave behind dies young: a small young generation, in MB, holds it as
 * well. And the heap is small, but what it refers to outside of it counts as its growth: it may
 * grow by 240 percent from one full collection to the next, or those follow each other at once.
 * Functions are optimized after a seventh of the usual work, and what is to be known for it is
 * gathered from the first call on: who leads from this second on has never led before. One helper
 * thread compiles and collects in place of four, which together would keep the main thread from
 * its processor.
 */
export const replicaFlags = [
  '--max-semi-space-size=4',
  '--heap-growing-percent=240',
  '--interrupt-budget=20000',
  '--no-lazy-feedback-allocation',
  '--v8-pool-size=1',
] as const;

/** `main` is the built cli/main.js, `args` what follows `natskeeper server`. */
export function replicaCommand(main: string, args: readonly string[]): [string, ...string[]] {
  const node: [string, ...string[]] = [process.execPath, ...replicaFlags, main, 'server', ...args];
  // Elsewhere the C library is another one.
  return process.platform === 'linux' ? ['/usr/bin/env', ...replicaSettings, ...node] : node;
}
