/**
 * The way to a server: a stream of bytes, TCP or TLS unless the caller brings another. Writes
 * before the stream is connected are kept by the stream, so nobody waits for that.
 */

import { connect as connectTcp } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls } from 'node:tls';
import type { ServerAddress } from './connect-string.ts';

/** The part of a Node stream that the client uses; sockets and every Duplex have it. */
export interface ByteStream {
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'end' | 'close', listener: () => void): unknown;
  write(bytes: Uint8Array): boolean;
  /** Bytes written that the stream still holds on to. */
  readonly writableLength: number;
  destroy(): unknown;
}

/** Opens the stream to a server; it may still be connecting when it is returned. */
export type Dial = (server: ServerAddress) => ByteStream;

export function dialer(tls: ConnectionOptions | undefined): Dial {
  return ({ host, port }) => {
    const socket =
      tls === undefined
        ? connectTcp({ host, port })
        : connectTls({ servername: host, ...tls, host, port });
    socket.setNoDelay(true);
    return socket;
  };
}
