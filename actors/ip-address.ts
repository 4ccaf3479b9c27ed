/**
 * IP addresses as bytes, from text and back, for ACLs. No sockets and no names: only the two
 * written forms, dotted IPv4, and IPv6 with `::` and with an IPv4 tail. Pure; throws nothing.
 */

/** 4 or 16 bytes; null for anything that is not an address. */
export function parseAddress(text: string): readonly number[] | null {
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text);
}

/** An IPv4 address that came over an IPv6 socket, `::ffff:a.b.c.d`, as 4 bytes. */
export function unmapAddress(bytes: readonly number[]): readonly number[] {
  return isMappedAddress(bytes) ? bytes.slice(12) : bytes;
}

export function isMappedAddress(bytes: readonly number[]): boolean {
  if (bytes.length !== 16 || bytes[10] !== 0xff || bytes[11] !== 0xff) return false;
  return bytes.slice(0, 10).every((byte) => byte === 0);
}

/** As Java prints it: IPv6 with all eight groups, without leading zeros. */
export function formatAddress(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join('.');
  const parts: string[] = [];
  for (let at = 0; at < 16; at += 2) parts.push(((bytes[at]! << 8) | bytes[at + 1]!).toString(16));
  return parts.join(':');
}

function parseIpv4(text: string): number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part))) return null;
  const bytes = parts.map(Number);
  return bytes.every((byte) => byte <= 255) ? bytes : null;
}

function parseIpv6(text: string): number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const isWhole = halves.length === 1;
  const first = parseGroups(halves[0]!, isWhole);
  const last = isWhole ? [] : parseGroups(halves[1]!, true);
  if (first === null || last === null) return null;
  const missing = 16 - first.length - last.length;
  if (isWhole ? missing !== 0 : missing < 2) return null;
  return [...first, ...new Array<number>(missing).fill(0), ...last];
}

/** Groups of 16 bits between colons; at the end of the whole there may be an IPv4 address. */
function parseGroups(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [at, part] of parts.entries()) {
    if (isEnd && at === parts.length - 1 && part.includes('.')) {
      const tail = parseIpv4(part);
      if (tail === null) return null;
      bytes.push(...tail);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      const group = Number.parseInt(part, 16);
      bytes.push(group >> 8, group & 0xff);
    }
  }
  return bytes.length <= 16 ? bytes : null;
}
