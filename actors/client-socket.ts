/**
 * A client's socket as a connection sees it, and where new ones come from. Production: listener.ts;
 * tests and the simulator bring their own.
 */

export interface ClientSocket {
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Bytes that were written and are not yet taken by the network. */
  readonly queuedBytes: number;
  /** Set by the connection. */
  onData: (chunk: Buffer) => void;
  /** All that was queued has been taken. */
  onDrain: () => void;
  onClose: () => void;
  /**
   * Queues bytes to send.
   * @returns true when they were taken at once and the buffer may be used again
   */
  write(bytes: Buffer): boolean;
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes now. */
  destroy(): void;
}

/** Hands over new sockets until it is closed. */
export interface Listener {
  /** Address and port that clients connect to. */
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

export type AcceptSocket = (socket: ClientSocket) => void;
