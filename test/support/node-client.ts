/**
 * The npm client node-zookeeper-client with promises and types, as far as tests use it. It is a
 * client that others wrote: whatever it cannot do against our server is our fault.
 */

import { createRequire } from 'node:module';

type Done<T> = (error: Error | null, value: T) => void;

export interface NodeEvent {
  getName(): string;
  getPath(): string;
}

export interface NodeStat {
  version: number;
  numChildren: number;
  dataLength: number;
}

export interface NodeResult {
  type: string;
  path?: string;
}

export interface NodeAcl {
  permission: number;
  id: { scheme: string; id: string };
}

interface Transaction {
  create(path: string, data: Buffer): Transaction;
  setData(path: string, data: Buffer): Transaction;
  check(path: string, version?: number): Transaction;
  remove(path: string): Transaction;
  commit(done: Done<NodeResult[]>): void;
}

interface RawNodeClient {
  once(event: string, listener: () => void): void;
  connect(): void;
  close(): void;
  addAuthInfo(scheme: string, auth: Buffer): void;
  create(path: string, data: Buffer, acls: unknown, mode: number, done: Done<string>): void;
  exists(path: string, watcher: ((event: NodeEvent) => void) | null, done: Done<NodeStat>): void;
  getData(
    path: string,
    watcher: ((event: NodeEvent) => void) | null,
    done: (error: Error | null, data: Buffer, stat: NodeStat) => void,
  ): void;
  setData(path: string, data: Buffer, version: number, done: Done<NodeStat>): void;
  getChildren(
    path: string,
    watcher: ((event: NodeEvent) => void) | null,
    done: (error: Error | null, children: string[], stat: NodeStat) => void,
  ): void;
  getACL(path: string, done: Done<NodeAcl[]>): void;
  setACL(path: string, acls: unknown, version: number, done: Done<NodeStat>): void;
  remove(path: string, version: number, done: Done<undefined>): void;
  transaction(): Transaction;
}

interface NodeLibrary {
  createClient(servers: string, options: { sessionTimeout: number }): RawNodeClient;
  CreateMode: { PERSISTENT: number; EPHEMERAL: number; PERSISTENT_SEQUENTIAL: number };
  ACL: { OPEN_ACL_UNSAFE: unknown; CREATOR_ALL_ACL: unknown };
}

export const nodeLibrary = createRequire(import.meta.url)('node-zookeeper-client') as NodeLibrary;

/** Turns a call that ends in a callback into a promise. */
export function promised<T>(call: (done: Done<T>) => void): Promise<T> {
  return new Promise((done, failed) => {
    call((error, value) => (error ? failed(error) : done(value)));
  });
}

export async function connectNodeClient(port: number): Promise<RawNodeClient> {
  const client = nodeLibrary.createClient(`127.0.0.1:${port}`, { sessionTimeout: 20_000 });
  await new Promise<void>((done) => {
    client.once('connected', done);
    client.connect();
  });
  return client;
}
