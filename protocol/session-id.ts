/**
 * A session id: 64 bits, all used. In machines and maps it is 16 hex digits (JSON-safe, and the way
 * ZooKeeper prints it but for leading zeros); in bytes it is two 32-bit halves.
 */

export const noSession = '0000000000000000';

export function sessionIdFromHalves(high: number, low: number): string {
  return hex32(high) + hex32(low);
}

export function highHalf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) | 0;
}

export function lowHalf(id: string): number {
  return Number.parseInt(id.slice(8), 16) | 0;
}

/** `0x` and the digits without leading zeros, as ZooKeeper prints session ids. */
export function formatSessionId(id: string): string {
  return `0x${id.replace(/^0+(?=.)/, '')}`;
}

/** The id that follows `id`, modulo 2^64. */
export function nextSessionId(id: string): string {
  const low = (lowHalf(id) + 1) | 0;
  const high = low === 0 ? (highHalf(id) + 1) | 0 : highHalf(id);
  return sessionIdFromHalves(high, low);
}

/** The sid of the replica that made it. */
export function creatorOf(id: string): number {
  return Number.parseInt(id.slice(0, 2), 16);
}

function hex32(half: number): string {
  return (half >>> 0).toString(16).padStart(8, '0');
}
