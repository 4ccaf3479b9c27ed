/**
 * `dump`: which sessions end when, who owns which ephemerals, and which connections end when,
 * unless something is heard of them. Whoever expires sessions (a leader, a replica alone) shows
 * deadlines; the others show the timeouts that were agreed upon.
 */

import { formatSessionId, noSession } from '../protocol/session-id.ts';
import { formatDate, formatSocketAddress } from './java-text.ts';
import { hasLocalSessions } from './local-sessions.ts';
import type { ConnectionView, Deadlines, ReplicaView } from './replica-view.ts';

export function dumpLines(view: ReplicaView): string {
  return [
    'SessionTracker dump:',
    ...sessionLines(view),
    'ephemeral nodes dump:',
    ...ephemeralLines(view),
    'Connections dump:',
    ...connectionLines(view),
    '',
  ].join('\n');
}

/** Whether its sessions are local or global is said only where there are both. */
function sessionLines(view: ReplicaView): string[] {
  const { expiry, local } = view.sessions;
  const mode = view.mode();
  const expires = mode === 'standalone' || mode === 'leader';
  const hasLocal = hasLocalSessions(view.settings) || local.size > 0;
  return [
    ...(hasLocal ? deadlineLines(view, 'Local Session', local.expiry) : []),
    ...(expires ? deadlineLines(view, hasLocal ? 'Global Session' : 'Session', expiry) : []),
    ...(expires ? [] : timeoutLines(view)),
  ];
}

function deadlineLines(view: ReplicaView, name: string, expiry: Deadlines): string[] {
  const buckets = expiry.buckets();
  const lines = [`${name} Sets (${buckets.length})/(${expiry.size}):`];
  for (const [dueMs, sessions] of buckets) {
    lines.push(`${sessions.length} expire at ${dateOf(view, dueMs)}:`);
    for (const { id } of sessions) lines.push(`\t${formatSessionId(id)}`);
  }
  return lines;
}

function timeoutLines({ state: { sessions } }: ReplicaView): string[] {
  const sorted = [...sessions.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  const lines = sorted.map(([id, timeoutMs]) => `${formatSessionId(id)}\t${timeoutMs}ms`);
  return [`Global Sessions(${sessions.size}):`, ...lines];
}

function ephemeralLines({ state: { tree } }: ReplicaView): string[] {
  const owners = [...tree.special.owners()];
  const lines = [`Sessions with Ephemerals (${owners.length}):`];
  for (const [id, slots] of owners) {
    lines.push(`${formatSessionId(id)}:`);
    for (const slot of slots) lines.push(`\t${tree.path(slot)}`);
  }
  return lines;
}

/** Bundled, as ZooKeeper does, by the time that a connection may stay without a session. */
function connectionLines(view: ReplicaView): string[] {
  const stepMs = Math.max(1, view.settings.sessionlessTimeoutMs);
  const buckets = new Map<number, ConnectionView[]>();
  for (const client of view.connections.all()) {
    const dueMs = (Math.floor(deadlineOf(view, client) / stepMs) + 1) * stepMs;
    const bucket = buckets.get(dueMs);
    if (bucket) bucket.push(client);
    else buckets.set(dueMs, [client]);
  }
  const lines = [`Connections Sets (${buckets.size})/(${view.connections.size}):`];
  for (const [dueMs, clients] of [...buckets].sort(([a], [b]) => a - b)) {
    lines.push(`${clients.length} expire at ${dateOf(view, dueMs)}:`);
    for (const { socket, session } of clients) {
      const address = formatSocketAddress(socket.remoteAddress, socket.remotePort);
      lines.push(`\tip: ${address} sessionId: ${formatSessionId(session?.id ?? noSession)}`);
    }
  }
  return lines;
}

/** In monotonic ms. */
function deadlineOf({ clock, settings }: ReplicaView, client: ConnectionView): number {
  const { session, stats } = client;
  if (session !== null) return session.lastHeardMs + session.timeoutMs;
  const ageMs = clock.wallMs() - stats.establishedMs;
  return clock.monotonicMs() - ageMs + settings.sessionlessTimeoutMs;
}

function dateOf({ clock }: ReplicaView, monotonicMs: number): string {
  return formatDate(clock.wallMs() + monotonicMs - clock.monotonicMs());
}
