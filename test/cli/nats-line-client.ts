/**
 * As much of a NATS client as it takes to see that a bus carries messages: connect, subscribe,
 * publish text, over a plain socket. Messages and errors are collected as they come.
 */

import { connect, type Socket } from 'node:net';
import { pause } from '../support/zoo-process.ts';

export class NatsLineClient {
  /** What the server says of itself, and every line since. */
  readonly lines: string[] = [];
  isClosed = false;
  readonly #socket: Socket;

  private constructor(socket: Socket) {
    this.#socket = socket;
    let rest = '';
    socket.on('data', (part) => {
      const lines = (rest + part.toString()).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        this.lines.push(line);
        if (line === 'PING') socket.write('PONG\r\n');
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** Resolves when the server has answered, be it with a refusal. */
  static async connect(servers: string, user: string, pass: string): Promise<NatsLineClient> {
    const [host, port] = servers.split(':');
    const client = new NatsLineClient(connect({ host: host!, port: Number(port) }));
    const options = JSON.stringify({ user, pass, verbose: false, pedantic: false });
    client.#socket.write(`CONNECT ${options}\r\nPING\r\n`);
    await client.until(
      () => client.isClosed || client.lines.some((line) => /PONG|-ERR/.test(line)),
    );
    return client;
  }

  get info(): Record<string, unknown> {
    return JSON.parse(this.lines[0]?.replace(/^INFO /, '') ?? '{}');
  }

  subscribe(subject: string): void {
    this.#socket.write(`SUB ${subject} 1\r\n`);
  }

  publish(subject: string, text: string): void {
    this.#socket.write(`PUB ${subject} ${text.length}\r\n${text}\r\n`);
  }

  has(line: string): boolean {
    return this.lines.includes(line);
  }

  close(): void {
    this.#socket.destroy();
  }

  async until(isSo: () => boolean, msMax = 15_000): Promise<void> {
    const deadline = Date.now() + msMax;
    while (!isSo()) {
      if (Date.now() > deadline) throw new Error(`not so in time:\n${this.lines.join('\n')}`);
      await pause(10);
    }
  }
}

/** Waits until it is so; real processes take real time. */
export async function until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not so in time: ${what}`);
    await pause(20);
  }
}
