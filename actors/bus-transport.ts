/**
 * The NATS client's connection to its broker: its own, but without TLS past Node's streams, which
 * cost one in twelve of the writes of a single client (docs/COSTS.md).
 */

import { TLSSocket } from 'node:tls';
import { NodeTransport } from 'nats/lib/node_transport.js';
import { assert } from '../protocol/assert.ts';
import { BareSocket } from './bare-socket.ts';

type Chunk = IteratorResult<Uint8Array, undefined>;

const noMore: Chunk = { done: true, value: undefined };

export class BusTransport extends NodeTransport {
  /** In place of the client's socket; null before it is connected, or where that cannot be. */
  #bare: BareSocket | null = null;
  /** Whoever waits for the next chunk. Invariant: only while none lies in `yields`. */
  #give: ((chunk: Chunk) => void) | null = null;

  /** A certificate is held against the address that was dialled; the client asks for localhost. */
  override connect(...[to, options]: Parameters<NodeTransport['connect']>): Promise<void> {
    const isNamed = to.tlsName !== '' || !options.tls;
    const tls = { ...options.tls, host: to.hostname };
    return super.connect(to, isNamed ? options : { ...options, tls });
  }

  override setupHandlers(): void {
    const bare = this.socket instanceof TLSSocket ? null : BareSocket.from(this.socket);
    if (bare === null) return super.setupHandlers();
    this.#bare = bare;
    bare.onData = (chunk) => this.#take(chunk);
    bare.onClose = () => void this.close(bare.failure);
  }

  #take(chunk: Uint8Array): void {
    const give = this.#give;
    this.#give = null;
    assert(give === null || this.yields.length === 0, 'bus transport: chunks stay in order');
    if (give === null) this.yields.push(chunk);
    else give({ done: false, value: chunk });
  }

  override iterate(): AsyncIterableIterator<Uint8Array> {
    if (this.#bare === null) return super.iterate();
    const chunks = { next: () => this.#next(), [Symbol.asyncIterator]: () => chunks };
    return chunks;
  }

  #next(): Promise<Chunk> {
    const chunk = this.yields.shift();
    if (chunk !== undefined) return Promise.resolve({ done: false, value: chunk });
    if (this.isClosed) return Promise.resolve(noMore);
    assert(this.#give === null, 'bus transport: one reads it');
    return new Promise((give) => {
      this.#give = give;
    });
  }

  override send(frame: Uint8Array): void {
    if (this.#bare === null) super.send(frame);
    else this.#bare.write(frame);
  }

  /** Of what the broker has not read by then, nobody waits for the end. */
  override async _send(frame: Uint8Array): Promise<void> {
    if (this.#bare === null) await super._send(frame);
    else this.#bare.write(frame);
  }

  /** Lets go of the socket even if the broker has never said a word, as the client does not. */
  override async close(error?: Error): Promise<void> {
    await super.close(error);
    this.discard();
  }

  override discard(): void {
    super.discard();
    this.#bare?.destroy();
    this.#give?.(noMore);
    this.#give = null;
  }
}
