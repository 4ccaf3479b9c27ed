/**
 * Who is behind a port or a pid: for messages that can be acted on, and to recognise a process that
 * an earlier natskeeper left behind. Reads /proc on Linux and asks `ps` elsewhere; says null where
 * it cannot know.
 */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { HostPort } from '../protocol/server-spec.ts';

const commandCharsMax = 100;

/** The arguments of a process, its program first; null when there is no such process. */
export function argumentsOf(pid: number): string[] | null {
  const text = readOrNull(`/proc/${pid}/cmdline`);
  if (text !== null) return text === '' ? null : text.replace(/\0$/, '').split('\0');
  const line = process.platform === 'linux' ? null : ask('ps', ['-o', 'command=', '-p', `${pid}`]);
  return line === null || line === '' ? null : line.split(' ');
}

/** The parent of a process; null when there is no such process. */
export function parentOf(pid: number): number | null {
  const text = readOrNull(`/proc/${pid}/stat`);
  // The name in parentheses may hold blanks and parentheses itself.
  if (text !== null) return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1]);
  const line = process.platform === 'linux' ? null : ask('ps', ['-o', 'ppid=', '-p', `${pid}`]);
  return line === null || line === '' ? null : Number(line);
}

/** A zombie has ended: only its parent has not asked yet. */
export function isAlive(pid: number): boolean {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat !== null) return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The process that listens on a TCP port; null when nobody does or it cannot be known. */
export function portHolder(port: number): number | null {
  const inodes = listenersOn(port);
  if (inodes.size === 0) return null;
  for (const pid of listOrNone('/proc')) {
    if (!/^\d+$/.test(pid)) continue;
    for (const descriptor of listOrNone(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${descriptor}`))?.[1];
      if (inode !== undefined && inodes.has(inode)) return Number(pid);
    }
  }
  return null;
}

/** For a sentence: `pid 12 (java -cp …)`. */
export function describeHolder(port: number): string {
  const pid = portHolder(port);
  if (pid === null) return 'another program or an outgoing connection';
  const line = argumentsOf(pid)?.join(' ') ?? '';
  return line === '' ? `pid ${pid}` : `pid ${pid} (${line.slice(0, commandCharsMax)})`;
}

/** Why nobody could listen there now, as an error code; null when one could. */
export function whyNotListen({ host, port }: HostPort): Promise<string | null> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(null)));
  });
}

/** A loopback port that nobody listened on a moment ago. */
export function freeLoopbackPort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      probe.close(() => resolve(port));
    });
  });
}

/** Inodes of the listening sockets, as the kernel's tables show them. */
function listenersOn(port: number): Set<string> {
  const inodes = new Set<string>();
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of (readOrNull(table) ?? '').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/);
      const isListening = fields[3] === '0A';
      if (isListening && fields[1]?.endsWith(`:${wanted}`)) inodes.add(fields[9] ?? '');
    }
  }
  return inodes;
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function listOrNone(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function ask(program: string, args: string[]): string | null {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return null;
  }
}
