/**
 * The ZooKeeper client: every operation of the protocol as a method that returns a promise, over
 * one session that moves from server to server.
 *
 * Methods check their arguments before anything is sent, so a bad path fails with BadArgumentsError
 * without a round trip. Operations are sent in the order in which they are called and take effect
 * in that order. All of it works against Apache ZooKeeper as well.
 */

import { ErrorCode } from '../protocol/error-code.ts';
import { writeMultiRequest } from '../protocol/multi.ts';
import { Opcode } from '../protocol/opcode.ts';
import { configPath } from '../protocol/path.ts';
import type { Acl, Stat } from '../protocol/record.ts';
import type { ClientInfo, ReplyBody, ReplyOp } from '../protocol/replies.ts';
import { readClientInfos } from '../protocol/replies.ts';
import type { RequestBody, RequestOp } from '../protocol/requests.ts';
import { WatcherType } from '../protocol/requests.ts';
import type { Call, DataAndStat } from './call.ts';
import { callOf, createCall, ownData } from './call.ts';
import { Chroot } from './chroot.ts';
import { parseConnectString, ServerList } from './connect-string.ts';
import type { CreateOptions, Data } from './create.ts';
import { createRequestOf, dataBytes } from './create.ts';
import { ConnectionLossError, SessionExpiredError } from './errors.ts';
import type { ReadOp, ReadResult, WriteOp, WriteResult } from './multi.ts';
import { multiRequestOf, readReadResults, readWriteResults } from './multi.ts';
import type { CallOptions, ClientOptions, ClientState, Settings } from './options.ts';
import { settingsOf } from './options.ts';
import { Session } from './session.ts';
import type { WatchKind, WatchListener } from './watch-event.ts';
import type { WatchStream } from './watch-stream.ts';
import { WatchTable } from './watch-table.ts';
import type { PersistentKind, WatchOptions } from './watches.ts';
import { Watches } from './watches.ts';

export { ErrorCode } from '../protocol/error-code.ts';
export type { Acl, Id, Stat } from '../protocol/record.ts';
export { openAcl, Permission, readOnlyAcl } from '../protocol/record.ts';
export { CreateMode, WatcherType } from '../protocol/requests.ts';
export type { DataAndStat } from './call.ts';
export type { ClientClock } from './clock.ts';
export type { CreateOptions, Data } from './create.ts';
export type { ByteStream, Dial } from './dial.ts';
export * from './errors.ts';
export type { ReadOp, ReadResult, WriteOp, WriteResult } from './multi.ts';
export { MultiError, op } from './multi.ts';
export type { CallOptions, ClientOptions, ClientState } from './options.ts';
export type * from './watch-event.ts';
export type { WatchStream } from './watch-stream.ts';
export type { WatchOptions } from './watches.ts';

/** A read that may leave a one-shot watch behind: its listener is called once. */
export interface ReadOptions extends CallOptions {
  watch?: WatchListener;
}

export interface Reconfiguration {
  joining?: string;
  leaving?: string;
  newMembers?: string;
  /** The version of the configuration to change; default: any. */
  fromConfig?: number;
}

/** Opens a session; resolves when it is connected. Rejects, and leaves nothing, if it never is. */
export async function connect(connectString: string, options: ClientOptions = {}): Promise<Client> {
  const client = new Client(connectString, options);
  try {
    await client.connected();
  } catch (error) {
    await client.close();
    throw error;
  }
  return client;
}

export class Client {
  readonly #settings: Settings;
  readonly #chroot: Chroot;
  readonly #session: Session;
  readonly #watches: Watches;
  readonly #listeners = new Set<(state: ClientState) => void>();

  /** Starts connecting at once; operations may be called right away and wait. */
  constructor(connectString: string, options: ClientOptions = {}) {
    const { servers, chroot } = parseConnectString(connectString);
    this.#settings = settingsOf(options, servers.length);
    this.#chroot = new Chroot(chroot);
    if (options.onState !== undefined) this.#listeners.add(options.onState);
    const table = new WatchTable(this.#chroot);
    const list = new ServerList(servers, this.#settings.random);
    this.#session = new Session(this.#settings, list, table, (state) => this.#stateChanged(state));
    this.#watches = new Watches(this.#session, table, this.#chroot, {
      isRenewed: this.#settings.renewSession,
      arm: (kind, path, listener) => this.#arm(kind, path, listener),
    });
    this.#session.start();
  }

  get state(): ClientState {
    return this.#session.state;
  }

  /** 16 hex digits; all zero while there is no session. */
  get sessionId(): string {
    return this.#session.id;
  }

  get sessionPassword(): Buffer {
    return this.#session.password;
  }

  /** As the server granted it. */
  get sessionTimeoutMs(): number {
    return this.#session.timeoutMs;
  }

  /** The highest zxid of any reply or event so far. */
  get lastZxid(): number {
    return this.#session.lastZxid;
  }

  /** Calls `listener` on each change of state; the function returned ends that. */
  onState(listener: (state: ClientState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the client is connected; rejects when it is lost, or not connected in time. */
  connected(withinMs: number = this.#settings.connectWithinMs): Promise<void> {
    return new Promise((resolve, reject) => {
      let release = () => {};
      const check = (state: ClientState) => {
        if (state === 'connecting' || state === 'suspended') return;
        if (state === 'lost' && this.#settings.renewSession) return;
        release();
        if (state === 'connected' || state === 'readOnly') resolve();
        else reject(new SessionExpiredError(null, `client is ${state}`));
      };
      const unlisten = this.onState(check);
      const cancel = this.#settings.clock.timer(withinMs, () => {
        release();
        reject(new ConnectionLossError(null, `no server accepted the session in ${withinMs} ms`));
      });
      release = () => {
        unlisten();
        cancel();
      };
      check(this.state);
    });
  }

  /** Creates a znode; returns its path, which a sequential mode extends by a number. */
  async create(
    path: string,
    data: Data = null,
    options: CreateOptions & CallOptions = {},
  ): Promise<string> {
    const call = createCall(createRequestOf(this.#chroot, path, data, options), path);
    return this.#chroot.strip((await this.#session.submit(call, options)).path ?? '');
  }

  /** As create, and returns the Stat of the new znode too. */
  async createWithStat(
    path: string,
    data: Data = null,
    options: CreateOptions & CallOptions = {},
  ): Promise<{ path: string; stat: Stat }> {
    const call = createCall(createRequestOf(this.#chroot, path, data, options, true), path);
    const reply = await this.#session.submit(call, options);
    return { path: this.#chroot.strip(reply.path ?? ''), stat: reply.stat! };
  }

  async delete(path: string, version = -1, options?: CallOptions): Promise<void> {
    await this.#call(Opcode.delete, path, { path: this.#chroot.add(path), version }, options);
  }

  /** The Stat of a znode, or null when there is none. A watch is set in both cases. */
  async exists(path: string, options: ReadOptions = {}): Promise<Stat | null> {
    const full = this.#chroot.add(path);
    const body = { path: full, watch: options.watch !== undefined };
    const statOf = (reply: { stat: Stat }): Stat | null => reply.stat;
    const recover = (code: number) => (code === ErrorCode.noNode ? null : undefined);
    const call = { ...callOf(Opcode.exists, path, body, statOf), recover };
    return this.#read(call, 'exists', full, options);
  }

  async getData(path: string, options: ReadOptions = {}): Promise<DataAndStat> {
    const full = this.#chroot.add(path);
    const body = { path: full, watch: options.watch !== undefined };
    return this.#read(callOf(Opcode.getData, path, body, ownData), 'data', full, options);
  }

  async setData(path: string, data: Data, version = -1, options?: CallOptions): Promise<Stat> {
    const body = { path: this.#chroot.add(path), data: dataBytes(data), version };
    return (await this.#call(Opcode.setData, path, body, options)).stat;
  }

  /** The names of the children, in no order, and the Stat of the parent. */
  async getChildren(
    path: string,
    options: ReadOptions = {},
  ): Promise<{ children: string[]; stat: Stat }> {
    const full = this.#chroot.add(path);
    const body = { path: full, watch: options.watch !== undefined };
    const call = callOf(Opcode.getChildren2, path, body, (reply) => reply);
    const { children, stat } = await this.#read(call, 'children', full, options);
    return { children: children ?? [], stat };
  }

  async getAcl(path: string, options?: CallOptions): Promise<{ acl: readonly Acl[]; stat: Stat }> {
    const body = { path: this.#chroot.add(path) };
    const { acl, stat } = await this.#call(Opcode.getAcl, path, body, options);
    return { acl: acl ?? [], stat };
  }

  /** `version` is the aversion of the znode's Stat. */
  async setAcl(
    path: string,
    acl: readonly Acl[],
    version = -1,
    options?: CallOptions,
  ): Promise<Stat> {
    const body = { path: this.#chroot.add(path), acl, version };
    return (await this.#call(Opcode.setAcl, path, body, options)).stat;
  }

  /** Reads that follow see everything that was committed before this was called. */
  async sync(path = '/', options?: CallOptions): Promise<string> {
    const body = { path: this.#chroot.add(path) };
    const reply = await this.#call(Opcode.sync, path, body, options);
    return this.#chroot.strip(reply.path ?? '');
  }

  /** Does all operations, or none: then it rejects with MultiError. Make them with `op`. */
  async multi(ops: readonly WriteOp[], options?: CallOptions): Promise<WriteResult[]> {
    const requests = ops.map((item) => multiRequestOf(item, this.#chroot));
    const call: Call<WriteResult[]> = {
      op: Opcode.multi,
      path: null,
      encode: (writer) => writeMultiRequest(writer, requests),
      decode: (reader) => readWriteResults(reader, ops, this.#chroot),
    };
    return this.#session.submit(call, options);
  }

  /** Several reads of one state of the tree; each has a result or an error of its own. */
  async multiRead(ops: readonly ReadOp[], options?: CallOptions): Promise<ReadResult[]> {
    const requests = ops.map((item) => multiRequestOf(item, this.#chroot));
    const call: Call<ReadResult[]> = {
      op: Opcode.multiRead,
      path: null,
      encode: (writer) => writeMultiRequest(writer, requests),
      decode: (reader) => readReadResults(reader, ops),
    };
    return this.#session.submit(call, options);
  }

  /** Proves an identity, now and on every later connection of this client. */
  async addAuth(scheme: string, auth: Uint8Array | string, options?: CallOptions): Promise<void> {
    await this.#session.addAuth({ scheme, auth }, options);
  }

  /** The ephemeral znodes of this session whose path starts with `prefix`. */
  async getEphemerals(prefix = '/', options?: CallOptions): Promise<string[]> {
    const body = { prefixPath: this.#chroot.add(prefix) };
    const { ephemerals } = await this.#call(Opcode.getEphemerals, prefix, body, options);
    const own = (ephemerals ?? []).filter((path) => this.#chroot.holds(path));
    return own.map((path) => this.#chroot.strip(path));
  }

  /** How many znodes lie below `path`, at any depth. */
  async getAllChildrenNumber(path: string, options?: CallOptions): Promise<number> {
    const body = { path: this.#chroot.add(path) };
    return (await this.#call(Opcode.getAllChildrenNumber, path, body, options)).totalNumber;
  }

  async whoAmI(options?: CallOptions): Promise<ClientInfo[]> {
    const call: Call<ClientInfo[]> = {
      op: Opcode.whoAmI,
      path: null,
      encode() {},
      decode: readClientInfos,
    };
    return this.#session.submit(call, options);
  }

  /** The ensemble's configuration; its path is outside any chroot. */
  async getConfig(options: ReadOptions = {}): Promise<DataAndStat> {
    const body = { path: configPath, watch: options.watch !== undefined };
    const call = callOf(Opcode.getData, configPath, body, ownData);
    return this.#read(call, 'data', configPath, options);
  }

  /** Changes the ensemble: servers by joining and leaving, or all by newMembers. */
  async reconfig(change: Reconfiguration, options?: CallOptions): Promise<DataAndStat> {
    const body = {
      joiningServers: change.joining ?? null,
      leavingServers: change.leaving ?? null,
      newMembers: change.newMembers ?? null,
      curConfigId: change.fromConfig ?? -1,
    };
    return ownData(await this.#call(Opcode.reconfig, configPath, body, options));
  }

  /** A watch as a stream of events: `for await (const event of client.watch('/a'))`. */
  watch(path: string, options: WatchOptions = {}): WatchStream {
    return this.#watches.open(path, options);
  }

  /** Calls `listener` on every event until removeWatches, over reconnections too (see GapEvent). */
  addWatch(
    path: string,
    kind: PersistentKind,
    listener: WatchListener,
    options?: CallOptions,
  ): Promise<void> {
    return this.#watches.add(path, kind, listener, options);
  }

  /** Removes all watches of a type on `path`; NoWatcherError when there are none. */
  removeWatches(
    path: string,
    type: WatcherType = WatcherType.any,
    options?: CallOptions,
  ): Promise<void> {
    return this.#watches.removeAll(path, type, options);
  }

  /** Has the server a watch of this type and client on `path`? */
  checkWatches(
    path: string,
    type: WatcherType = WatcherType.any,
    options?: CallOptions,
  ): Promise<boolean> {
    return this.#watches.check(path, type, options);
  }

  /** Ends the session and removes its ephemerals, if a server can be reached; never rejects. */
  close(): Promise<void> {
    return this.#session.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #stateChanged(state: ClientState): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(state);
      } catch (error) {
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }

  #call<Op extends RequestOp & ReplyOp>(
    op: Op,
    path: string | null,
    body: RequestBody<Op>,
    options?: CallOptions,
  ): Promise<ReplyBody<Op>> {
    return this.#session.submit(
      callOf(op, path, body, (reply) => reply),
      options,
    );
  }

  #read<T>(call: Call<T>, kind: WatchKind, full: string, options: ReadOptions): Promise<T> {
    const { watch } = options;
    const armed = watch === undefined ? call : this.#watches.armed(call, kind, full, watch);
    return this.#session.submit(armed, options);
  }

  #arm(kind: WatchKind, path: string, watch: WatchListener): Promise<unknown> {
    const options = { watch, timeoutMs: Number.POSITIVE_INFINITY };
    if (kind === 'data') return this.getData(path, options);
    return kind === 'children' ? this.getChildren(path, options) : this.exists(path, options);
  }
}
