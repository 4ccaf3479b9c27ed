/**
 * The HTTP server of the console: the built page and the drawings, the JSON that the page asks for,
 * and the WebSocket of records. Every request passes the same gate (Host, Origin, token) and every
 * answer carries the same safety headers. It holds no state of the ensemble: all it shows is asked
 * of an Inspection.
 */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Clock, systemClock } from '../../actors/clock.ts';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import type { Notes } from '../../actors/note.ts';
import { Access, isLoopback } from './access.ts';
import { Api } from './api.ts';
import type { DemoControl } from './demo-control.ts';
import { safetyHeaders } from './headers.ts';
import { InspectSockets, refuseUpgrade } from './inspect-sockets.ts';
import { Presence } from './presence.ts';
import { Refusal } from './refusal.ts';
import { jsonReply, type Reply } from './reply.ts';
import { type StaticFolders, staticFile } from './static-files.ts';
import type { ZnodeWriter } from './znode-writer.ts';

export interface ConsoleServerOptions {
  readonly inspection: Inspection;
  /** A local address; loopback unless somebody wants it otherwise. */
  readonly address: string;
  /** 0: any free one. */
  readonly port: number;
  /** Of the built page, and of the machines' drawings. */
  readonly appFolder: string;
  readonly drawingsFolder: string;
  /** Who has it may write; null: nobody may. */
  readonly token: string | null;
  /** ms since 1970. */
  readonly tokenExpiresMs?: number | null;
  /** Names that browsers may know us by, beside the address. */
  readonly allowedHosts?: readonly string[];
  readonly writer: ZnodeWriter | null;
  readonly demo: DemoControl | null;
  readonly notes: Notes;
  readonly version: string;
  readonly clock?: Clock;
}

export interface RunningConsole {
  readonly port: number;
  /** Ends all connections; the writer's sessions too. */
  close(): Promise<void>;
}

const badRequest = 400;
const notFound = 404;
const wrongMethod = 405;
const failed = 500;
const tooLarge = 413;
const connectionsMax = 256;
const headersMsMax = 10_000;
const requestMsMax = 30_000;
const inspectPath = '/api/inspect';

/** Listens; rejects with an Error that says so when the port is taken. */
export async function startConsoleServer(options: ConsoleServerOptions): Promise<RunningConsole> {
  const parts = new ConsoleServer(options);
  const server = createServer((request, response) => void parts.handle(request, response));
  server.on('upgrade', (request, socket, head) => parts.upgrade(request, socket, head));
  server.maxConnections = connectionsMax;
  server.headersTimeout = headersMsMax;
  server.requestTimeout = requestMsMax;
  const port = await listen(server, options);
  parts.noteExposure(port);
  return {
    port,
    async close() {
      parts.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await options.writer?.close();
    },
  };
}

class ConsoleServer {
  readonly #options: ConsoleServerOptions;
  readonly #access: Access;
  readonly #api: Api;
  readonly #sockets: InspectSockets;
  readonly #presence: Presence;
  readonly #folders: StaticFolders;

  constructor(options: ConsoleServerOptions) {
    const { address, token, tokenExpiresMs = null, allowedHosts = [] } = options;
    const { inspection, writer, demo, notes, version, clock = systemClock } = options;
    this.#options = options;
    this.#access = new Access({ address, allowedHosts, token, tokenExpiresMs }, clock);
    this.#api = new Api({ inspection, access: this.#access, writer, demo, version });
    const presence = new Presence(inspection, clock);
    this.#presence = presence;
    this.#sockets = new InspectSockets({ inspection, presence, clock, notes });
    this.#folders = { app: options.appFolder, drawings: options.drawingsFolder };
  }

  noteExposure(port: number): void {
    const { address, notes } = this.#options;
    if (!isLoopback(address)) {
      notes.warn(
        'the console can be reached from other machines: whoever can reads what the ' +
          'ACLs leave to everybody, and nothing is encrypted, the token neither',
        { address, port },
      );
    }
    if (this.#access.isExpired) notes.warn('the token of the console has expired');
  }

  stop(): void {
    this.#presence.close();
    this.#sockets.close();
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const reply = await this.#answer(request).catch((failure) => this.#faultReply(failure));
    const { status, type, body, headers } = reply;
    // Whoever sends too much is not listened to any longer.
    const end = status === tooLarge ? { connection: 'close' } : {};
    response.writeHead(status, { ...safetyHeaders, ...headers, ...end, 'content-type': type });
    response.end(body);
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const { pathname, searchParams } = urlOf(request);
      this.#checkGate(request);
      if (pathname !== inspectPath) throw new Refusal(notFound, `WebSockets are at ${inspectPath}`);
      this.#sockets.accept(request, socket, head, searchParams.get('batch') === '1');
    } catch (failure) {
      refuseUpgrade(socket, this.#refusalOf(failure));
    }
  }

  async #answer(request: IncomingMessage): Promise<Reply> {
    const { pathname } = urlOf(request);
    this.#checkGate(request);
    if (pathname === inspectPath) throw new Refusal(426, 'this takes a WebSocket');
    if (pathname.startsWith('/api/')) {
      return this.#api.answer(request, pathname.split('/').slice(2).map(decoded));
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      throw new Refusal(wrongMethod, 'this takes GET only');
    }
    return staticFile(this.#folders, decoded(pathname));
  }

  /** Answers to GET stay with whoever asked, as browsers show them to no other origin. */
  #checkGate({ headers, method }: IncomingMessage): void {
    this.#access.checkHost(headers.host);
    if (method === 'POST' || headers.upgrade !== undefined) {
      this.#access.checkOrigin(headers.origin, headers.host);
    }
  }

  #faultReply(failure: unknown): Reply {
    const { status, message } = this.#refusalOf(failure);
    const reply = jsonReply(status, { error: message });
    if (status !== 401) return reply;
    return { ...reply, headers: { ...reply.headers, 'www-authenticate': 'Bearer' } };
  }

  #refusalOf(failure: unknown): Refusal {
    if (failure instanceof Refusal) return failure;
    const reason = failure instanceof Error ? failure.message : String(failure);
    this.#options.notes.error('the console failed at a request', { reason });
    return new Refusal(failed, 'the console failed at this request; its log says more');
  }
}

function urlOf(request: IncomingMessage): URL {
  const url = request.url ?? '';
  if (url.startsWith('/') && URL.canParse(url, 'http://console')) {
    // Two slashes would begin a host.
    return new URL(`http://console${url}`);
  }
  throw new Refusal(badRequest, 'the path cannot be read');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(badRequest, 'the path cannot be read');
  }
}

function listen(server: Server, { address, port }: ConsoleServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (failure: NodeJS.ErrnoException) => {
      const place = `${address}:${port}`;
      const reason =
        failure.code === 'EADDRINUSE' ? 'another program has this port' : failure.message;
      reject(new Error(`the console cannot listen on ${place}: ${reason}`));
    });
    server.listen(port, address, () => resolve((server.address() as AddressInfo).port));
  });
}
