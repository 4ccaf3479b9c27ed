/**
 * The bus over NATS; with bus-transport.ts all that knows its client. It promises what
 * actors/bus.ts says and no more: at most once, in order while connected, a gap after every loss of
 * the connection.
 *
 * The client's own way of reconnecting is not used, for it buffers what is published meanwhile and
 * sends it as a burst. Each connection is a new one; we hold the subscriptions and renew them.
 * Nothing is allocated per frame beyond what the client does, and no frame has headers.
 */

import type { Authenticator, ConnectionOptions, Msg, NatsConnection, TlsOptions } from 'nats';
import {
  credsAuthenticator,
  NatsConnectionImpl,
  nkeyAuthenticator,
  setTransportFactory,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
} from 'nats';
import { nodeResolveHost } from 'nats/lib/node_transport.js';
import type { Bus, FrameHandler, Subscription } from './bus.ts';
import { FrameCutter, frameBytesMax, needsParts, PartJoiner, partMark } from './bus-parts.ts';
import { BusTransport } from './bus-transport.ts';
import type { Clock, Timer } from './clock.ts';
import type { Fields, Notes } from './note.ts';
import type { Random } from './random.ts';

export type NatsAuth =
  | { readonly user: string; readonly pass: string }
  | { readonly token: string }
  /** The text of an nkey seed, SU… */
  | { readonly nkeySeed: string }
  /** The bytes of a credentials file. */
  | { readonly creds: Uint8Array };

export interface NatsBusOptions {
  /** Addresses of brokers, also as a comma list: `nats://host:4222`, `tls://user:pass@host`. */
  readonly servers: string | readonly string[];
  /** Shown in the broker's connection list: ensemble, sid, incarnation and role. */
  readonly name: string;
  readonly auth?: NatsAuth;
  /** As text, for the client reads files while it listens to no error; {} requires TLS. */
  readonly tls?: Pick<TlsOptions, 'ca' | 'cert' | 'key' | 'handshakeFirst'>;
  /** Where answers to probes arrive; the account must allow to subscribe below it. */
  readonly inboxPrefix?: string;
  readonly notes: Notes;
  readonly clock: Clock;
  readonly random: Random;
}

const dialMsMax = 2000;
/** A silent broker is given up after three to four of these. */
const pingMs = 1000;
const pingsMax = 2;
const retryMs = 50;
const retrySpreadMs = 20;
/** How long close() may take to bring out what was published. */
const flushMsMax = 500;
/** The same complaint is written once per this. */
const noteMs = 5000;
const staleCheckMs = 5000;
const partBytesMax = 256 * 1024;
/** Bounds the probes whose absence can still be told; an older one is overwritten. */
const probesMax = 1024;
const noResponders = 503;

interface Entry {
  readonly id: number;
  readonly subject: string;
  readonly isPattern: boolean;
  readonly handle: FrameHandler;
  /** Ends the subscription on the present connection. */
  cancel: () => void;
}

interface Probe {
  readonly number: number;
  readonly absent: () => void;
}

export class NatsBus implements Bus {
  onConnection: (isConnected: boolean) => void = () => {};
  readonly #options: NatsBusOptions;
  readonly #dialOptions: ConnectionOptions;
  /** What we are connected by; null while we are not. */
  #connection: NatsConnection | null = null;
  #ended: Promise<void> | null = null;
  #wake: () => void = () => {};

  readonly #entries = new Map<number, Entry>();
  #lastId = 0;
  readonly #cutter: FrameCutter;
  readonly #joiner = new PartJoiner();
  readonly #staleCheck: Timer;
  readonly #inbox: string;
  /** A ring: the probe of a number is at its remainder. Overwritten, never grown. */
  readonly #probes: (Probe | null)[] = new Array(probesMax).fill(null);
  #lastProbe = 0;

  /** When a complaint was last written, and how many have not been since. */
  readonly #complaints = new Map<string, { atMs: number; untold: number }>();

  /**
   * Returns at once; connects in the background and keeps trying for ever. Throws if an address or
   * a credential cannot be read.
   */
  static open(options: NatsBusOptions): NatsBus {
    const bus = new NatsBus(options);
    void bus.#run();
    return bus;
  }

  private constructor(options: NatsBusOptions) {
    this.#options = options;
    this.#dialOptions = dialOptions(options, () => {
      if (this.#ended !== null) throw new Error('the bus is closed');
      return 0;
    });
    this.#cutter = new FrameCutter(options.random);
    const nonce = options.random.bytes(12).toString('hex');
    this.#inbox = `${options.inboxPrefix ?? '_INBOX'}.${nonce}`;
    this.#staleCheck = options.clock.every(staleCheckMs, () =>
      this.#joiner.dropStale(options.clock.monotonicMs()),
    );
  }

  get isConnected(): boolean {
    return this.#connection !== null;
  }

  publish(subject: string, frame: Uint8Array): void {
    this.#send(subject, frame, undefined);
  }

  probe(subject: string, frame: Uint8Array, absent: () => void): void {
    if (this.#connection === null) return;
    const number = ++this.#lastProbe;
    this.#probes[number % probesMax] = { number, absent };
    this.#send(subject, frame, { reply: `${this.#inbox}.${number}` });
  }

  subscribe(subject: string, handler: FrameHandler): Subscription {
    const id = ++this.#lastId;
    const isPattern = subject.endsWith('.>');
    const entry: Entry = { id, subject, isPattern, handle: handler, cancel: () => {} };
    if (this.#ended === null) this.#entries.set(id, entry);
    if (this.#connection !== null) this.#listen(this.#connection, entry);
    return {
      cancel: () => {
        if (this.#entries.delete(id)) entry.cancel();
      },
    };
  }

  /** Resolves when the broker has read all that was published so far; rejects if it goes away. */
  async flush(): Promise<void> {
    if (this.#connection === null) throw new Error('not connected to a NATS server');
    await this.#connection.flush();
  }

  /** Hands on nothing more; what was published before still goes out, if it can at once. */
  close(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  async #end(): Promise<void> {
    this.#staleCheck.cancel();
    this.#wake();
    const connection = this.#connection;
    this.#connection = null;
    this.#entries.clear();
    this.#joiner.clear();
    if (connection === null) return;
    const flushed = connection.flush().catch(() => {});
    await Promise.race([flushed, this.#pause(flushMsMax)]);
    this.#wake();
    await connection.close();
  }

  // Connecting.

  async #run(): Promise<void> {
    const { random } = this.#options;
    while (this.#ended === null) {
      try {
        const connection = await dial(this.#dialOptions);
        if (this.#ended !== null) return await connection.close();
        this.#adopt(connection);
        void this.#watch(connection);
        const reason = await connection.closed();
        this.#lose(connection, reason instanceof Error ? reason.message : 'connection closed');
        // Whoever lost the same broker now does not come back in the same instant.
        await this.#pause(random.unit() * retrySpreadMs);
      } catch (error) {
        if (this.#ended !== null) return;
        const servers = String(this.#dialOptions.servers);
        this.#complain('warn', 'cannot connect to NATS', error, { servers });
        await this.#pause(retryMs + random.unit() * retrySpreadMs);
      }
    }
  }

  #adopt(connection: NatsConnection): void {
    if (connection.isClosed()) throw new Error('the connection broke at once');
    this.#connection = connection;
    connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, answer) => this.#attempt('a probe', () => this.#answered(error, answer)),
    });
    for (const entry of this.#entries.values()) this.#listen(connection, entry);
    this.#complaints.clear();
    const version = connection.info?.version ?? '';
    this.#options.notes.info('connected to NATS', { server: connection.getServer(), version });
    this.#attempt('a listener', () => this.onConnection(true));
  }

  #lose(connection: NatsConnection, reason: string): void {
    if (this.#connection !== connection) return;
    this.#connection = null;
    // What comes next comes after a gap: nothing that was begun can be finished.
    this.#joiner.clear();
    this.#probes.fill(null);
    this.#options.notes.warn('connection to NATS lost', { reason });
    this.#attempt('a listener', () => this.onConnection(false));
  }

  async #watch(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'staleConnection') {
        // The client would first wait until the silent broker has read what is under way.
        this.#lose(connection, 'the NATS server is silent');
        await connection.close();
      } else if (status.type === 'ldm') {
        this.#options.notes.info('the NATS server will stop', { server: status.server });
      } else if (status.type === 'error') {
        this.#complain('warn', 'refused by the NATS server', status.error);
      }
    }
  }

  /** Returns after the time, or at a wake. */
  #pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = this.#options.clock.after(ms, done);
      this.#wake = () => {
        timer.cancel();
        done();
      };
    });
  }

  // Sending.

  #send(subject: string, frame: Uint8Array, options: { reply: string } | undefined): void {
    const connection = this.#connection;
    const payloadBytesMax = connection?.info?.max_payload;
    if (connection === null || payloadBytesMax === undefined) return;
    try {
      if (!needsParts(frame, payloadBytesMax)) return connection.publish(subject, frame, options);
      if (frame.length > frameBytesMax) throw new Error(`it has ${frame.length} bytes`);
      const bytesMax = Math.min(partBytesMax, Math.ceil(payloadBytesMax / 2));
      for (const part of this.#cutter.cut(frame, bytesMax)) {
        connection.publish(subject, part, options);
      }
    } catch (error) {
      this.#complain('error', 'a frame was not published', error, { subject });
    }
  }

  // Hearing. Nothing may escape from here: the client would stop reading.

  #listen(connection: NatsConnection, entry: Entry): void {
    const { subject } = entry;
    try {
      const subscription = connection.subscribe(subject, {
        callback: (error, message) => {
          if (error === null) this.#hear(entry, message);
          else this.#complain('warn', 'a subscription failed', error, { subject });
        },
      });
      entry.cancel = () => subscription.unsubscribe();
    } catch (error) {
      this.#complain('error', 'a subscription failed', error, { subject });
    }
  }

  #hear(entry: Entry, message: Msg): void {
    // A bus that is closed still reads while it brings out its last frames.
    if (!this.#entries.has(entry.id)) return;
    try {
      const data = message.data;
      const frame =
        data[0] === partMark
          ? this.#joiner.join(entry.id, data, this.#options.clock.monotonicMs())
          : data;
      if (frame !== null) entry.handle(frame, entry.isPattern ? message.subject : entry.subject);
    } catch (error) {
      this.#complain('error', 'a handler of the bus failed', error, { subject: entry.subject });
    }
  }

  #answered(error: Error | null, answer: Msg): void {
    if (error !== null) throw error;
    if (answer.headers?.code !== noResponders) return;
    const number = Number(answer.subject.slice(this.#inbox.length + 1));
    const probe = this.#probes[number % probesMax];
    if (probe?.number !== number || this.#connection === null) return;
    this.#probes[number % probesMax] = null;
    probe.absent();
  }

  #attempt(what: string, task: () => void): void {
    try {
      task();
    } catch (error) {
      this.#complain('error', `${what} of the bus failed`, error);
    }
  }

  /** Writes a complaint, but not each time: an error if we are the cause, with its trace. */
  #complain(level: 'warn' | 'error', message: string, error: unknown, more: Fields = {}): void {
    const nowMs = this.#options.clock.monotonicMs();
    const last = this.#complaints.get(message);
    if (last !== undefined && nowMs - last.atMs < noteMs) {
      last.untold++;
      return;
    }
    this.#complaints.set(message, { atMs: nowMs, untold: 0 });
    const trace = error instanceof Error && level === 'error' ? error.stack : undefined;
    const reason = trace ?? (error instanceof Error ? error.message : String(error));
    this.#options.notes[level](message, { ...more, reason, untold: last?.untold ?? 0 });
  }
}

/** As the client's connect(), with our transport. */
function dial(options: ConnectionOptions): Promise<NatsConnection> {
  const factory = () => new BusTransport();
  setTransportFactory({ factory, dnsResolveFn: nodeResolveHost });
  return NatsConnectionImpl.connect(options);
}

function dialOptions(options: NatsBusOptions, retryDelay: () => number): ConnectionOptions {
  const { servers, name, auth, tls, inboxPrefix } = options;
  const listed = typeof servers === 'string' ? servers.split(',') : servers;
  const addresses = listed.filter((text) => text.trim() !== '').map(addressOf);
  if (addresses.length === 0) throw new Error('no address of a NATS server is given');
  const login = auth ?? addresses.find((address) => address.login !== null)?.login ?? null;
  const authenticator = login === null ? null : authenticatorOf(login);
  // A credential that cannot be read is found here, not at every attempt.
  authenticator?.('nonce');
  const needsTls = tls !== undefined || addresses.some((address) => address.isTls);
  return {
    servers: addresses.map((address) => address.host),
    name,
    ...(authenticator === null ? {} : { authenticator }),
    ...(needsTls ? { tls: tls ?? {} } : {}),
    ...(inboxPrefix === undefined ? {} : { inboxPrefix }),
    reconnect: false,
    reconnectDelayHandler: retryDelay,
    timeout: dialMsMax,
    pingInterval: pingMs,
    maxPingOut: pingsMax,
    noEcho: true,
    noAsyncTraces: true,
    ignoreClusterUpdates: true,
  };
}

function authenticatorOf(auth: NatsAuth): Authenticator {
  if ('token' in auth) return tokenAuthenticator(auth.token);
  if ('nkeySeed' in auth) return nkeyAuthenticator(Buffer.from(auth.nkeySeed.trim()));
  if ('creds' in auth) return credsAuthenticator(auth.creds);
  return usernamePasswordAuthenticator(auth.user, auth.pass);
}

/** The client reads neither the scheme nor the login of an address; we do. */
function addressOf(text: string): { host: string; isTls: boolean; login: NatsAuth | null } {
  const match = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?([^@/]+)\/?$/.exec(text.trim());
  if (match === null) throw new Error('an address of a NATS server is not like nats://host:4222');
  const [, scheme, before, host = ''] = match;
  const [user = '', pass] = (before ?? '').split(':').map(decodeURIComponent);
  const login = pass === undefined ? { token: user } : { user, pass };
  return { host, isTls: scheme === 'tls', login: before === undefined ? null : login };
}
