/**
 * Small numbers that name things in the model: txns, processes and links. A txn is its zxid with a
 * serial number, so that two different ones with the same zxid are told apart; a process or a link
 * is a count with its owner's sid, so that it can be renamed with its owner.
 */

import { makeZxid } from '../../protocol/zxid.ts';

export type Txn = number;

export const makeTxn = (epoch: number, counter: number, serial: number): Txn =>
  epoch * 256 + counter * 16 + serial;
export const epochOfTxn = (txn: Txn): number => txn >> 8;
export const counterOfTxn = (txn: Txn): number => (txn >> 4) & 15;
export const zxidOf = (txn: Txn): number => makeZxid(epochOfTxn(txn), counterOfTxn(txn));

export const nameTxn = (txn: Txn): string => `${epochOfTxn(txn)}.${counterOfTxn(txn)}#${txn & 15}`;

/** End of a log; 0 for an empty one. */
export const endOf = (log: readonly Txn[]): number => {
  const last = log.at(-1);
  return last === undefined ? 0 : zxidOf(last);
};

/** A process or a link: the count-th of its owner. */
export const makeName = (count: number, owner: number): number => count * 8 + owner;
export const ownerOf = (name: number): number => name & 7;
export const countOf = (name: number): number => name >> 3;

/** Of sids; what becomes of names, if not the same name of the new owner. */
export type Renaming = ((sid: number) => number) & { readonly ofName?: (name: number) => number };

/** 0 names nobody. */
export const renamed = (name: number, sid: Renaming): number => {
  if (name === 0) return 0;
  return sid.ofName?.(name) ?? makeName(countOf(name), sid(ownerOf(name)));
};

/** Names as a set of bits, six for each owner; -1 if there are too many for that. */
export function bitsOf(names: readonly number[]): number {
  let bits = 0;
  for (const name of names) {
    const [count, owner] = [countOf(name), ownerOf(name)];
    if (count > namesMax || owner > 5) return -1;
    bits |= 1 << ((owner - 1) * namesMax + count - 1);
  }
  return bits;
}
export const namesMax = 6;

/** Does a batch follow `zxid` without a gap? As actors/history.ts `follows`. */
export function follows(txn: Txn, zxid: number): boolean {
  const first = zxidOf(txn);
  return first === zxid + 1 || (first % 2 ** 32 === 1 && first > zxid);
}

/** As storage/log-store.ts: end of the last batch at or below; every batch has one txn here. */
export function lastBatchEndAtOrBelow(log: readonly Txn[], zxid: number): number {
  let end = 0;
  for (const txn of log) if (zxidOf(txn) <= zxid) end = zxidOf(txn);
  return end;
}

export const holds = (log: readonly Txn[], zxid: number): boolean =>
  lastBatchEndAtOrBelow(log, zxid) === zxid;

export function isPrefix(short: readonly number[], long: readonly number[]): boolean {
  return short.length <= long.length && short.every((one, at) => one === long[at]);
}
