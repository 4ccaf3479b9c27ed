/** What running processes and whole processors have done, from /proc (Linux only). */

import { readFileSync } from 'node:fs';

/** USER_HZ: the unit of /proc/PID/stat is a hundredth of a second on every Linux of today. */
const ticksPerSecond = 100;

export interface Usage {
  /** User and system time of all its threads since it started. */
  readonly processorSeconds: number;
  readonly residentBytes: number;
}

/** Null once it has ended. */
export function usageOf(pid: number): Usage | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const residentKilobytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
    return {
      processorSeconds: processorTicks(stat) / ticksPerSecond,
      residentBytes: residentKilobytes * 1024,
    };
  } catch {
    return null;
  }
}

/** utime + stime; the name in brackets before them may hold blanks and brackets itself. */
export function processorTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

/** What these processors have done for any process, or the host has taken from them. */
export function busySeconds(processors: readonly number[]): number {
  return busyTicks(readFileSync('/proc/stat', 'utf8'), processors) / ticksPerSecond;
}

/** user, nice, system and steal; interrupts are nobody's. */
export function busyTicks(stat: string, processors: readonly number[]): number {
  let ticks = 0;
  for (const line of stat.split('\n')) {
    const [name = '', ...fields] = line.split(/\s+/);
    if (!processors.some((number) => name === `cpu${number}`)) continue;
    const [user = 0, nice = 0, system = 0, , , , , steal = 0] = fields.map(Number);
    ticks += user + nice + system + steal;
  }
  return ticks;
}
