/**
 * Ten thousand sessions over three replicas, and the leader is killed: nobody who pings in time
 * expires, those at survivors keep their connections, those of the dead one go on elsewhere. The
 * clients are objects: what counts is how the replicas bear their number.
 */

import { expect, test } from 'vitest';
import { getInt, JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { readConnectResponse } from '../../protocol/replies.ts';
import { writeConnectRequest, writeRequest } from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { FakeSocket } from '../support/fake-socket.ts';
import { framed } from '../support/raw-client.ts';

const sessions = 10_000;
const timeoutMs = 2000;
const pingMs = 600;

const ping = framed(new JuteWriter(8).int(Xid.ping).int(Opcode.ping).copy());

/** A client that says what it is told to say, and counts what it hears. */
class Plain {
  readonly sockets: FakeSocket[] = [];
  #port: number;
  id: string = noSession;
  passwd = Buffer.alloc(16);
  grants = 0;
  replies = 0;
  errors = 0;
  isRefused = false;

  constructor(port: number) {
    this.#port = port;
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  connect(accept: (socket: FakeSocket) => void): void {
    const socket = new FakeSocket(this.#port);
    let isGranted = false;
    socket.onSent = (bytes) => {
      if (isGranted) return this.#count(bytes);
      isGranted = true;
      const response = readConnectResponse(new JuteReader(bytes.subarray(4)));
      this.isRefused ||= response.timeOut <= 0;
      this.id = response.sessionId;
      this.passwd = Buffer.from(response.passwd ?? []);
      this.grants++;
    };
    this.sockets.push(socket);
    accept(socket);
    const writer = new JuteWriter();
    writeConnectRequest(writer, {
      ...{ protocolVersion: 0, lastZxidSeen: 0, timeOut: timeoutMs, readOnly: false },
      ...{ sessionId: this.id, passwd: this.passwd },
    });
    socket.arrive(framed(writer.view()));
  }

  #count(bytes: Buffer): void {
    for (let at = 0; at < bytes.length; at += 4 + getInt(bytes, at)) {
      const [xid, err] = [getInt(bytes, at + 4), getInt(bytes, at + 16)];
      if (xid > 0) this.replies++;
      if (err !== 0) this.errors++;
    }
  }

  ask(xid: number): void {
    const writer = new JuteWriter().int(xid).int(Opcode.setData);
    writeRequest(Opcode.setData, writer, { path: '/shared', data: null, version: -1 });
    this.socket.arrive(framed(writer.view()));
  }
}

test('ten thousand sessions outlive the leader', async () => {
  const settings = { tickTimeMs: 500, minSessionTimeoutMs: 1000, snapCount: 1_000_000 };
  const ensemble = await TestEnsemble.start({ settings });
  await (await ensemble.client(1)).create('/shared');
  const clients = Array.from({ length: sessions }, (_, at) => new Plain(at + 1));
  const homes = [1, 2, 3];
  for (const [at, client] of clients.entries()) {
    client.connect((socket) => ensemble.member(homes[at % 3]!).accept(socket));
  }
  const timer = setInterval(() => {
    for (const { socket } of clients) if (!socket.isClosed) socket.arrive(ping);
  }, pingMs);
  try {
    await ensemble.until('all have a session', () => clients.every(({ grants }) => grants === 1));
    await ensemble.agreement();
    const leader = ensemble.leader!.sid;
    const survivors = homes.filter((sid) => sid !== leader);

    await ensemble.kill(leader);
    await ensemble.serving();
    for (const [at, client] of clients.entries()) {
      if (!client.socket.isClosed) continue;
      client.connect((socket) => ensemble.member(survivors[at % 2]!).accept(socket));
    }
    await ensemble.until('all are attached', () =>
      clients.every(({ grants, sockets }) => grants === sockets.length),
    );
    const untilMs = performance.now() + 1.5 * timeoutMs;
    await ensemble.until('a timeout and more passes', () => performance.now() > untilMs);
    for (const client of clients) client.ask(1);
    await ensemble.until('all are answered', () => clients.every(({ replies }) => replies > 0));

    const isMoved = (_: Plain, at: number) => homes[at % 3] === leader;
    expect(clients.filter(({ isRefused, errors }) => isRefused || errors > 0)).toEqual([]);
    expect(clients.filter(({ sockets }) => sockets.length > 1).length).toBe(
      clients.filter(isMoved).length,
    );
    for (const { replica } of ensemble.up) {
      // One more is ours.
      expect(replica.sessions.expiredCount).toBe(0);
      expect(replica.state.sessions.size).toBeGreaterThanOrEqual(sessions);
    }
    await ensemble.agreement();
  } finally {
    clearInterval(timer);
  }
});

test('those who fall silent expire, and nobody else', async () => {
  const settings = { tickTimeMs: 500, minSessionTimeoutMs: 1000 };
  const ensemble = await TestEnsemble.start({ settings });
  const clients = Array.from({ length: 900 }, (_, at) => new Plain(at + 1));
  for (const [at, client] of clients.entries()) {
    client.connect((socket) => ensemble.member((at % 3) + 1).accept(socket));
  }
  const isSilent = (_: Plain, at: number) => at % 2 === 0;
  const timer = setInterval(() => {
    for (const [at, client] of clients.entries()) {
      if (!isSilent(client, at)) client.socket.arrive(ping);
    }
  }, pingMs);
  try {
    await ensemble.until('all have a session', () => clients.every(({ grants }) => grants === 1));

    await ensemble.until('half of them are gone', () =>
      clients.filter(isSilent).every(({ socket }) => socket.isClosed),
    );
    await ensemble.agreement();

    expect(clients.filter(({ socket }) => socket.isClosed).length).toBe(450);
    for (const { replica } of ensemble.up) expect(replica.state.sessions.size).toBe(450);
  } finally {
    clearInterval(timer);
  }
});
