/**
 * Numbers, dates and addresses as Java prints them, for outputs that others parse because Apache
 * ZooKeeper prints them so. Pure.
 */

import { formatAddress, parseAddress } from './ip-address.ts';

/** Below and from these sizes on, Java turns to an exponent. */
const plainMin = 1e-3;
const plainEnd = 1e7;

/** As Double.toString: always with a dot, so that parsers see that it is no integer. */
export function formatDouble(value: number): string {
  const size = Math.abs(value);
  if (size === 0 || (size >= plainMin && size < plainEnd)) return withDot(String(value));
  const [digits, exponent] = value.toExponential().split('e') as [string, string];
  return `${withDot(digits)}E${Number(exponent)}`;
}

/** ZooKeeper rounds its averages to four places. */
export function formatAverage(value: number): string {
  return formatDouble(Math.round(value * 1e4) / 1e4);
}

function withDot(digits: string): string {
  return digits.includes('.') ? digits : `${digits}.0`;
}

/** As Date.toString in UTC: `Sat Nov 21 13:33:08 UTC 2026`. */
export function formatDate(wallMs: number): string {
  const [weekday, day, month, year, time] = new Date(wallMs).toUTCString().split(/,? /);
  return `${weekday} ${month} ${day} ${time} UTC ${year}`;
}

/** As InetSocketAddress.toString: `/127.0.0.1:40312`, IPv6 written out and in brackets. */
export function formatSocketAddress(address: string, port: number): string {
  if (!address.includes(':')) return `/${address}:${port}`;
  const bytes = parseAddress(address);
  return `/[${bytes === null ? address : formatAddress(bytes)}]:${port}`;
}
