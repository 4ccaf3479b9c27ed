/**
 * Prepare a change of the ensemble's members: a client's reconfig, judged in ZooKeeper's order
 * (spec 2.5, 6.9), and the txn by which the first leader fixes the members it was started with.
 * Either one sets the whole text of the config znode, whose version stays -1.
 */

import { assert } from '../protocol/assert.ts';
import { ErrorCode } from '../protocol/error-code.ts';
import type { JuteWriter } from '../protocol/jute.ts';
import {
  formatMembership,
  type Membership,
  MembershipError,
  observersOf,
  parseLong,
  parseMember,
  parseMembership,
  parseSid,
  votersOf,
} from '../protocol/membership.ts';
import { Opcode } from '../protocol/opcode.ts';
import { configPath } from '../protocol/path.ts';
import { Permission } from '../protocol/record.ts';
import { readRequest } from '../protocol/requests.ts';
import type { HostPort, ServerSpec } from '../protocol/server-spec.ts';
import { epochOf } from '../protocol/zxid.ts';
import type { ChangeRecord } from './outstanding.ts';
import type { PrepareContext } from './prepare-context.ts';

/** The config znode does not count its changes: its text has a version of its own. */
const configZnodeVersion = -1;
const anyVersion = -1;
const joinersMax = 255;

/** What a request asks for: a whole new list, or changes to the present one. */
type Change =
  | { readonly whole: string }
  | { readonly joining: readonly string[]; readonly leaving: readonly string[] };

export function prepareReconfig(context: PrepareContext, writer: JuteWriter): number {
  const request = readRequest(Opcode.reconfig, context.reader);
  const { reconfig, rules, zxid } = context;
  if (!rules.reconfigEnabled) return ErrorCode.reconfigDisabled;
  if (!context.hasSession()) return ErrorCode.sessionExpired;
  const { current } = reconfig;
  if (current === null) return ErrorCode.unimplemented;
  if (reconfig.isPending || isPrepared(context)) return ErrorCode.reconfigInProgress;
  const { curConfigId } = request;
  if (curConfigId !== anyVersion && curConfigId !== current.version) return ErrorCode.badVersion;
  const joining = request.joiningServers ?? '';
  const leaving = request.leavingServers ?? '';
  const whole = request.newMembers ?? '';
  // An empty whole list is absent only beside changes: alone it asks for no members at all.
  const isWhole = whole !== '' || (request.newMembers === '' && joining === '' && leaving === '');
  let next: Membership;
  try {
    const change = isWhole ? { whole } : { joining: items(joining), leaving: items(leaving) };
    next = { ...changed(current, change, rules.standaloneEnabled), version: zxid };
  } catch (failure) {
    if (!(failure instanceof MembershipError)) throw failure;
    return failure.code;
  }
  if (votersOf(next).length < (rules.standaloneEnabled ? 2 : 1)) return ErrorCode.badArguments;
  if (!reconfig.isQuorumSynced(next)) return ErrorCode.newConfigNoQuorum;
  const record = configRecord(context);
  if (!context.access.allows(record.aclId, Permission.write, context.caller)) {
    return ErrorCode.noAuth;
  }
  assert(zxid > context.reconfigZxid, 'prepare: reconfigs come in zxid order');
  assert(votersOf(next).length > 0, 'prepare: an ensemble has voters');
  assert(next.version === zxid, 'prepare: a list of members has the zxid of its txn as version');
  context.reconfigZxid = zxid;
  writeMembership(context, record, formatMembership(next), writer);
  reconfig.proposed(next);
  return ErrorCode.ok;
}

/** The leader's own: the whole text is given and not judged. */
export function prepareInitialMembership(context: PrepareContext, writer: JuteWriter): number {
  const text = context.reader.string();
  assert(text !== null, 'prepare: a membership has a text');
  writeMembership(context, configRecord(context), text, writer);
  return ErrorCode.ok;
}

/** One that was prepared here and is not applied, whether or not it has been proposed by now. */
function isPrepared({ reconfigZxid, state, zxid }: PrepareContext): boolean {
  return reconfigZxid > state.lastZxid && epochOf(reconfigZxid) === epochOf(zxid);
}

function configRecord({ outstanding }: PrepareContext): ChangeRecord {
  const record = outstanding.findPath(configPath);
  assert(record !== null, 'prepare: the config znode is never deleted');
  assert(record.owner === '', 'prepare: the config znode is nobody’s ephemeral');
  return record;
}

function writeMembership(
  context: PrepareContext,
  record: ChangeRecord,
  text: string,
  writer: JuteWriter,
): void {
  assert(text !== '', 'prepare: a membership is never empty');
  context.outstanding.touch(record, context.zxid);
  record.version = configZnodeVersion;
  record.dataLength = Buffer.byteLength(text);
  writer.string(configPath).string(text).int(configZnodeVersion);
}

/** Comma-separated parts that are not empty. */
function items(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function changed(current: Membership, change: Change, standaloneEnabled: boolean): Membership {
  if (!('whole' in change)) return changedByParts(current, change.joining, change.leaving);
  const next = parseMembership(change.whole.replaceAll(',', '\n'));
  checkRoles(next, standaloneEnabled);
  return next;
}

/** What ZooKeeper refuses while it parses a whole list; an unexpected failure to its prepare. */
function checkRoles(next: Membership, standaloneEnabled: boolean): void {
  const voters = votersOf(next).length;
  const isAlone = voters === 1 && standaloneEnabled;
  const isFault = voters === 0 && !standaloneEnabled;
  if (isFault || ((voters === 0 || isAlone) && observersOf(next).length > 0)) {
    throw new MembershipError('too few participants', ErrorCode.marshallingError);
  }
}

/** Those who leave go first, so that a sid in both lists is a member afterwards. */
function changedByParts(
  current: Membership,
  joining: readonly string[],
  leaving: readonly string[],
): Membership {
  if (Object.keys(current.groups).length > 0) {
    throw new MembershipError('a hierarchical list is changed as a whole only');
  }
  const servers = new Map(current.servers.map((server) => [server.sid, server]));
  for (const sid of leaving) servers.delete(parseLong(sid, 'a server id'));
  // Who may reconfigure is checked last: what a stranger asks for must not cost much.
  if (joining.length > joinersMax) {
    throw new MembershipError(`over ${joinersMax} joining servers`);
  }
  const places = new Map([...servers].map(([sid, server]) => [sid, new Set(placesOf(server))]));
  for (const text of joining) {
    const joiner = parseJoiner(text);
    const own = placesOf(joiner);
    for (const [sid, taken] of places) {
      if (sid !== joiner.sid && own.some((place) => taken.has(place))) {
        throw new MembershipError(`server ${joiner.sid} has an address of server ${sid}`);
      }
    }
    servers.set(joiner.sid, joiner);
    places.set(joiner.sid, new Set(own));
  }
  return { ...current, servers: [...servers.values()].sort((a, b) => a.sid - b.sid) };
}

/** `server.N=spec` with a client port. As in ZooKeeper, anything may stand before the id. */
function parseJoiner(text: string): ServerSpec {
  const parts = text
    .split('=')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length !== 2) throw new MembershipError(`"${text}" is not of the form server.N=…`);
  const sid = parseSid(parts[0]!.slice(parts[0]!.lastIndexOf('.') + 1));
  const server = parseMember(sid, parts[1]!);
  if (server.clientAddress === null && server.secureClientAddress === null) {
    throw new MembershipError(`server.${sid}: a joining server needs a client port`);
  }
  return server;
}

/** All that it listens on, but for addresses that every host has. Names are not resolved. */
function placesOf(server: ServerSpec): string[] {
  const places: (HostPort | null)[] = [server.clientAddress, server.secureClientAddress];
  for (const { host, quorumPort, electionPort } of server.addresses) {
    places.push({ host, port: quorumPort }, { host, port: electionPort });
  }
  return places
    .filter((place) => place !== null)
    .filter(({ host }) => !isEverywhere(host))
    .map(({ host, port }) => `${host} ${port}`);
}

function isEverywhere(host: string): boolean {
  return /^(?:0\.0\.0\.0|127(?:\.\d+){3}|localhost|::1?)$/i.test(host);
}
