/**
 * The client programs of a scenario, c1 and so on: each has one session, and everything that it
 * learns becomes a line of the transcript.
 */

import type { Client, ClientOptions, ClientState } from '../../client/client.ts';
import type { Chronicle } from './chronicle.ts';
import { operate } from './operations.ts';

type Open = (options: ClientOptions & { readonly sids: readonly number[] }) => Client;

const states: { readonly [State in ClientState]: string | null } = {
  connecting: null,
  connected: 'is connected to',
  readOnly: 'is connected read-only to',
  suspended: 'is disconnected',
  lost: 'has lost its session',
  closed: 'is closed',
};

export class Programs {
  readonly #chronicle: Chronicle;
  readonly #open: Open;
  readonly #clients = new Map<string, Client>();
  /** By the ensemble's name for it: our name. */
  readonly #names: string[] = [];
  /** Replica of the latest connection of each. */
  readonly #sids = new Map<string, number>();

  constructor(chronicle: Chronicle, open: Open) {
    this.#chronicle = chronicle;
    this.#open = open;
  }

  /** `client-3` dials a replica: the third that was opened. */
  dialed(client: string, sid: number): void {
    const name = this.#names[Number(client.slice('client-'.length)) - 1];
    if (name !== undefined) this.#sids.set(name, sid);
  }

  of(name: string): Client {
    const client = this.#clients.get(name);
    if (client === undefined) throw new Error(`scenario: ${name} was never connected`);
    return client;
  }

  sessionOf(name: string): { readonly id: string; readonly password: Uint8Array } {
    const { sessionId, sessionPassword } = this.of(name);
    return { id: sessionId, password: sessionPassword };
  }

  connect(name: string, sids: readonly number[], options: ClientOptions): Promise<void> {
    this.#names.push(name);
    const say = (text: string) => this.#chronicle.client(name, text);
    const onState = (state: ClientState) => {
      const text = states[state];
      const where = state === 'connected' || state === 'readOnly' ? ` ${this.#sids.get(name)}` : '';
      if (text !== null) say(`${text}${where}`);
    };
    // The first replica is the one that is named first.
    const random = () => 1 - Number.EPSILON;
    const client = this.#open({ ...options, sids, onState, random });
    this.#clients.set(name, client);
    return client.connected().then(
      () => {},
      () => {},
    );
  }

  /** Does it; resolves when its outcome has been told. */
  async run(name: string, verb: string, words: readonly string[]): Promise<void> {
    const client = this.of(name);
    const say = (text: string) => this.#chronicle.client(name, text);
    try {
      say(await operate(client, verb, words, say));
    } catch (failure) {
      const text = (failure as Error).message;
      const about = /: \//.test(text) ? '' : ` (${[verb, ...words].join(' ')})`;
      say(`is told: ${text}${about}`);
    }
  }
}
