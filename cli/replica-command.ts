/**
 * How a replica's process is started: by whatever starts one, and by the first line of main.ts for
 * those who type `natskeeper server`.
 */

/**
 * What most requests leave behind dies young: a small young generation of V8, in MB, holds it as
 * well, and keeps some 20 MB of memory free (docs/COSTS.md). Node takes that at its start only.
 */
export const replicaFlags = ['--max-semi-space-size=4'] as const;

/** `main` is the built cli/main.js, `args` what follows `natskeeper server`. */
export function replicaCommand(main: string, args: readonly string[]): [string, ...string[]] {
  return [process.execPath, ...replicaFlags, main, 'server', ...args];
}
