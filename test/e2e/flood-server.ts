/**
 * A console's server that floods: the built page, and a WebSocket that sends records faster than
 * any page can look at them, a thousand in each message, for as long as it is on.
 */

import { createServer, type IncomingMessage, type Server } from 'node:http';
import { join } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { safetyHeaders } from '../../console/server/headers.ts';
import { staticFile } from '../../console/server/static-files.ts';
import type { InspectRecord } from '../../protocol/inspection.ts';
import { frameRecord, statusRecord, stepRecord } from '../console/inspect-records.ts';
import { treeTop } from '../support/tidy-source.ts';

const build = process.env['NATSKEEPER_BUILD'] ?? join(treeTop, 'dist');
const folders = { app: join(build, 'console/app'), drawings: join(build, 'console/drawings') };
const recordsPerMessage = 1_000;
const waitingBytesMax = 8_000_000;
const sids = [1, 2, 3];
const about = {
  ensemble: 'flood',
  sid: 1,
  isDemo: false,
  canWrite: false,
  isAdmin: false,
  version: '0',
};

export class FloodServer {
  /** Records sent so far. */
  sent = 0;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #viewers = new Set<WebSocket>();
  #isOn = true;
  #seq = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      void reply(request).then(({ status, type, body }) => {
        response.writeHead(status, { ...safetyHeaders, 'content-type': type });
        response.end(body);
      });
    });
    this.#server.on('upgrade', (request, socket, head) => {
      this.#sockets.handleUpgrade(request, socket, head, (viewer) => {
        this.#viewers.add(viewer);
        viewer.on('close', () => this.#viewers.delete(viewer));
        viewer.on('error', () => viewer.terminate());
        this.#flood(viewer);
      });
    });
  }

  static async start(): Promise<FloodServer> {
    const flood = new FloodServer();
    await new Promise<void>((done) => flood.#server.listen(0, '127.0.0.1', done));
    return flood;
  }

  get origin(): string {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null
      ? `http://127.0.0.1:${address.port}`
      : '';
  }

  /** From now on only what replicas say of themselves each half second. */
  calm(): void {
    this.#isOn = false;
    for (const viewer of this.#viewers) {
      const timer = setInterval(() => this.#send(viewer, this.#statuses()), 500);
      viewer.on('close', () => clearInterval(timer));
    }
  }

  async stop(): Promise<void> {
    this.#isOn = false;
    for (const viewer of this.#viewers) viewer.terminate();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  /** The next thousand as soon as the socket has taken the last; more than that only fills memory. */
  #flood(viewer: WebSocket): void {
    if (!this.#isOn || viewer.readyState !== viewer.OPEN) return;
    // One at a time, as the page itself must come through as well.
    if (viewer.bufferedAmount < waitingBytesMax) this.#send(viewer, this.#thousand());
    setImmediate(() => this.#flood(viewer));
  }

  #send(viewer: WebSocket, records: readonly InspectRecord[]): void {
    viewer.send(JSON.stringify(records));
    this.sent += records.length;
  }

  #statuses(): InspectRecord[] {
    const atMs = Date.now();
    return sids.map((sid) => {
      const mode = sid === 1 ? 'leader' : 'follower';
      return { ...statusRecord(sid, atMs, { mode }), seq: ++this.#seq };
    });
  }

  #thousand(): InspectRecord[] {
    const when = { atMs: Date.now() };
    const records = this.#statuses();
    while (records.length < recordsPerMessage) {
      records.push(
        { ...frameRecord('PROPOSAL', 1, 2, when), seq: ++this.#seq, origin: 2 },
        { ...stepRecord('leader', { ruling: 'broadcasting' }, when), seq: ++this.#seq },
      );
    }
    return records;
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
}

async function reply({ url = '/' }: IncomingMessage): Promise<Answer> {
  const type = 'application/json';
  if (url === '/api/about') return { status: 200, type, body: JSON.stringify(about) };
  if (url.startsWith('/api/')) return { status: 503, type, body: '{"error":"there is a flood"}' };
  try {
    const { status, type, body } = await staticFile(folders, url);
    return { status, type, body };
  } catch {
    return { status: 404, type: 'text/plain', body: '' };
  }
}
