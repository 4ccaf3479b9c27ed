/**
 * The programs of a workload: loops over simulated time that end when they are told to, the account
 * of how their operations went, and what they found wrong on the way.
 *
 * An operation is acknowledged, refused (an answer says that it was not done) or unknown (it may
 * have been done, or be done later). An answer that neither the program nor a fault accounts for is
 * a finding.
 */

import {
  type Client,
  ConnectionLossError,
  type CreateOptions,
  type Data,
  ErrorCode,
  OperationTimeoutError,
  ZooKeeperError,
} from '../../../client/client.ts';
import type { Finding, WorkloadClientOptions, WorkloadParts } from './workload.ts';

export type Outcome<T> =
  | { readonly kind: 'acknowledged'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: number }
  | { readonly kind: 'unknown' };

/** What faults bring: the request was not done. */
const expectedRefusals = new Set<number>([
  ErrorCode.sessionExpired,
  ErrorCode.sessionMoved,
  ErrorCode.throttledOp,
]);
/** The client's own word for an operation that its close cut short. */
const closedCode = -116;
const unknownCodes = new Set<number>([
  ...[ErrorCode.connectionLoss, ErrorCode.operationTimeout, ErrorCode.requestTimeout, closedCode],
]);
const findingsMax = 20;
/** After healing everything is answered within so much simulated time. */
const patienceMs = 90_000;
const operationTimeoutMs = 8_000;

export class Crew {
  readonly findings: Finding[] = [];
  readonly counts: { [what: string]: number } = {
    ...{ tried: 0, acknowledged: 0, refused: 0, unknown: 0 },
  };
  readonly clients: Client[] = [];
  isStopped = false;
  readonly #parts: WorkloadParts;
  readonly #programs: Promise<void>[] = [];

  constructor(parts: WorkloadParts) {
    this.#parts = parts;
  }

  /** A client that goes on with a new session when it has lost one. */
  open(options: WorkloadClientOptions = {}): Client {
    const { random } = this.#parts;
    const sessionTimeoutMs = 4_000 + random.below(8_000);
    const usual = { sessionTimeoutMs, operationTimeoutMs, renewSession: true };
    const client = this.#parts.open({ ...usual, ...options });
    this.clients.push(client);
    return client;
  }

  /** One replica in half of the cases, else all. */
  someSids(): { readonly sids?: readonly number[] } {
    const { random, voters } = this.#parts;
    return random.chance(0.5) ? { sids: [random.pick(voters)] } : {};
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  find(invariant: string, text: string): void {
    if (this.findings.length < findingsMax) this.findings.push({ invariant, text });
  }

  /** Finds `text` if it does not hold. */
  expect(holds: boolean, invariant: string, text: () => string): void {
    if (!holds) this.find(invariant, text());
  }

  /** Carries out an operation and takes account of it; `refusals`: answers that may be. */
  async attempt<T>(
    operation: () => Promise<T>,
    ...refusals: readonly number[]
  ): Promise<Outcome<T>> {
    this.count('tried');
    try {
      const value = await operation();
      this.count('acknowledged');
      return { kind: 'acknowledged', value };
    } catch (error) {
      const code = error instanceof ZooKeeperError ? error.code : null;
      if (code !== null && unknownCodes.has(code)) {
        this.count('unknown');
        return { kind: 'unknown' };
      }
      if (code === null || !(expectedRefusals.has(code) || refusals.includes(code))) {
        this.find('answers', `nothing accounts for ${error}`);
      }
      this.count('refused');
      return { kind: 'refused', code: code ?? ErrorCode.systemError };
    }
  }

  /** As attempt, for whoever needs an acknowledged value only. */
  async valueOf<T>(
    operation: () => Promise<T>,
    ...refusals: readonly number[]
  ): Promise<T | undefined> {
    const outcome = await this.attempt(operation, ...refusals);
    return outcome.kind === 'acknowledged' ? outcome.value : undefined;
  }

  /** Runs a program to its end; `stop` waits for it. */
  launch(program: () => Promise<void>): void {
    this.#programs.push(this.background(program));
  }

  /** Runs a program that may go on through the check; nobody waits for it. */
  async background(program: () => Promise<void>): Promise<void> {
    try {
      await program();
    } catch (failure) {
      this.find('program', `a program failed: ${(failure as Error)?.stack ?? failure}`);
    }
  }

  /** Runs `step` again and again with random pauses around `pauseMs`, until the end. */
  repeat(pauseMs: number, step: () => Promise<void>): void {
    this.launch(async () => {
      while (!this.isStopped) {
        await this.pause(pauseMs);
        if (!this.isStopped) await step();
      }
    });
  }

  /** A random time from half of `ms` to one and a half. */
  pause(ms: number): Promise<void> {
    const { schedule, random } = this.#parts;
    return schedule.sleep(ms * (0.5 + random.unit()));
  }

  /** Resolves when `holds`, at the latest after `withinMs`; tells whether it held. */
  async until(
    withinMs: number,
    holds: () => boolean | Promise<boolean>,
    everyMs = 100,
  ): Promise<boolean> {
    const { schedule } = this.#parts;
    const untilMs = schedule.nowMs + withinMs;
    while (!(await holds())) {
      if (schedule.nowMs >= untilMs) return false;
      await schedule.sleep(everyMs);
    }
    return true;
  }

  /** Makes a znode unless it is there already; tries until it is, or until the end. */
  async ensure(
    client: Client,
    path: string,
    data: Data = null,
    options: CreateOptions = {},
  ): Promise<void> {
    while (!this.isStopped) {
      const outcome = await this.attempt(
        () => client.create(path, data, options),
        ErrorCode.nodeExists,
      );
      if (outcome.kind === 'acknowledged') return;
      if (outcome.kind === 'refused' && outcome.code === ErrorCode.nodeExists) return;
      await this.pause(200);
    }
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    // A program may launch another before it ends.
    for (let ended = 0; ended < this.#programs.length; ended++) await this.#programs[ended];
  }

  /** Runs the check, through what may still be settling; returns all that was found. */
  async check(checking: () => Promise<void>): Promise<Finding[]> {
    await this.stop();
    try {
      await checking();
    } catch (failure) {
      this.find('program', `the check failed: ${(failure as Error)?.stack ?? failure}`);
    }
    await Promise.all(this.clients.map((client) => client.close()));
    return this.findings;
  }

  /** Repeats a read until it is answered. */
  async patiently<T>(operation: () => Promise<T>): Promise<T> {
    const { schedule } = this.#parts;
    const untilMs = schedule.nowMs + patienceMs;
    for (;;) {
      try {
        return await operation();
      } catch (error) {
        const isTransient =
          error instanceof ConnectionLossError || error instanceof OperationTimeoutError;
        if (!isTransient || schedule.nowMs > untilMs) throw error;
      }
      await schedule.sleep(200);
    }
  }

  /** The data of a znode as text, with its Stat; null when there is none. */
  async read(client: Client, path: string) {
    return this.patiently(async () => {
      try {
        const { data, stat } = await client.getData(path);
        return { data: `${data ?? ''}`, stat };
      } catch (error) {
        if (error instanceof ZooKeeperError && error.code === ErrorCode.noNode) return null;
        throw error;
      }
    });
  }

  /** Names of the children, sorted; none when there is no such znode. */
  async children(client: Client, path: string): Promise<string[]> {
    return this.patiently(async () => {
      try {
        return (await client.getChildren(path)).children.sort();
      } catch (error) {
        if (error instanceof ZooKeeperError && error.code === ErrorCode.noNode) return [];
        throw error;
      }
    });
  }

  /** Names, data and Stats of the children, in the order of their names. */
  async childrenData(client: Client, path: string) {
    const names = await this.children(client, path);
    const reads = await Promise.all(
      names.map(async (name) => {
        const read = await this.read(client, `${path}/${name}`);
        return read === null ? null : { name, ...read };
      }),
    );
    return reads.filter((read) => read !== null);
  }
}
