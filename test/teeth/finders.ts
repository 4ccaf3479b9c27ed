/**
 * Those who look for a mutant, each in processes of its own: seeds of the simulation one by one,
 * the model within its bounds, the crashes of a scenario.
 */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeScratch, whyNoRecorder } from '../crash/recording.ts';
import { changesOf, type Mutant } from './mutant.ts';
import type { Asked, Told } from './probe.ts';

const here = dirname(fileURLToPath(import.meta.url));
const loader = join(here, '../support/run-ts.mjs');
const execArgv = ['--import', loader];
/** A seed that takes longer does not end. */
const seedSecondsMax = 180;
const modelSecondsMax = 60;

export interface Seen {
  readonly invariant: string;
  readonly text: string;
}

function environment(mutant: Mutant | null): NodeJS.ProcessEnv {
  const { NATSKEEPER_MUTANT: _, NATSKEEPER_PROOF_DIR: __, ...env } = process.env;
  if (mutant === null) return env;
  return { ...env, NATSKEEPER_MUTANT: JSON.stringify(changesOf(mutant)) };
}

/** A mutant that cannot be made is not found by that. */
function changeFault(complaint: string): Error | null {
  const line = /^Error: (mutant: .*)$/m.exec(complaint)?.[1];
  return line === undefined ? null : new Error(line);
}

/** Runs seeds one after the other, in one process as long as that lives. */
export class SeedRunner {
  readonly #mutant: Mutant | null;
  #child: ChildProcess | null = null;
  #secondsBefore = 0;
  #seconds = 0;

  constructor(mutant: Mutant | null) {
    this.#mutant = mutant;
  }

  /** CPU time of all that it has run. */
  get cpuSeconds(): number {
    return this.#secondsBefore + this.#seconds;
  }

  /** The first that was found; null when all is well. */
  run(asked: Asked): Promise<Seen | null> {
    this.#child ??= this.#start();
    const child = this.#child;
    let complaint = '';
    child.stderr!.on('data', (text: string) => {
      complaint += text;
    });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), seedSecondsMax * 1000);
      const end = (seen: Seen | null) => {
        clearTimeout(timer);
        child.removeAllListeners('message').removeAllListeners('close');
        child.stderr!.removeAllListeners('data');
        resolve(seen);
      };
      child.once('message', ({ findings, cpuSeconds }: Told) => {
        this.#seconds = cpuSeconds;
        end(findings[0] ?? null);
      });
      child.once('close', (_, signal) => {
        this.#child = null;
        const fault = changeFault(complaint);
        if (fault !== null) return reject(fault);
        this.#secondsBefore += Number(/^cpu ([\d.]+)$/m.exec(complaint)?.[1] ?? this.#seconds);
        this.#seconds = 0;
        const reason = /^\w*(?:Error|Failure).*$/m.exec(complaint)?.[0] ?? complaint.trim();
        if (signal === null) end({ invariant: 'assertion', text: reason });
        else end({ invariant: 'L3', text: `no end within ${seedSecondsMax} s` });
      });
      child.send(asked);
    });
  }

  #start(): ChildProcess {
    const child = fork(join(here, 'probe.ts'), {
      ...{ execArgv, env: environment(this.#mutant) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr!.setEncoding('utf8');
    return child;
  }

  stop(): void {
    this.#child?.removeAllListeners('close');
    this.#child?.kill();
    this.#child = null;
  }
}

export interface Look {
  readonly seen: Seen | null;
  readonly cpuSeconds: number;
}

/** What a program of ours finds that ends with 1 when it does. */
async function look(mutant: Mutant | null, path: string, args: readonly string[]): Promise<Look> {
  const child = spawn(
    process.execPath,
    [...execArgv, join(here, 'measured.ts'), join(here, path), ...args],
    { env: environment(mutant) },
  );
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const code = await new Promise((ended) => child.on('close', ended));
  const { stdout, stderr } = output;
  const cpuSeconds = Number(/^cpu ([\d.]+)$/m.exec(stdout)?.[1] ?? 0);
  const fault = changeFault(stderr);
  if (fault !== null) throw fault;
  if (code === 0) return { seen: null, cpuSeconds };
  const said = [...stdout.split('\n'), ...stderr.split('\n')];
  const first = (pattern: RegExp) => said.find((line) => pattern.test(line));
  const reason = first(/^at \d|^[ZCL]\d+ /) ?? first(/^(Storage|Assertion)\w+: /);
  const text = reason ?? first(/Error|Failure/) ?? `ended with ${code}`;
  const invariant = /\b[ZCL]\d+\b/.exec(text)?.[0] ?? 'assertion';
  return { seen: { invariant, text }, cpuSeconds };
}

/** `bounds` as in test/model/bounds.ts. */
export function lookInModel(
  mutant: Mutant | null,
  bounds: string,
  secondsMax = modelSecondsMax,
): Promise<Look> {
  const args = ['--model', bounds, '--seconds', String(secondsMax)];
  return look(mutant, '../model/main.ts', args);
}

export const mayLookAtCrashes = whyNoRecorder === null;

/** `scenario` as in test/crash/scenarios.ts. */
export async function lookAtCrashes(mutant: Mutant | null, scenario: string): Promise<Look> {
  const scratch = makeScratch();
  try {
    const { seen, cpuSeconds } = await look(mutant, 'crash-probe.ts', [scenario, scratch]);
    // A start that refuses, or that finds less than was answered.
    const invariant = /Error|Failure/.test(seen?.text ?? '') ? 'L3' : 'Z10';
    return { seen: seen && { ...seen, invariant }, cpuSeconds };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
