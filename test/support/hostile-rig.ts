/**
 * What the tests of bad input share: one replica per file, a witness that must go on working beside
 * whatever happens, and answers as short texts that can be compared with those of Apache ZooKeeper.
 */

import { afterAll, beforeAll, expect } from 'vitest';
import type { Replica } from '../../actors/replica.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { openAcl } from '../../protocol/record.ts';
import * as b from './golden/bytes.ts';
import { type Arrival, framed, RawClient } from './raw-client.ts';
import { startReplica, type TestReplica, type TestReplicaOptions } from './replica.ts';

/** A reply as `xid err bytes`: the error of the header, the bytes of the body. */
export function answer(arrival: Arrival): string {
  if (arrival === 'closed') return arrival;
  return `${arrival.readInt32BE(0)} ${arrival.readInt32BE(12)} ${arrival.length - 16}`;
}

/** A request as it goes over the wire. */
export function request(xid: number, op: number, ...body: Buffer[]): Buffer {
  return framed(b.join(b.int(xid), b.int(op), ...body));
}

/** A session timeout for clients that never ping. */
export const patienceMs = 600_000;

/** A handshake as it goes over the wire, for a new session. */
export function handshake(timeOut = 30_000): Buffer {
  const password = b.text('0123456789abcdef');
  return framed(b.join(b.int(0), b.long(0n), b.int(timeOut), b.long(0n), password, b.bool(false)));
}

export const getRoot = b.join(b.text('/'), b.bool(false));

export class Rig {
  #started: TestReplica | null = null;
  #witness: RawClient | null = null;
  #refusedBefore = 0;

  constructor(options: TestReplicaOptions = {}) {
    beforeAll(async () => {
      this.#started = await startReplica(options);
      this.#witness = await RawClient.open(this.port);
      await this.#witness.connect({ timeOut: patienceMs });
    });
    afterAll(() => this.#started!.remove());
  }

  get port(): number {
    return this.#started!.port;
  }

  get replica(): Replica {
    return this.#started!.replica;
  }

  session(): Promise<RawClient> {
    this.#refusedBefore = this.replica.counters.refusedConnections;
    return RawClient.session(this.port);
  }

  open(): Promise<RawClient> {
    this.#refusedBefore = this.replica.counters.refusedConnections;
    return RawClient.open(this.port);
  }

  /** Connections refused since the last `session` or `open`. */
  get refused(): number {
    return this.replica.counters.refusedConnections - this.#refusedBefore;
  }

  /** A decent client is still served: reads and writes. */
  async expectService(): Promise<void> {
    const witness = this.#witness!;
    const xid = witness.send(Opcode.create, {
      ...{ path: '/witness-', data: null, flags: 3 },
      acl: openAcl,
    });
    expect(answer(await witness.next())).toBe(`${xid} 0 23`);
    const read = witness.send(Opcode.getChildren, { path: '/zookeeper', watch: false });
    expect(answer(await witness.next())).toMatch(new RegExp(`^${read} 0 `));
  }
}

/** Sends bytes on a connection and tells what comes back, up to the end or `count` answers. */
export async function exchange(client: RawClient, bytes: Buffer, count: number): Promise<string[]> {
  client.write(bytes);
  const answers: string[] = [];
  while (answers.length < count && answers.at(-1) !== 'closed') {
    answers.push(answer(await client.next()));
  }
  return answers;
}
