/**
 * What the client's tests share: fake servers and clients that are closed after each test, and
 * clients whose time and chance the test holds in its hands.
 */

import { afterEach } from 'vitest';
import type { ClientOptions, ClientState } from '../../client/client.ts';
import { Client } from '../../client/client.ts';
import { FakeServer } from './fake-server.ts';
import { ManualClock } from './manual-clock.ts';

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

export async function fakeServer(): Promise<FakeServer> {
  const server = await FakeServer.listen();
  opened.push(() => server.close());
  return server;
}

export interface Rig {
  readonly client: Client;
  readonly clock: ManualClock;
  /** Every state since the client was made. */
  readonly states: ClientState[];
  /** Waits until the client is in `state`. */
  reached(state: ClientState): Promise<void>;
  /** After the connection was dropped: waits for that, lets the pause pass, waits for the next. */
  reattached(): Promise<void>;
}

/** Chance is always zero: servers in an order that is known, no jitter. */
export function rig(connectString: string, options: ClientOptions = {}): Rig {
  const clock = new ManualClock();
  const states: ClientState[] = [];
  const client = new Client(connectString, {
    clock,
    random: () => 0,
    sessionTimeoutMs: 9_000,
    ...options,
    onState: (state) => states.push(state),
  });
  opened.push(async () => {
    const closed = client.close();
    clock.advance(60_000);
    await closed;
  });
  const reached = (state: ClientState) =>
    new Promise<void>((resolve) => {
      if (client.state === state) {
        resolve();
        return;
      }
      const unlisten = client.onState((now) => {
        if (now !== state) return;
        unlisten();
        resolve();
      });
    });
  const reattached = async () => {
    await reached('suspended');
    clock.advance(100);
    await reached('connected');
  };
  return { client, clock, states, reached, reattached };
}

export async function connectedRig(connectString: string, options?: ClientOptions): Promise<Rig> {
  const made = rig(connectString, options);
  await made.reached('connected');
  return made;
}

/** What `promise` was rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { code?: number }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('was not rejected');
}
