/**
 * Damaged frames thrown at whole connections of a whole replica (issue: bad input), after a real
 * handshake and instead of one: nothing ever throws; every request is answered, in order, or the
 * connection is closed; a witness beside them never notices; at the end the tree, its digest and
 * the replayed log agree. The run prints its seed; FUZZ_SEED and FUZZ_FRAMES choose another one.
 */

import { expect, test } from 'vitest';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import { Opcode, RequestKind, requestKind, Xid } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import {
  type RequestBody,
  type RequestOp,
  writeConnectRequest,
  writeRequest,
} from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';
import { recover } from '../../storage/recovery.ts';
import { FakeReplica } from '../support/fake-replica.ts';
import type { FakeSocket } from '../support/fake-socket.ts';
import { goldenPayloads } from '../support/golden-frames.ts';
import { frameShare, fuzzSeed, Mutator, replayHint } from '../support/mutator.ts';
import { framed } from '../support/raw-client.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const requests = goldenPayloads('request');
const handshakes = goldenPayloads('connectRequest');
const corpus = [...requests, ...handshakes, ...goldenPayloads('reply')];
/** All but those that end a connection on purpose. */
const harmless = requests.filter(
  (payload) =>
    requestKind(payload.readInt32BE(4)) in { [RequestKind.read]: 1, [RequestKind.write]: 1 },
);
const headerBytes = 8;
const frameBytesMax = 0xfffff;
const clientsMax = 24;
const framesPerReplica = 50_000;
const statBytes = 68;
const versionAt = 32;
const setDataReplyBytes = 20 + statBytes;

function handshake(timeOut = 10_000): Buffer {
  const writer = new JuteWriter();
  const passwd = Buffer.alloc(16);
  writeConnectRequest(writer, {
    ...{ protocolVersion: 0, lastZxidSeen: 0, timeOut, sessionId: noSession, passwd },
    readOnly: false,
  });
  return writer.copy();
}

/** One client that sends nonsense, and an account of what it must get back. */
class Hostile {
  readonly socket: FakeSocket;
  /** xids of requests that are answered in order, and of those answered on receipt. */
  readonly #ordered: number[] = [];
  readonly #immediate: number[] = [];
  /** The stream as far as it is no whole frame yet. */
  #sent: Buffer = Buffer.alloc(0);
  #received: Buffer = Buffer.alloc(0);
  #isConnected = false;
  /** It sent a length that no server may accept: it must be closed. */
  isDoomed = false;
  answers = 0;

  constructor(socket: FakeSocket) {
    this.socket = socket;
    socket.onSent = (bytes) => this.#take(bytes);
  }

  /** Sends bytes; what they ask for goes into the account. */
  send(bytes: Buffer, isHandshake: boolean): void {
    this.#sent = this.#sent.length === 0 ? bytes : Buffer.concat([this.#sent, bytes]);
    let at = 0;
    while (at + 4 <= this.#sent.length && !this.isDoomed) {
      const length = this.#sent.readInt32BE(at);
      if (length < 0 || length > frameBytesMax) this.isDoomed = true;
      else if (at + 4 + length > this.#sent.length) break;
      else {
        if (!isHandshake) this.#expect(this.#sent, at + 4, length);
        at += 4 + length;
      }
    }
    this.#sent = this.#sent.subarray(at);
    this.socket.arrive(bytes);
  }

  #expect(bytes: Buffer, at: number, length: number): void {
    if (length < headerBytes) {
      this.isDoomed = true;
      return;
    }
    const op = bytes.readInt32BE(at + 4);
    const isImmediate = op === Opcode.auth || op === Opcode.sasl;
    const xid = op === Opcode.ping ? Xid.ping : bytes.readInt32BE(at);
    (isImmediate ? this.#immediate : this.#ordered).push(xid);
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (this.#received.length >= 4) {
      const end = 4 + this.#received.readInt32BE(0);
      if (this.#received.length < end) break;
      const frame = this.#received.subarray(4, end);
      this.#received = this.#received.subarray(end);
      if (!this.#isConnected) this.#isConnected = true;
      else this.#match(new JuteReader(frame));
    }
  }

  #match(reader: JuteReader): void {
    const xid = reader.int();
    const zxid = reader.long();
    if (xid === Xid.notification && zxid === -1 && reader.int() === 0) return;
    this.answers++;
    if (this.#ordered[0] === xid) this.#ordered.shift();
    else {
      const owed = `owed ${this.#ordered.slice(0, 5).join()}`;
      expect(this.#immediate, `an answer comes in order, or at once: ${owed}`).toContain(xid);
      this.#immediate.splice(this.#immediate.indexOf(xid), 1);
    }
  }

  /** When all is quiet: nothing is owed to a client that is still connected. */
  settleAccount(hint: string): void {
    if (this.socket.isClosed) return;
    expect(this.isDoomed, hint).toBe(false);
    expect(this.#ordered, hint).toEqual([]);
    expect(this.#immediate, hint).toEqual([]);
  }
}

/** A decent client whose counter tells whether it was served all along. */
class Witness {
  readonly #socket: FakeSocket;
  #xid = 0;
  version = -1;

  constructor(socket: FakeSocket) {
    this.#socket = socket;
    this.#socket.onSent = (bytes) => this.#take(Buffer.from(bytes));
    this.#socket.arrive(framed(handshake()));
  }

  #take(bytes: Buffer): void {
    if (bytes.length !== setDataReplyBytes) return;
    expect(bytes.readInt32BE(4)).toBe(this.#xid);
    this.version = bytes.readInt32BE(setDataReplyBytes - statBytes + versionAt);
  }

  #send<Op extends RequestOp>(op: Op, body: RequestBody<Op>): void {
    const writer = new JuteWriter().int(++this.#xid).int(op);
    writeRequest(op, writer, body);
    this.#socket.arrive(framed(writer.copy()));
  }

  create(): void {
    this.#send(Opcode.create, { path: '/witness', data: null, acl: openAcl, flags: 0 });
  }

  set(version: number): void {
    this.#send(Opcode.setData, { path: '/witness', data: null, version });
  }

  get isConnected(): boolean {
    return !this.#socket.isClosed;
  }
}

class Run {
  readonly #random: SeededRandom;
  readonly #mutator: Mutator;
  readonly #fake: FakeReplica;
  readonly #witness: Witness;
  readonly #hint: string;
  #clients: Hostile[] = [];
  #rounds = 0;
  frames = 0;
  answers = 0;
  connections = 0;

  private constructor(seed: number, fake: FakeReplica) {
    this.#random = new SeededRandom(seed);
    this.#mutator = new Mutator(this.#random, corpus);
    this.#fake = fake;
    this.#witness = new Witness(fake.connect());
    this.#hint = replayHint(`replica ${seed}`);
  }

  static async start(seed: number): Promise<Run> {
    const fake = await FakeReplica.start(seed, {
      extendedTypesEnabled: true,
      snapCount: 2000,
      emulate353TtlNodes: seed % 2 === 0,
      enforceQuota: seed % 3 === 0,
      saslUsers: seed % 2 === 0 ? new Map([['joe', 'secret']]) : null,
    });
    const run = new Run(seed, fake);
    await fake.settle();
    run.#witness.create();
    await fake.settle();
    return run;
  }

  async round(): Promise<void> {
    const random = this.#random;
    while (this.#clients.length < clientsMax) this.#connect();
    await this.#fake.settle();
    // With a slow log, the second half is prepared while the first is not applied yet.
    this.#fake.log.isHeld = random.chance(0.5);
    for (const client of this.#clients) this.#attack(client);
    await this.#fake.settle();
    for (const client of this.#clients) if (random.chance(0.5)) this.#attack(client);
    this.#witness.set(this.#rounds++);
    await this.#fake.settle();
    this.#fake.log.isHeld = false;
    this.#fake.log.flush();
    await this.#fake.settle();
    this.#fake.clock.advance(random.below(100));
    await this.#fake.settle();
    for (const client of this.#clients) client.socket.drain();
    await this.#fake.settle();
    this.#settleAccounts();
  }

  #connect(): void {
    const random = this.#random;
    const client = new Hostile(this.#fake.connect());
    this.#clients.push(client);
    this.connections++;
    const isSound = random.chance(0.9);
    const payload = isSound ? handshake() : this.#mutator.mutate(random.pick(handshakes));
    client.send(framed(payload), true);
  }

  #attack(client: Hostile): void {
    const random = this.#random;
    client.socket.isReading = random.chance(0.9);
    const parts: Buffer[] = [];
    for (let left = 1 + random.below(8); left > 0; left--, this.frames++) {
      // Sound frames among them: damage needs a tree with something in it.
      if (random.chance(0.3)) parts.push(framed(random.pick(harmless)));
      const spared = random.chance(0.95) ? headerBytes : 0;
      parts.push(framed(this.#mutator.mutate(random.pick(requests), spared)));
    }
    const stream = Buffer.concat(parts);
    // Now and then the stream itself is damaged: the lengths in front of the frames.
    const bytes = random.chance(0.02) ? this.#mutator.mutate(stream) : stream;
    const cut = random.below(bytes.length + 1);
    client.send(Buffer.from(bytes.subarray(0, cut)), false);
    client.send(Buffer.from(bytes.subarray(cut)), false);
    if (random.chance(0.02)) client.socket.destroy();
  }

  #settleAccounts(): void {
    expect(this.#witness.version, this.#hint).toBe(this.#rounds);
    for (const client of this.#clients) {
      client.settleAccount(this.#hint);
      if (client.socket.isClosed) this.answers += client.answers;
    }
    this.#clients = this.#clients.filter((client) => !client.socket.isClosed);
  }

  /** What must hold when all is over; returns the number of znodes. */
  async finish(): Promise<number> {
    const { replica, log, snapshots } = this.#fake;
    const { tree, lastZxid } = replica.state;
    expect(this.#witness.isConnected, this.#hint).toBe(true);
    expect(replica.clients.connections.size).toBe(this.#clients.length + 1);
    expect(replica.clients.outstanding).toBe(0);
    expect(tree.digest.recompute()).toBe(tree.digest.value);
    const replayed = recover(snapshots, log).state;
    expect(replayed.lastZxid).toBe(lastZxid);
    expect(replayed.tree.digest.value, this.#hint).toBe(tree.digest.value);
    expect(replayed.tree.count).toBe(tree.count);
    await this.#fake.stop();
    return tree.count;
  }
}

test('damaged requests are answered in order or end their connection, nothing else', async () => {
  const frames = frameShare(500_000);
  const startedMs = performance.now();
  const totals = { frames: 0, answers: 0, connections: 0, znodes: 0 };

  for (let seed = fuzzSeed; totals.frames < frames; seed++) {
    const run = await Run.start(seed);
    while (run.frames < Math.min(framesPerReplica, frames - totals.frames)) await run.round();
    totals.znodes += await run.finish();
    totals.frames += run.frames;
    totals.answers += run.answers;
    totals.connections += run.connections;
  }

  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  console.log(`fuzz connections: seed ${fuzzSeed}, ${JSON.stringify(totals)} in ${seconds} s`);
  expect(totals.answers).toBeGreaterThan(frames / 4);
}, 180_000);
