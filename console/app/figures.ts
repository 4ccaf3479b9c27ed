/** Figures as people read them: counts, bytes, durations and ages; short, and never jumping. */

/** 950, 1.2k, 34k, 5.6M. */
export function countText(count: number): string {
  return scaled(count, 1000, ['', 'k', 'M', 'G', 'T']);
}

/** 512 B, 1.5 KB, 3.2 MB; a KB is 1,024 bytes. */
export function bytesText(bytes: number): string {
  return scaled(bytes, 1024, [' B', ' KB', ' MB', ' GB', ' TB']);
}

/** 0.4 ms, 12 ms, 3.1 s. */
export function msText(ms: number): string {
  if (ms < 1000) return `${rounded(ms)} ms`;
  return `${rounded(ms / 1000)} s`;
}

/** 3 s, 4 min, 2h 5m, 6d 1h. */
export function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}h ${minutes % 60}m`;
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}

/** 14:03:27.512, in the time zone of whoever looks. */
export function timeText(ms: number): string {
  const date = new Date(ms);
  const two = (part: number): string => String(part).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  return `${clock}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

function scaled(value: number, base: number, units: readonly string[]): string {
  let unit = 0;
  let rest = value;
  while (Math.abs(rest) >= base && unit < units.length - 1) {
    rest /= base;
    unit++;
  }
  return `${unit === 0 ? Math.round(rest) : rounded(rest)}${units[unit]}`;
}

/** Two digits at least, no more than one behind the point above ten. */
function rounded(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2).replace(/\.?0+$/, '');
}

/** `1 path`, `2,000 paths`. */
export function pluralText(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
