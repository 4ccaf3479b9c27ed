/**
 * The WebSockets of the console, `GET /api/inspect`: takes those that may come, as many as there is
 * room for, and ends those whose other side has gone without a word.
 */

import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { Clock, Timer } from '../../actors/clock.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import type { Notes } from '../../actors/note.ts';
import { safetyHeaders } from './headers.ts';
import { InspectViewer } from './inspect-viewer.ts';
import type { Presence } from './presence.ts';
import { Refusal } from './refusal.ts';

export const socketsMax = 32;
const messageBytesMax = 64 * 1024;
const pingEveryMs = 30_000;
const goingAway = 1001;
const unavailable = 503;

export interface InspectSocketsOptions {
  readonly inspection: Inspection;
  readonly presence: Presence;
  readonly clock: Clock;
  readonly notes: Notes;
}

export class InspectSockets {
  readonly #options: InspectSocketsOptions;
  readonly #server = new WebSocketServer({
    noServer: true,
    maxPayload: messageBytesMax,
    perMessageDeflate: false,
  });
  /** Those that have not answered the last ping. */
  readonly #silent = new Set<WebSocket>();
  readonly #pings: Timer;

  constructor(options: InspectSocketsOptions) {
    this.#options = options;
    this.#pings = options.clock.every(pingEveryMs, () => this.#ping());
  }

  /** @throws Refusal when there is no room */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, isBatch: boolean): void {
    if (this.#server.clients.size >= socketsMax) {
      throw new Refusal(unavailable, `there are ${socketsMax} viewers already; close one`);
    }
    this.#server.handleUpgrade(request, socket, head, (client) => this.#serve(client, isBatch));
  }

  close(): void {
    this.#pings.cancel();
    for (const client of this.#server.clients) {
      client.close(goingAway, 'the console ends');
      client.terminate();
    }
    this.#server.close();
  }

  #serve(client: WebSocket, isBatch: boolean): void {
    const { notes } = this.#options;
    const viewer = new InspectViewer(client, isBatch ? 'batch' : 'stately', this.#options);
    client.on('message', (data: RawData, isBinary: boolean) => {
      if (isBinary) viewer.refuse('messages must be text');
      else viewer.take(String(data));
    });
    client.on('pong', () => this.#silent.delete(client));
    // A broken frame or one that is too large; the socket closes by itself.
    client.on('error', (failure) => notes.debug('viewer failed', { reason: failure.message }));
    client.on('close', () => {
      this.#silent.delete(client);
      viewer.stop();
    });
    void viewer.start();
  }

  #ping(): void {
    for (const client of this.#server.clients) {
      if (this.#silent.has(client)) client.terminate();
      this.#silent.add(client);
      client.ping();
    }
  }
}

/** Answers a socket that does not become a WebSocket, and closes it. */
export function refuseUpgrade(socket: Duplex, { status, message }: Refusal): void {
  const body = JSON.stringify({ error: message });
  const headers = {
    ...safetyHeaders,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...lines, '', body];
  socket.end(head.join('\r\n'));
}
