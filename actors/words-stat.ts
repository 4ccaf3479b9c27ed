/**
 * The words about requests and connections: `srvr`, `stat`, `cons`, and `srst` and `crst`, which
 * begin their counts anew.
 */

import { shortName } from '../protocol/opcode.ts';
import { formatSessionId } from '../protocol/session-id.ts';
import { formatZxid } from '../protocol/zxid.ts';
import { formatAverage, formatSocketAddress } from './java-text.ts';
import type { ConnectionView, ReplicaView } from './replica-view.ts';

/** ZooKeeper's tree holds its root under two names, and counts it twice. */
const rootNamesMore = 1;

/** Bits of a Java selector: what a connection waits for. */
const readInterest = 1;
const writeInterest = 4;

export function znodeCount({ state }: ReplicaView): number {
  return state.tree.count + rootNamesMore;
}

export function serverLines(view: ReplicaView, version: string): string {
  return `${headLines(view, version)}${summaryLines(view)}`;
}

/** As serverLines, with the clients in the middle. */
export function statusLines(view: ReplicaView, version: string): string {
  const clients = [...view.connections.all()].map((client) => ` ${briefLine(client)})\n`);
  return `${headLines(view, version)}Clients:\n${clients.join('')}\n${summaryLines(view)}`;
}

function headLines(view: ReplicaView, version: string): string {
  const readOnly = 'READ-ONLY mode; serving only read-only clients\n';
  return `Zookeeper version: ${version}\n${view.mode() === 'read-only' ? readOnly : ''}`;
}

function summaryLines(view: ReplicaView): string {
  const { counters } = view;
  const { minMs, averageMs, maxMs } = counters.latency;
  return [
    `Latency min/avg/max: ${minMs}/${formatAverage(averageMs)}/${maxMs}`,
    `Received: ${counters.packetsReceived}`,
    `Sent: ${counters.packetsSent}`,
    `Connections: ${view.connections.size}`,
    `Outstanding: ${view.outstanding()}`,
    `Zxid: ${formatZxid(view.state.lastZxid)}`,
    `Mode: ${view.mode()}`,
    `Node count: ${znodeCount(view)}`,
    '',
  ].join('\n');
}

export function connectionLines(view: ReplicaView): string {
  const lines = [...view.connections.all()].map((client) => ` ${fullLine(client)})\n`);
  return `${lines.join('')}\n`;
}

function briefLine(client: ConnectionView): string {
  const { remoteAddress, remotePort } = client.socket;
  const address = formatSocketAddress(remoteAddress, remotePort);
  const { queued } = client;
  const { received, sent } = client.stats;
  const interest = interestOf(client).toString(16);
  return `${address}[${interest}](queued=${queued},recved=${received},sent=${sent}`;
}

function interestOf(client: ConnectionView): number {
  if (!client.isOpen) return 0;
  const reads = client.stateName === 'serving.stalled' ? 0 : readInterest;
  return reads | (client.socket.queuedBytes > 0 ? writeInterest : 0);
}

function fullLine(client: ConnectionView): string {
  const { session, stats } = client;
  const { latency, lastOp } = stats;
  if (session === null) return briefLine(client);
  return [
    briefLine(client),
    `sid=${formatSessionId(session.id)}`,
    `lop=${lastOp === null ? 'NA' : shortName(lastOp)}`,
    `est=${stats.establishedMs}`,
    `to=${session.timeoutMs}`,
    // Negative xids are not the client's own.
    ...(stats.lastXid < 0 ? [] : [`lcxid=0x${stats.lastXid.toString(16)}`]),
    `lzxid=${formatZxid(stats.lastZxid)}`,
    `lresp=${Math.floor(stats.lastReplyMs)}`,
    `llat=${Math.max(0, Math.round(stats.lastLatencyMs))}`,
    `minlat=${latency.minMs}`,
    `avglat=${Math.floor(latency.averageMs)}`,
    `maxlat=${latency.maxMs}`,
  ].join(',');
}

export function resetConnections({ connections }: ReplicaView): string {
  for (const { stats } of connections.all()) stats.reset();
  return 'Connection stats reset.\n';
}

export function resetServer({ counters, sessions }: ReplicaView): string {
  counters.reset();
  counters.flush.reset();
  sessions.expiredCount = 0;
  return 'Server stats reset.\n';
}
