/**
 * Runs zkload against an ensemble and measures what the ensemble spends meanwhile. The measured
 * time begins when the warm-up is over: zkload's interval lines tell when.
 */

import type { ChildProcess } from 'node:child_process';
import type { Ensemble } from './ensemble.ts';
import type { Cost, Meter } from './meter.ts';
import type { Processes } from './processes.ts';
import type { Sample, Timeline } from './results.ts';

export interface LoadOptions {
  readonly seconds: number;
  readonly warm: number;
  /** Of throughput over time. */
  readonly intervalMs?: number;
  /** Instead of all voters. */
  readonly addresses?: string;
  /** Called when `ms` of the load have passed, over and over. */
  readonly onInterval?: (ms: number) => void;
}

export interface LoadOutcome {
  readonly sample: Sample;
  readonly timeline: Timeline;
}

/** What zkload prints in the end. */
interface LoadFigures {
  readonly ops_per_s: number;
  readonly reads_per_s: number;
  readonly writes_per_s: number;
  readonly read_us: { readonly p50: number; readonly p99: number; readonly p999: number };
  readonly write_us: { readonly p50: number; readonly p99: number; readonly p999: number };
  readonly errors: number;
  readonly reconnects: number;
}

const usualIntervalMs = 100;

export class LoadGenerator {
  readonly #program: string;
  readonly #processes: Processes;

  constructor(program: string, processes: Processes) {
    this.#program = program;
    this.#processes = processes;
  }

  async run(
    ensemble: Ensemble,
    load: readonly string[],
    options: LoadOptions,
  ): Promise<LoadOutcome> {
    const { seconds, warm, intervalMs = usualIntervalMs } = options;
    const leaderPid = (await ensemble.leader()).child?.pid ?? 0;
    const child = this.#processes.startTool([
      this.#program,
      ...['-s', options.addresses ?? ensemble.addresses, ...load],
      ...['-d', String(seconds), '-W', String(warm), '-i', String(intervalMs)],
    ]);
    const timeline: [number, number][] = [];
    let meter: Meter | null = null;
    let cost: Cost | null = null;
    let figures: LoadFigures | null = null;
    await eachLine(child, (line) => {
      const parsed = JSON.parse(line) as LoadFigures & { t_ms?: number };
      if (parsed.t_ms === undefined) {
        figures = parsed;
        cost = meter?.stop() ?? null;
        return;
      }
      timeline.push([parsed.t_ms, parsed.ops_per_s]);
      if (parsed.t_ms >= warm * 1000) meter ??= this.#processes.meter(ensemble.pids, child);
      options.onInterval?.(parsed.t_ms);
    });
    if (figures === null || cost === null) throw new Error('zkload has left no figures');
    if (isVoid(figures)) throw new Error(`nothing was answered in ${seconds} s`);
    return { sample: sampleOf(figures, cost, { leaderPid, ensemble }), timeline };
  }
}

/** Its percentiles would count as times of nothing. */
function isVoid({ ops_per_s }: LoadFigures): boolean {
  return ops_per_s === 0;
}

function sampleOf(
  figures: LoadFigures,
  cost: Cost,
  { leaderPid, ensemble }: { leaderPid: number; ensemble: Ensemble },
): Sample {
  const { read_us: read, write_us: write } = figures;
  const micro = 1e-6;
  const operations = Math.max(figures.ops_per_s * cost.seconds, 1);
  return {
    perSecond: figures.ops_per_s,
    readsPerSecond: figures.reads_per_s,
    writesPerSecond: figures.writes_per_s,
    ...{ readP50: read.p50 * micro, readP99: read.p99 * micro, readP999: read.p999 * micro },
    ...{ writeP50: write.p50 * micro, writeP99: write.p99 * micro, writeP999: write.p999 * micro },
    errors: figures.errors,
    reconnects: figures.reconnects,
    processorPerOperation: cost.processorSeconds / operations,
    leaderProcessorPerOperation: (cost.processorSecondsOf.get(leaderPid) ?? 0) / operations,
    residentBytes: cost.residentBytes,
    othersShare: cost.othersShare,
    residentBytesPerReplica: cost.residentBytes / ensemble.members.length,
  };
}

/** Resolves when the program has ended well and all its lines are handled. */
export function eachLine(child: ChildProcess, onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let rest = '';
    let complaint = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = (complaint + text).slice(-1000);
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${child.spawnfile} ends with ${code ?? signal}: ${complaint.trim()}`));
    });
  });
}
