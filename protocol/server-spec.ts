/**
 * One member of an ensemble as zoo.cfg, the config znode and reconfig requests write it (spec 6.2):
 * `server.N=host:2888:3888[:participant|observer][;[host:]2181[;[host:]2281]]`, several addresses
 * joined by `|`, IPv6 addresses in brackets. Parses and prints; resolves no name, knows no file.
 */

export type PeerType = 'participant' | 'observer';

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface ServerAddress {
  readonly host: string;
  /** Where learners meet the leader; with an own bus, the port of the local bus listener. */
  readonly quorumPort: number;
  /** Where votes travel; with an own bus, the port of the cluster route listener. */
  readonly electionPort: number;
}

export interface ServerSpec {
  readonly sid: number;
  /** Invariant: at least one; sorted by host, as ZooKeeper prints them. */
  readonly addresses: readonly ServerAddress[];
  readonly type: PeerType;
  readonly clientAddress: HostPort | null;
  readonly secureClientAddress: HostPort | null;
}

/** Says what is wrong with a spec; the caller adds where it stands. */
export class ServerSpecError extends Error {
  override readonly name = 'ServerSpecError';
}

export const serverSpecForm =
  'host:quorumPort:electionPort[:participant|observer][;[host:]clientPort[;[host:]securePort]]';

/** The host that stands for all interfaces where a spec names a client port alone. */
export const anyHost = '0.0.0.0';

/** Addresses of one server at most; a bound against a config made by mistake. */
const addressesMax = 16;

/** Parses the part after `server.N=`. */
export function parseServerSpec(sid: number, text: string): ServerSpec {
  const sections = text.split(';').map((section) => section.trim());
  if (sections.length > 3) throw new ServerSpecError('more than two ";" sections');
  const parts = sections[0]!.split('|');
  if (parts.length > addressesMax) throw new ServerSpecError(`over ${addressesMax} addresses`);
  let type: PeerType | null = null;
  const addresses = parts.map((part) => {
    const address = parseAddress(part.trim());
    if (address.type !== null && type !== null && address.type !== type) {
      throw new ServerSpecError('its addresses name different peer types');
    }
    type = address.type ?? type;
    return address.address;
  });
  return {
    sid,
    addresses: addresses.sort((a, b) => (a.host < b.host ? -1 : a.host > b.host ? 1 : 0)),
    type: type ?? 'participant',
    clientAddress: sections[1] === undefined ? null : parseClientAddress(sections[1]),
    secureClientAddress: sections[2] === undefined ? null : parseClientAddress(sections[2]),
  };
}

/** Parses a whole `server.N=…`, as in the config znode and in reconfig requests. */
export function parseServerLine(line: string): ServerSpec {
  const match = /^\s*server\.(\d{1,10})\s*=(.*)$/s.exec(line);
  if (match === null) throw new ServerSpecError(`"${line}" is not of the form server.N=…`);
  return parseServerSpec(Number(match[1]), match[2]!);
}

/** The part after `server.N=`, always with the peer type, as ZooKeeper prints it. */
export function formatServerSpec(spec: ServerSpec): string {
  const addresses = spec.addresses.map(
    ({ host, quorumPort, electionPort }) => `${bracket(host)}:${quorumPort}:${electionPort}`,
  );
  let text = `${addresses.join('|')}:${spec.type}`;
  if (spec.clientAddress !== null) text += `;${formatHostPort(spec.clientAddress)}`;
  if (spec.secureClientAddress !== null) {
    text += `${spec.clientAddress === null ? ';' : ''};${formatHostPort(spec.secureClientAddress)}`;
  }
  return text;
}

export function formatServerLine(spec: ServerSpec): string {
  return `server.${spec.sid}=${formatServerSpec(spec)}`;
}

export function formatHostPort(address: HostPort): string {
  return `${bracket(address.host)}:${address.port}`;
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function parseAddress(text: string): { address: ServerAddress; type: PeerType | null } {
  const [host, ...rest] = splitHost(text);
  if (host === undefined || host === '' || rest.length < 2 || rest.length > 3) {
    throw new ServerSpecError(`"${text}" is not of the form ${serverSpecForm}`);
  }
  const quorumPort = parsePort(rest[0]!, 'quorum port');
  const electionPort = parsePort(rest[1]!, 'election port');
  if (quorumPort === electionPort) {
    throw new ServerSpecError(`quorum and election port must differ, both are ${quorumPort}`);
  }
  return {
    address: { host, quorumPort, electionPort },
    type: rest[2] === undefined ? null : parsePeerType(rest[2]),
  };
}

function parsePeerType(text: string): PeerType {
  const type = text.trim().toLowerCase();
  if (type === 'participant' || type === 'observer') return type;
  throw new ServerSpecError(`unknown peer type "${text}", neither participant nor observer`);
}

/** An empty section is none: `server.1=a:1:2;;2281` has a secure port only. */
function parseClientAddress(text: string): HostPort | null {
  if (text === '') return null;
  const parts = splitHost(text);
  if (parts.length > 2 || parts.some((part) => part === '')) {
    throw new ServerSpecError(`client address "${text}" is not of the form [host:]port`);
  }
  const host = parts.length === 2 ? parts[0]! : anyHost;
  return { host, port: parsePort(parts.at(-1)!, 'client port') };
}

/** Splits at colons, but keeps what stands in brackets at the start as one part. */
function splitHost(text: string): string[] {
  const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
  if (match === null) return text.split(':').map((part) => part.trim());
  const rest = match[2] === undefined ? [] : match[2].split(':').map((part) => part.trim());
  return [match[1]!, ...rest];
}

function parsePort(text: string, what: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) {
    throw new ServerSpecError(`${what} "${text}" is not a number from 1 to 65535`);
  }
  return port;
}
