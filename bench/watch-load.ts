/** Runs zkwatch: sessions that arm watches, hold them, and see one change. */

import type { ChildProcess } from 'node:child_process';
import type { Ensemble } from './ensemble.ts';
import { eachLine } from './load.ts';
import type { Processes } from './processes.ts';

export interface WatchFigures {
  readonly armedPerSecond: number;
  readonly fanoutP50: number;
  readonly fanoutP99: number;
  readonly fanoutMost: number;
}

/** What zkwatch prints in the end. */
interface Printed {
  readonly armed_per_s: number;
  readonly fanout_us: { readonly p50: number; readonly p99: number; readonly max: number };
}

export class WatchGenerator {
  readonly #program: string;
  readonly processes: Processes;

  constructor(program: string, processes: Processes) {
    this.#program = program;
    this.processes = processes;
  }

  /** `onArmed` is called when all watches are set and are about to be held. */
  async run(
    ensemble: Ensemble,
    load: readonly string[],
    onArmed: (child: ChildProcess) => void = () => {},
  ): Promise<WatchFigures> {
    const child = this.processes.startTool([this.#program, '-s', ensemble.addresses, ...load]);
    child.stderr?.on('data', (text: Buffer) => {
      if (text.includes('armed')) onArmed(child);
    });
    let figures: WatchFigures | null = null;
    await eachLine(child, (line) => {
      const { armed_per_s: armedPerSecond, fanout_us: fanout } = JSON.parse(line) as Printed;
      figures = {
        armedPerSecond,
        fanoutP50: fanout.p50 / 1e6,
        fanoutP99: fanout.p99 / 1e6,
        fanoutMost: fanout.max / 1e6,
      };
    });
    if (figures === null) throw new Error('zkwatch has left no figures');
    return figures;
  }
}
