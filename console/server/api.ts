/**
 * What the console's page asks for under `/api/`: what this is, questions to replicas, writes, and
 * in the demo its controls. Reading needs no right; what the token opens is decided here, request
 * by request.
 */

import type { IncomingMessage } from 'node:http';
import type { Inspection } from '../../actors/inspect/inspection.ts';
import { type Access, isLoopback, type TokenState } from './access.ts';
import { type DemoControl, UnknownAction } from './demo-control.ts';
import { questionOf } from './question.ts';
import { Refusal } from './refusal.ts';
import { jsonReply, type Reply } from './reply.ts';
import { readBody } from './request-body.ts';
import { writeRequestOf } from './write-request.ts';
import type { ZnodeWriter } from './znode-writer.ts';

export interface ApiParts {
  readonly inspection: Inspection;
  readonly access: Access;
  /** Null: this console only reads. */
  readonly writer: ZnodeWriter | null;
  /** Null: this is no demo. */
  readonly demo: DemoControl | null;
  readonly version: string;
}

const askBytesMax = 64 * 1024;
const writeBytesMax = 2 * 1024 * 1024;
/** Questions that wait for answers; a page asks a few. */
const asksMax = 64;

const forbidden = 403;
const notFound = 404;
const wrongMethod = 405;
const conflict = 409;
const badGateway = 502;
const unavailable = 503;

export class Api {
  readonly #parts: ApiParts;
  #asks = 0;

  constructor(parts: ApiParts) {
    this.#parts = parts;
  }

  /** The answer to a request for `/api/<names>`. Rejects with a Refusal. */
  async answer(request: IncomingMessage, names: readonly string[]): Promise<Reply> {
    const [what, name, ...more] = names;
    const token = this.#parts.access.tokenState(request.headers.authorization);
    const isAlone = name === undefined;
    if (what === 'about' && isAlone) return this.#about(request, token);
    if (what === 'ask' && !isAlone && more.length === 0) return this.#ask(request, name, token);
    if (what === 'write' && isAlone) return this.#write(request, token);
    if (what === 'demo' && isAlone) return this.#demoStatus(request);
    if (what === 'demo' && more.length === 0) return this.#demoAct(request, name!, token);
    throw new Refusal(notFound, 'there is nothing at this path');
  }

  #about(request: IncomingMessage, token: TokenState): Reply {
    requireMethod(request, 'GET');
    const { inspection, access, writer, demo, version } = this.#parts;
    return jsonReply(200, {
      ensemble: inspection.ensemble,
      sid: inspection.sid,
      isDemo: demo !== null,
      canWrite: access.hasToken && writer !== null,
      isAdmin: token === 'right',
      version,
      tokenFault: access.tokenFault(token),
    });
  }

  async #ask(request: IncomingMessage, name: string, token: TokenState): Promise<Reply> {
    requireMethod(request, 'POST');
    const { inspection, access } = this.#parts;
    const viewer = access.isAdmin(token) ? 'admin' : 'world';
    const question = questionOf(await readBody(request, askBytesMax), viewer);
    if (!/^[1-9]\d{0,2}$/.test(name)) throw new Refusal(notFound, 'this is no id of a replica');
    if (this.#asks >= asksMax) throw new Refusal(unavailable, 'too many questions at one time');
    this.#asks++;
    try {
      return jsonReply(200, await inspection.ask(Number(name), question));
    } catch (failure) {
      throw new Refusal(badGateway, (failure as Error).message);
    } finally {
      this.#asks--;
    }
  }

  async #write(request: IncomingMessage, token: TokenState): Promise<Reply> {
    requireMethod(request, 'POST');
    const { access, writer } = this.#parts;
    access.requireAdmin(token);
    if (writer === null) throw new Refusal(forbidden, 'this console only reads');
    const wanted = writeRequestOf(await readBody(request, writeBytesMax));
    return jsonReply(200, await writer.write(wanted));
  }

  #demo(): DemoControl {
    const { demo } = this.#parts;
    if (demo === null) throw new Refusal(notFound, 'this is not the demo ensemble');
    return demo;
  }

  #demoStatus(request: IncomingMessage): Reply {
    requireMethod(request, 'GET');
    return jsonReply(200, this.#demo().status());
  }

  async #demoAct(request: IncomingMessage, action: string, token: TokenState): Promise<Reply> {
    requireMethod(request, 'POST');
    const demo = this.#demo();
    this.#requireDemoRight(request, token);
    const body = await readBody(request, askBytesMax);
    try {
      return jsonReply(200, await demo.act(action, body));
    } catch (failure) {
      const status = failure instanceof UnknownAction ? notFound : conflict;
      throw failure instanceof Refusal ? failure : new Refusal(status, (failure as Error).message);
    }
  }

  /** The token where there is one, else a page on this machine; its origin is checked before. */
  #requireDemoRight(request: IncomingMessage, token: TokenState): void {
    const { access } = this.#parts;
    if (access.hasToken) return access.requireAdmin(token);
    if (isLoopback(request.socket.remoteAddress ?? '')) return;
    throw new Refusal(forbidden, 'without a token only this machine may act on the demo');
  }
}

function requireMethod(request: IncomingMessage, method: 'GET' | 'POST'): void {
  const asked = request.method === 'HEAD' ? 'GET' : request.method;
  if (asked !== method) throw new Refusal(wrongMethod, `this takes ${method} only`);
}
