/**
 * Where clients reach an ensemble, as its replicas say it themselves. One that listens on all its
 * addresses is reached where the members' list has it, our own on this machine.
 */

import type { Inspection } from '../../actors/inspect/inspection.ts';
import type { ReplicaStatus } from '../../protocol/inspection.ts';
import { parseServerLine } from '../../protocol/server-spec.ts';
import { isWildcard } from './access.ts';

const loopback = '127.0.0.1';

/** Of the replicas that answer and serve. */
export async function clientAddresses(
  inspection: Inspection,
  sids: readonly number[],
): Promise<string[]> {
  const asked = sids.map((sid) => inspection.ask(sid, { what: 'status' }));
  const found: string[] = [];
  for (const answer of await Promise.allSettled(asked)) {
    if (answer.status === 'rejected') continue;
    const address = reachable(answer.value, inspection.sid);
    if (address !== null) found.push(address);
  }
  return found;
}

function reachable(status: ReplicaStatus, ownSid: number): string | null {
  const { clientAddress, mode, sid, members } = status;
  if (clientAddress === null || mode === 'looking' || mode === 'read-only') return null;
  const at = clientAddress.lastIndexOf(':');
  const host = clientAddress.slice(0, at).replace(/^\[(.*)\]$/, '$1');
  const port = clientAddress.slice(at + 1);
  if (!isWildcard(host)) return clientAddress;
  return `${sid === ownSid ? loopback : (hostOf(sid, members) ?? loopback)}:${port}`;
}

function hostOf(sid: number, members: readonly string[]): string | null {
  const line = members.find((member) => member.startsWith(`server.${sid}=`));
  if (line === undefined) return null;
  const host = parseServerLine(line).addresses[0]?.host ?? null;
  if (host === null || isWildcard(host)) return null;
  return host.includes(':') ? `[${host}]` : host;
}
