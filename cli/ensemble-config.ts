/**
 * The part of the configuration that says who the members are: server lines, groups and weights,
 * the version, this replica's own id and its client address. Each relation that ZooKeeper checks at
 * start is checked here, and a few that it only notices later. Reads myid through the caller.
 */

import { join } from 'node:path';
import { isDistributed } from '../actors/settings.ts';
import type { PeerType, ServerSpec } from '../protocol/server-spec.ts';
import {
  anyHost,
  parseServerSpec,
  ServerSpecError,
  serverSpecForm,
} from '../protocol/server-spec.ts';
import type { Assignment } from './config-error.ts';
import { missingSetting, settingFault } from './config-error.ts';
import { groupOf, tlsGroup } from './setting-keys.ts';
import type { SettingValues } from './setting-values.ts';
import { canonicalKey, parseInteger } from './setting-values.ts';

export interface EnsembleContext {
  readonly values: SettingValues;
  /** Names the configuration as a whole in messages. */
  readonly source: string;
  readonly dataDir: string;
  readonly extendedTypesEnabled: boolean;
  readonly standaloneEnabled: boolean;
  /** The text of a file, null when it does not exist. */
  readonly readIfExists: (path: string) => string | null;
  /** What stands in for a missing myid file. */
  readonly environmentMyId: Assignment | null;
  readonly warn: (warning: string) => void;
}

export interface EnsembleSettings {
  readonly servers: readonly ServerSpec[];
  readonly groups: ReadonlyMap<number, readonly number[]>;
  readonly weights: ReadonlyMap<number, number>;
  readonly configVersion: number;
  readonly sid: number;
  readonly peerType: PeerType;
  readonly clientPort: number | null;
  readonly clientPortAddress: string | null;
}

/** The top byte of a session id carries the sid; 0xff marks extended types there. */
const sidMax = 255;
const sidMaxWithExtendedTypes = 254;

export function readEnsemble(context: EnsembleContext): EnsembleSettings {
  const { values, source } = context;
  const servers = readServers(context);
  checkRoles(context, servers);
  const isAlone = !isDistributed({ servers, standaloneEnabled: context.standaloneEnabled });
  const sid = readSid(context, isAlone);
  const own = servers.find((server) => server.sid === sid) ?? null;
  warnSecurePort(context, own);
  if (!isAlone && own === null) {
    const listed = servers.map((server) => server.sid).join(', ');
    throw settingFault(
      { key: 'myid', value: String(sid), origin: source },
      'this id is not in the server list',
      `one of ${listed}, or a line server.${sid}=… in every server's list`,
    );
  }
  const { groups, weights } = readGroups(values, servers);
  return {
    servers,
    groups,
    weights,
    configVersion: readVersion(values),
    sid,
    peerType: readPeerType(context, own),
    ...readClientAddress(context, own ?? (isAlone ? (servers[0] ?? null) : null)),
  };
}

function readServers({ values }: EnsembleContext): ServerSpec[] {
  const isMultiAddressEnabled = values.boolean('multiAddress.enabled', false);
  const takenBy = new Map<string, number>();
  const servers: ServerSpec[] = [];
  for (const { number: sid, assignment } of values.numbered('server')) {
    const spec = parseSpec(sid, assignment);
    if (sid < 1 || sid > sidMax) {
      throw settingFault(assignment, `${sid} is no server id`, `server.1 to server.${sidMax}`);
    }
    if (servers.some((server) => server.sid === sid)) {
      throw settingFault(assignment, `server ${sid} is listed twice`, 'one line for each server');
    }
    if (spec.addresses.length > 1 && !isMultiAddressEnabled) {
      throw settingFault(
        assignment,
        'several addresses while multiAddress.enabled is not true',
        'one address, or multiAddress.enabled=true',
      );
    }
    for (const { host, quorumPort, electionPort } of spec.addresses) {
      for (const port of [quorumPort, electionPort]) {
        const place = `${host}:${port}`;
        const other = takenBy.get(place);
        if (other !== undefined) {
          const problem = `${place} is also a port of server.${other}`;
          throw settingFault(assignment, problem, 'ports of its own for each server of a host');
        }
        takenBy.set(place, sid);
      }
    }
    servers.push(spec);
  }
  const stranger = values
    .unasked()
    .find(({ key }) => canonicalKey(key).startsWith('server.') && groupOf(key) === null);
  if (stranger !== undefined) {
    throw settingFault(stranger, 'the part after "server." is not a number', 'server.1=…');
  }
  return servers.sort((a, b) => a.sid - b.sid);
}

function parseSpec(sid: number, assignment: Assignment): ServerSpec {
  try {
    return parseServerSpec(sid, assignment.value);
  } catch (error) {
    if (!(error instanceof ServerSpecError)) throw error;
    throw settingFault(assignment, error.message, serverSpecForm);
  }
}

function checkRoles(context: EnsembleContext, servers: readonly ServerSpec[]): void {
  const { values, source, standaloneEnabled, warn } = context;
  const participants = servers.filter((server) => server.type === 'participant').length;
  const observer = values
    .numbered('server')
    .find(({ number }) => servers.some((s) => s.sid === number && s.type === 'observer'));
  if (observer !== undefined && (participants === 0 || (participants === 1 && standaloneEnabled))) {
    const found = participants === 0 ? 'no participant' : 'one participant alone';
    throw settingFault(
      observer.assignment,
      `an observer needs an ensemble, and there is ${found}`,
      'more participants, or standaloneEnabled=false with one',
    );
  }
  if (participants === 0 && !standaloneEnabled) {
    const given = values.find('standaloneEnabled');
    const valid = 'server.N lines of participants, or standaloneEnabled=true';
    if (given !== null) throw settingFault(given, 'there is no participant', valid);
  }
  if (!isDistributed({ servers, standaloneEnabled })) return;
  if (participants === 2) warn(`${source}: two participants survive the loss of none; use three`);
  for (const key of ['initLimit', 'syncLimit']) {
    if (values.find(key) === null) {
      throw missingSetting(
        source,
        key,
        'an ensemble needs it; valid: a number of ticks, such as 5',
      );
    }
  }
}

function readSid(context: EnsembleContext, isAlone: boolean): number {
  const { values, dataDir, readIfExists, environmentMyId, extendedTypesEnabled, warn } = context;
  const path = join(dataDir, 'myid');
  const text = values.find('myid') === null ? readIfExists(path) : null;
  const inFile =
    text === null ? null : { key: 'myid', value: text.trim().slice(0, 40), origin: path };
  const given = values.find('myid') ?? inFile ?? environmentMyId;
  const max = extendedTypesEnabled ? sidMaxWithExtendedTypes : sidMax;
  if (given === null) {
    if (isAlone) return 0;
    const problem = `a server of an ensemble needs it; valid: a file with its number, 1 to ${max}`;
    throw missingSetting(context.source, path, problem);
  }
  if (!isAlone) return parseInteger(given, { fallback: 0, min: 1, max });
  if (!/^[+-]?\d+$/.test(given.value)) {
    throw settingFault(given, 'not a number', `a whole number from 1 to ${max}, or no such file`);
  }
  const sid = Number(given.value);
  if (sid >= 1 && sid <= max) return sid;
  warn(`${given.origin}: myid=${given.value} is not from 1 to ${max}: taken as none`);
  return 0;
}

function readPeerType(context: EnsembleContext, own: ServerSpec | null): PeerType {
  const { values, warn } = context;
  const types = { participant: 'participant', observer: 'observer' } as const;
  const type = values.choice<PeerType>('peerType', types, own?.type ?? 'participant');
  if (own === null || own.type === type) return type;
  const given = values.find('peerType');
  const line = `server.${own.sid}, which says ${own.type}`;
  warn(`${given?.origin}: peerType=${given?.value} differs from ${line}: the server line counts`);
  return own.type;
}

function readGroups(
  values: SettingValues,
  servers: readonly ServerSpec[],
): Pick<EnsembleSettings, 'groups' | 'weights'> {
  const groups = new Map<number, number[]>();
  const groupOf = new Map<number, number>();
  for (const { number: group, assignment } of values.numbered('group')) {
    const sids = assignment.value.split(':').map((text) => {
      const sid = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : Number.NaN;
      const fault = (problem: string) =>
        settingFault(assignment, problem, 'ids of listed servers joined by ":", such as 1:2:3');
      if (Number.isNaN(sid)) throw fault(`"${text}" is not a number`);
      if (!servers.some((server) => server.sid === sid)) throw fault(`there is no server.${sid}`);
      if (groupOf.has(sid)) throw fault(`server ${sid} is already in group.${groupOf.get(sid)}`);
      groupOf.set(sid, group);
      return sid;
    });
    groups.set(group, sids);
  }
  const weights = new Map<number, number>();
  for (const { number: sid, assignment } of values.numbered('weight')) {
    weights.set(sid, parseInteger(assignment, { fallback: 1, min: 0 }));
    if (groups.size === 0) {
      throw settingFault(assignment, 'a weight needs groups', 'group.N lines beside it');
    }
  }
  const first = values.numbered('group')[0];
  const stray = servers.find((server) => server.type === 'participant' && !groupOf.has(server.sid));
  if (first !== undefined && stray !== undefined) {
    const problem = `participant ${stray.sid} is in no group`;
    throw settingFault(first.assignment, problem, 'groups that hold every participant');
  }
  return { groups, weights };
}

/** Hexadecimal, the zxid of the reconfig that wrote the list. */
function readVersion(values: SettingValues): number {
  const found = values.find('version');
  if (found === null) return 0;
  const version = /^[0-9a-fA-F]{1,16}$/.test(found.value) ? Number(`0x${found.value}`) : -1;
  if (!Number.isSafeInteger(version) || version < 0) {
    throw settingFault(found, 'not a version', 'a hexadecimal zxid without 0x');
  }
  return version;
}

function warnSecurePort({ values, warn }: EnsembleContext, own: ServerSpec | null): void {
  if (own === null || own.secureClientAddress === null) return;
  const line = values.numbered('server').find(({ number }) => number === own.sid)?.assignment;
  warn(`NOT PROTECTED: ${line?.key}=${line?.value} (${line?.origin}): ${tlsGroup.reason}`);
}

/** From clientPort and clientPortAddress, or from the server's own line; both must agree. */
function readClientAddress(
  { values, warn }: EnsembleContext,
  own: ServerSpec | null,
): Pick<EnsembleSettings, 'clientPort' | 'clientPortAddress'> {
  const clientPort = values.port('clientPort');
  const address = values.find('clientPortAddress');
  if (address !== null && clientPort === null) {
    throw settingFault(address, 'clientPort is not set', 'both of them, or none');
  }
  const listed = own?.clientAddress ?? null;
  const given = hostOrAny(address?.value ?? null);
  if (listed === null) return { clientPort, clientPortAddress: given };
  const wanted = hostOrAny(listed.host);
  const found = values.find('clientPort');
  if (found !== null && clientPort !== null && clientPort !== listed.port) {
    const problem = `server.${own?.sid} says client port ${listed.port}`;
    throw settingFault(found, problem, 'the same port in both, or in one of them only');
  }
  if (address !== null && given !== null && given !== wanted) {
    const problem = `server.${own?.sid} says client address ${listed.host}`;
    // Two names may mean one address, which only their resolution would tell.
    if (wanted === null) throw settingFault(address, problem, 'the same address in both');
    warn(`${address.origin}: clientPortAddress=${given}: ${problem}, which counts`);
  }
  return { clientPort: listed.port, clientPortAddress: wanted };
}

function hostOrAny(host: string | null): string | null {
  return host === anyHost || host === '::' ? null : host;
}
