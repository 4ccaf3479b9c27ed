/**
 * Records golden frames: sends hand-built requests of every kind to a real Apache ZooKeeper and
 * keeps each frame that went either way. Run by test/protocol/golden.test.ts when RECORD_GOLDEN=1;
 * the result is committed beside this file.
 */

import { Opcode } from '../../../protocol/opcode.ts';
import { startApache } from '../apache.ts';
import { RawClient } from '../raw-client.ts';
import * as b from './bytes.ts';

export type FrameKind = 'connectRequest' | 'connectResponse' | 'request' | 'reply' | 'event';

export interface GoldenFrame {
  readonly connection: string;
  readonly kind: FrameKind;
  /** The operation's name in Opcode, for requests and replies. */
  readonly op?: string;
  readonly hex: string;
}

const opName = new Map<number, string>(Object.entries(Opcode).map(([name, op]) => [op, name]));
/** An operation's name in Opcode, or its number. */
export function nameOfOp(op: number): string {
  return opName.get(op) ?? String(op);
}

const notificationXid = -1;

class Recording {
  readonly frames: GoldenFrame[] = [];
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
  }

  async connection(name: string, request: Buffer): Promise<Line> {
    const line = new Line(name, this.frames, await RawClient.open(this.#port));
    line.keep('connectRequest', request);
    line.client.sendFrame(request);
    const arrival = await line.client.next();
    if (arrival !== 'closed') line.keep('connectResponse', arrival);
    return line;
  }
}

class Line {
  readonly #name: string;
  readonly #frames: GoldenFrame[];
  readonly client: RawClient;
  #xid = 1;

  constructor(name: string, frames: GoldenFrame[], client: RawClient) {
    this.#name = name;
    this.#frames = frames;
    this.client = client;
  }

  keep(kind: FrameKind, bytes: Buffer, op?: number): void {
    const name = op === undefined ? {} : { op: nameOfOp(op) };
    this.#frames.push({ connection: this.#name, kind, ...name, hex: bytes.toString('hex') });
  }

  /** Sends one request and keeps all frames up to its reply, or up to the close. */
  async ask(op: number, ...record: Buffer[]): Promise<Buffer | 'closed'> {
    return this.askAs(this.#xid++, op, ...record);
  }

  async askAs(xid: number, op: number, ...record: Buffer[]): Promise<Buffer | 'closed'> {
    const request = b.join(b.int(xid), b.int(op), ...record);
    this.keep('request', request, op);
    this.client.sendFrame(request);
    for (;;) {
      const arrival = await this.client.next();
      if (arrival === 'closed') return arrival;
      const isEvent = arrival.readInt32BE(0) === notificationXid;
      if (isEvent) this.keep('event', arrival);
      else {
        this.keep('reply', arrival, op);
        return arrival;
      }
    }
  }
}

const zeros = (count: number): Buffer => Buffer.alloc(count);
const hello = b.join(b.int(0), b.long(0n), b.int(30_000), b.long(0n), b.int(16), zeros(16));

/** Starts Apache ZooKeeper, runs the exchanges and returns all frames. */
export async function recordGolden(): Promise<GoldenFrame[]> {
  const server = await startApache(['extendedTypesEnabled=true']);
  try {
    const recording = new Recording(server.port);
    const short = await recording.connection('short hello', hello);
    await short.ask(Opcode.closeSession);
    const line = await recording.connection('main', b.join(hello, b.bool(false)));
    await znodes(line);
    await ends(line);
    await watches(line);
    await multis(line);
    await others(line);
    await sessions(recording);
    await line.ask(Opcode.closeSession);
    return recording.frames;
  } finally {
    await server.remove();
  }
}

async function znodes(line: Line): Promise<void> {
  const any = b.int(-1);
  await line.askAs(-2, Opcode.ping);
  await line.ask(Opcode.create, b.create('/a', 'x'));
  await line.ask(Opcode.create, b.create('/a', 'x'));
  await line.ask(Opcode.create, b.create('/null', null));
  await line.ask(Opcode.create, b.create('/empty', ''));
  await line.ask(Opcode.create2, b.create('/a/é€', 'Grüße'));
  await line.ask(Opcode.create, b.create('/a/eph', 'e', 1));
  await line.ask(Opcode.create, b.create('/a/seq-', 's', 2));
  await line.ask(Opcode.create2, b.create('/a/eseq-', 's', 3));
  await line.ask(Opcode.createContainer, b.create('/a/container', null, 4));
  await line.ask(Opcode.createTtl, b.create('/a/ttl', 't', 5), b.long(60_000n));
  await line.ask(Opcode.createTtl, b.create('/a/ttl-', 't', 6), b.long((1n << 40n) - 1n));
  await line.ask(Opcode.createTtl, b.create('/a/bad-ttl', 't', 5), b.long(-1n));
  for (const path of ['/a', '/null', '/empty', '/absent']) {
    await line.ask(Opcode.exists, b.text(path), b.bool(false));
    await line.ask(Opcode.getData, b.text(path), b.bool(false));
  }
  await line.ask(Opcode.setData, b.text('/a'), b.text('y'), b.int(0));
  await line.ask(Opcode.setData, b.text('/a'), b.text('z'), b.int(0));
  await line.ask(Opcode.setData, b.text('/empty'), b.text(null), any);
  await line.ask(Opcode.setData, b.text('/null'), b.text(''), any);
  await line.ask(Opcode.getChildren, b.text('/a'), b.bool(false));
  await line.ask(Opcode.getChildren, b.text('/empty'), b.bool(false));
  await line.ask(Opcode.getChildren2, b.text('/a'), b.bool(false));
  await line.ask(Opcode.getAllChildrenNumber, b.text('/a'));
  await line.ask(Opcode.getEphemerals, b.text('/'));
  await line.ask(Opcode.getEphemerals, b.text(null));
  await line.ask(Opcode.delete, b.text('/a'), any);
  await line.ask(Opcode.delete, b.text('/empty'), b.int(7));
  await line.ask(Opcode.delete, b.text('/empty'), any);
  await line.ask(Opcode.sync, b.text('/a'));
  await line.ask(Opcode.sync, b.text(null));
}

/** ACLs and identities. */
async function ends(line: Line): Promise<void> {
  await line.ask(Opcode.getAcl, b.text('/a'));
  await line.askAs(-4, Opcode.auth, b.int(0), b.text('digest'), b.text('bob:secret'));
  await line.ask(Opcode.auth, b.int(0), b.text('digest'), b.text('eve:secret'));
  const list = b.acl([31, 'auth', ''], [1, 'ip', '127.0.0.1/8'], [1, 'world', 'anyone']);
  await line.ask(Opcode.setAcl, b.text('/null'), list, b.int(0));
  await line.ask(Opcode.getAcl, b.text('/null'));
  await line.ask(Opcode.setAcl, b.text('/null'), b.world, b.int(0));
  await line.ask(Opcode.setAcl, b.text('/null'), b.acl(), b.int(-1));
  await line.ask(Opcode.setAcl, b.text('/null'), b.int(-1), b.int(-1));
  await line.ask(Opcode.create, b.create('/no-acl', null, 0, b.int(-1)));
  await line.ask(Opcode.whoAmI);
}

async function watches(line: Line): Promise<void> {
  const any = b.int(-1);
  await line.ask(Opcode.exists, b.text('/w'), b.bool(true));
  await line.ask(Opcode.getChildren, b.text('/'), b.bool(true));
  await line.ask(Opcode.create, b.create('/w', 'x'));
  await line.ask(Opcode.getData, b.text('/w'), b.bool(true));
  await line.ask(Opcode.setData, b.text('/w'), b.text('y'), any);
  await line.ask(Opcode.getData, b.text('/w'), b.bool(true));
  await line.ask(Opcode.checkWatches, b.text('/w'), b.int(2));
  await line.ask(Opcode.removeWatches, b.text('/w'), b.int(2));
  await line.ask(Opcode.removeWatches, b.text('/w'), b.int(3));
  await line.ask(Opcode.addWatch, b.text('/w'), b.int(0));
  await line.ask(Opcode.addWatch, b.text('/a'), b.int(1));
  await line.ask(Opcode.addWatch, b.text('/a'), b.int(9));
  await line.ask(Opcode.create, b.create('/a/watched', null));
  await line.ask(Opcode.delete, b.text('/w'), any);
  const lists = [b.texts('/a', '/gone'), b.texts('/null', '/later'), b.texts('/', '/gone')];
  await line.askAs(-8, Opcode.setWatches, b.long(1n), ...lists);
  const more = [b.texts('/p1', '/p2'), b.texts('/r')];
  await line.askAs(-8, Opcode.setWatches2, b.long(1n << 40n), ...lists, ...more);
}

async function multis(line: Line): Promise<void> {
  const any = b.int(-1);
  await line.ask(Opcode.multi, b.end);
  await line.ask(
    Opcode.multi,
    b.op(Opcode.create, b.create('/m', 'x')),
    b.op(Opcode.create2, b.create('/m/c2', 'x')),
    b.op(Opcode.createContainer, b.create('/m/container', null, 4)),
    b.op(Opcode.createTtl, b.create('/m/ttl', null, 5), b.long(5000n)),
    b.op(Opcode.check, b.text('/m'), b.int(0)),
    b.op(Opcode.setData, b.text('/m'), b.text('y'), b.int(0)),
    b.op(Opcode.delete, b.text('/m/c2'), any),
    b.end,
  );
  await line.ask(
    Opcode.multi,
    b.op(Opcode.check, b.text('/m'), b.int(1)),
    b.op(Opcode.delete, b.text('/absent'), any),
    b.op(Opcode.create, b.create('/m/never', null)),
    b.end,
  );
  await line.ask(
    Opcode.multiRead,
    b.op(Opcode.getData, b.text('/m'), b.bool(false)),
    b.op(Opcode.getData, b.text('/absent'), b.bool(false)),
    b.op(Opcode.getChildren, b.text('/m'), b.bool(true)),
    b.end,
  );
  await line.ask(Opcode.multiRead, b.end);
}

async function others(line: Line): Promise<void> {
  await line.ask(Opcode.reconfig, b.text(null), b.text('1'), b.text(null), b.long(-1n));
  await line.ask(Opcode.sasl, b.text(''));
}

/** Closed connections and refused sessions; each on a connection of its own. */
async function sessions(recording: Recording): Promise<void> {
  const full = b.join(hello, b.bool(false));
  const unknown = b.join(b.int(0), b.long(0n), b.int(9000), b.long(0x1234567890n), b.int(16));
  await recording.connection('expired', b.join(unknown, zeros(16), b.bool(false)));
  await recording.connection('expired, short hello', b.join(unknown, zeros(16)));
  const stranger = await recording.connection('unknown operation', full);
  await stranger.ask(99);
  const refused = await recording.connection('refused identity', full);
  await refused.askAs(-4, Opcode.auth, b.int(0), b.text('world'), b.text('anyone'));
}
