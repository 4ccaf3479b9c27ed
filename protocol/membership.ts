/**
 * The members of an ensemble as plain data, and as the text of the config znode (spec 6.9), which
 * is also the form of a whole new list in a reconfig request. Knows what makes a list readable, not
 * who may ask for it nor whether it can run.
 */

import { ErrorCode } from './error-code.ts';
import {
  formatServerLine,
  parseServerSpec,
  type ServerSpec,
  ServerSpecError,
} from './server-spec.ts';

export interface Membership {
  /** zxid of the reconfig that made it; 0 for the one from the configuration files. */
  readonly version: number;
  /** Invariant: sorted by sid, each sid once. */
  readonly servers: readonly ServerSpec[];
  /** Hierarchical groups by number, sids sorted; empty means majority of all. */
  readonly groups: { readonly [group: string]: readonly number[] };
  /** Invariant: empty without groups; else holds every participant and every sid of a group. */
  readonly weights: { readonly [sid: string]: number };
}

/** Says what is wrong with a list of members, and what a client gets that asked for it. */
export class MembershipError extends Error {
  override readonly name = 'MembershipError';
  /** badArguments; marshallingError where ZooKeeper fails on a number. */
  readonly code: number;

  constructor(message: string, code: number = ErrorCode.badArguments) {
    super(message);
    this.code = code;
  }
}

/** A list may name servers that ours could not be: those run with 1 to 255 (config). */
export const sidMax = 2 ** 31 - 1;

const defaultWeight = 1;

/** The membership that lists and maps describe, such as those of the settings. */
export function membershipFrom(
  servers: readonly ServerSpec[],
  groups: ReadonlyMap<number, readonly number[]>,
  weights: ReadonlyMap<number, number>,
  version: number,
): Membership {
  if (groups.size === 0 && weights.size > 0) throw new MembershipError('a weight needs groups');
  return {
    version,
    servers: [...servers].sort((a, b) => a.sid - b.sid),
    groups: Object.fromEntries([...groups].map(([group, sids]) => [group, sortedSids(sids)])),
    weights: groups.size > 0 ? completeWeights(servers, groups, weights) : {},
  };
}

/**
 * Parses the text of a config znode, or a list of its lines without a version, which then is 0. As
 * in a file of properties a later line replaces an earlier one of the same key.
 */
export function parseMembership(text: string): Membership {
  const servers = new Map<number, ServerSpec>();
  const groups = new Map<number, number[]>();
  const weights = new Map<number, number>();
  let version = 0;
  for (const [key, value] of readLines(text)) {
    const number = key.slice(key.indexOf('.') + 1);
    if (key.startsWith('server.')) {
      const sid = parseSid(number);
      servers.set(sid, parseMember(sid, value));
    } else if (key.startsWith('group')) {
      groups.set(parseWhole(number, key), value.split(':').map(parseSid));
    } else if (key.startsWith('weight')) {
      weights.set(parseSid(number), parseWhole(value, key));
    } else if (key === 'version') {
      version = parseVersion(value);
    } else throw new MembershipError(`"${key}" is none of server.N, group.N, weight.N, version`);
  }
  return membershipFrom([...servers.values()], groups, weights, version);
}

/** ZooKeeper's text: lines by number, the version last, no line feed at the end. */
export function formatMembership({ version, servers, groups, weights }: Membership): string {
  return [
    ...servers.map(formatServerLine),
    ...byNumber(groups).map(([group, sids]) => `group.${group}=${sids.join(':')}`),
    ...byNumber(weights).map(([sid, weight]) => `weight.${sid}=${weight}`),
    `version=${version.toString(16)}`,
  ].join('\n');
}

/** The sids of those who vote. */
export function votersOf({ servers }: Membership): number[] {
  return servers.filter(({ type }) => type === 'participant').map(({ sid }) => sid);
}

/** The sids of those who only learn. */
export function observersOf({ servers }: Membership): number[] {
  return servers.filter(({ type }) => type === 'observer').map(({ sid }) => sid);
}

/** One server of a list; the message names it. */
export function parseMember(sid: number, spec: string): ServerSpec {
  try {
    return parseServerSpec(sid, spec);
  } catch (error) {
    if (!(error instanceof ServerSpecError)) throw error;
    throw new MembershipError(`server.${sid}: ${error.message}`);
  }
}

/**
 * A sid that a member may have.
 * Divergence: 1 to 255; ZooKeeper takes any long here, and no server can start with most of them.
 */
export function parseSid(text: string): number {
  const sid = parseLong(text, 'a server id');
  if (sid < 1 || sid > sidMax) throw new MembershipError(`${sid} is no server id (1 to ${sidMax})`);
  return sid;
}

/** A number as Java reads a long, but for those that are no exact numbers here. */
export function parseLong(text: string, what: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) {
    throw new MembershipError(`"${text}" is not ${what}`, ErrorCode.marshallingError);
  }
  return Number(text);
}

/** Key and value of each line that is neither empty nor a comment. */
function readLines(text: string): [key: string, value: string][] {
  return text
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && line[0] !== '#' && line[0] !== '!')
    .map((line) => {
      const keyEnd = line.search(/[=:\s]/);
      if (keyEnd < 0) return [line, ''];
      return [line.slice(0, keyEnd), line.slice(keyEnd).replace(/^\s*[=:]?\s*/, '')];
    });
}

function parseWhole(text: string, key: string): number {
  const value = parseLong(text, `a number for ${key}`);
  if (value < 0) throw new MembershipError(`${key}: ${value} is negative`);
  return value;
}

/** A hexadecimal zxid without 0x. */
function parseVersion(text: string): number {
  const version = /^[0-9a-fA-F]{1,16}$/.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  if (!Number.isSafeInteger(version)) {
    throw new MembershipError(`version "${text}" is no zxid`, ErrorCode.marshallingError);
  }
  return version;
}

/** Every participant must be in one group; who is in a group must have a weight and be listed. */
function completeWeights(
  servers: readonly ServerSpec[],
  groups: ReadonlyMap<number, readonly number[]>,
  given: ReadonlyMap<number, number>,
): { [sid: string]: number } {
  const weights = new Map(given);
  for (const { sid, type } of servers) {
    if (type === 'participant' && !weights.has(sid)) weights.set(sid, defaultWeight);
  }
  const grouped = new Set<number>();
  for (const sid of [...groups.values()].flat()) {
    if (grouped.has(sid)) throw new MembershipError(`server ${sid} is in two groups`);
    grouped.add(sid);
  }
  const stray = servers.find(({ sid, type }) => type === 'participant' && !grouped.has(sid));
  if (stray !== undefined) throw new MembershipError(`participant ${stray.sid} is in no group`);
  for (const sid of grouped) {
    if (!weights.has(sid)) {
      const problem = `server ${sid} is in a group, but is no participant and has no weight`;
      throw new MembershipError(problem, ErrorCode.marshallingError);
    }
    if (!servers.some((server) => server.sid === sid)) {
      throw new MembershipError(`server ${sid} is in a group, but not in the list`);
    }
  }
  return Object.fromEntries(weights);
}

function sortedSids(sids: readonly number[]): number[] {
  return [...sids].sort((a, b) => a - b);
}

function byNumber<T>(record: { readonly [key: string]: T }): [key: string, value: T][] {
  return Object.entries(record).sort(([a], [b]) => Number(a) - Number(b));
}
