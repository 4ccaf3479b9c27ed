/**
 * A console's server on a free port, with folders and an ensemble of the test's own, and requests
 * to it as a browser or anything else would send them: fetch sets no Host and no Origin of one's
 * own, so they go through node:http.
 */

import { mkdirSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { silentNotes } from '../../actors/note.ts';
import {
  type ConsoleServerOptions,
  type RunningConsole,
  startConsoleServer,
} from '../../console/server/console-server.ts';
import { temporaryFolder } from '../support/temp.ts';
import { FakeInspection } from './fake-inspection.ts';

export const rightToken = 'a-token-of-the-right-length';

export interface Rig {
  readonly inspection: FakeInspection;
  readonly console: RunningConsole;
  readonly appFolder: string;
  ask(path: string, options?: RequestOptions): Promise<Answer>;
  post(path: string, body: unknown, headers?: Headers): Promise<Answer>;
}

type Headers = Readonly<Record<string, string>>;

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Headers;
  readonly body?: string | Buffer;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** Of a JSON answer. */
  json(): Record<string, unknown>;
}

/** To be called inside a test. */
export async function startRig(options: Partial<ConsoleServerOptions> = {}): Promise<Rig> {
  const top = temporaryFolder();
  const appFolder = join(top, 'app');
  const drawingsFolder = join(top, 'drawings');
  for (const folder of [join(appFolder, 'assets'), drawingsFolder]) {
    mkdirSync(folder, { recursive: true });
  }
  writeFileSync(join(appFolder, 'index.html'), '<!doctype html><title>page</title>');
  writeFileSync(join(appFolder, 'assets', 'index-Ab12_-xY.js'), 'export {};');
  writeFileSync(join(drawingsFolder, 'peer.svg'), '<svg/>');
  writeFileSync(join(drawingsFolder, 'chart.css'), '.is-active {}');
  writeFileSync(join(drawingsFolder, 'draw.ts'), 'no drawing');
  writeFileSync(join(top, 'secret.css'), 'secret');
  const inspection = new FakeInspection();
  const running = await startConsoleServer({
    inspection,
    address: '127.0.0.1',
    port: 0,
    appFolder,
    drawingsFolder,
    token: null,
    writer: null,
    demo: null,
    notes: silentNotes,
    version: '9.9.9',
    ...options,
  });
  onTestFinished(() => running.close());
  const ask = (path: string, wanted: RequestOptions = {}) => send(running.port, path, wanted);
  return {
    inspection,
    console: running,
    appFolder,
    ask,
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
  };
}

export function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

function send(port: number, path: string, { method, headers, body }: RequestOptions) {
  return new Promise<Answer>((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, method: method ?? 'GET', headers };
    const sent = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const json = () => JSON.parse(text) as Record<string, unknown>;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
