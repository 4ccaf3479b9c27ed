/** The machine that was measured on, and the versions of what ran; and the source's commit. */

import { spawnSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';
import { top } from './build.ts';
import { apacheVersion } from './side.ts';

export interface MachineFacts {
  readonly processor: string;
  readonly processors: number;
  /** The ones that servers and load shared; `all` when nothing was pinned. */
  readonly pinnedTo: string;
  readonly memoryGigabytes: number;
  readonly kernel: string;
  readonly node: string;
  readonly java: string;
  readonly natsServer: string;
  readonly apache: string;
}

export function machineFacts(pinnedTo: string | null, natsServer: string | null): MachineFacts {
  return {
    processor: cpus()[0]?.model.trim() ?? '',
    processors: cpus().length,
    pinnedTo: pinnedTo ?? 'all',
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    java: /version "([^"]+)"/.exec(said('java', ['-version']))?.[1] ?? '',
    natsServer: /v(\d[\w.-]*)/.exec(said(natsServer ?? 'nats-server', ['--version']))?.[1] ?? '',
    apache: apacheVersion(),
  };
}

/** The short hash of HEAD; `+` behind it when files of the tree differ from it. */
export function commitOfTree(): string {
  const git = (...args: string[]) => said('git', ['-C', top, ...args]).trim();
  const hash = git('rev-parse', '--short', 'HEAD');
  if (!/^[0-9a-f]+$/.test(hash)) return 'unknown';
  const changed = git('--no-optional-locks', 'status', '--porcelain', '--', ':!bench');
  return changed === '' ? hash : `${hash}+`;
}

function said(program: string, args: string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return `${stdout ?? ''}${stderr ?? ''}`;
}
