/**
 * Numbers, sizes and times as people read them: short, with the same number of digits where they
 * stand below each other.
 */

const steps = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

/** `950`, `1.2k`, `3.4M`. */
export function countText(value: number): string {
  for (const [step, letter] of steps) {
    if (Math.abs(value) >= step) return `${short(value / step)}${letter}`;
  }
  return short(value);
}

/** `950 B`, `1.2 KB`, `3.4 MB`. */
export function bytesText(value: number): string {
  const letters = ['B', 'KB', 'MB', 'GB', 'TB'];
  let at = 0;
  let size = value;
  while (size >= 1024 && at < letters.length - 1) {
    size /= 1024;
    at++;
  }
  return `${short(size)} ${letters[at]}`;
}

/** `0.4 ms`, `12 s`, `4 min 10 s`, `3 h 5 min`, `2 d 4 h`. */
export function spanText(ms: number): string {
  if (ms < 1_000) return `${short(ms)} ms`;
  const s = ms / 1_000;
  if (s < 60) return `${short(s)} s`;
  const whole = Math.floor(s);
  if (s < 3_600) return two(whole, 60, 'min', 1, 's');
  if (s < 86_400) return two(whole, 3_600, 'h', 60, 'min');
  return two(whole, 86_400, 'd', 3_600, 'h');
}

function two(s: number, large: number, largeName: string, small: number, name: string): string {
  const rest = Math.floor((s % large) / small);
  const first = `${Math.floor(s / large)} ${largeName}`;
  return rest === 0 ? first : `${first} ${rest} ${name}`;
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return String(Math.round(value));
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3).replace(/\.?0+$/, '');
}

/** A number with its thousands set apart by thin blanks. */
export function groupedText(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, '\u202f');
}
