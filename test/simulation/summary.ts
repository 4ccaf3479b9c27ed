/**
 * What many seeds came to: simulated time, faults by class, what was checked, what was found.
 */

import type { Outcome } from './simulate.ts';

/** Short form of an outcome, as a worker tells it. */
export type Told = Omit<Outcome, 'lines'> & { readonly realMs: number };

export interface Summary {
  /** The first seed; from there on one after the other. */
  readonly from: number;
  seeds: number;
  simulatedMs: number;
  /** Time of the workers, added up. */
  realMs: number;
  events: number;
  frames: number;
  epochs: number;
  /** Seeds in which three or more kinds of fault were at work. */
  seedsWithThreeKinds: number;
  slowestRecoveryMs: number;
  readonly faults: Record<string, number>;
  readonly operations: Record<string, number>;
  readonly checked: Record<string, number>;
  readonly failed: { readonly seed: number; readonly findings: Outcome['findings'] }[];
}

export function emptySummary(from: number): Summary {
  return {
    ...{ from, seeds: 0, simulatedMs: 0, realMs: 0, events: 0, frames: 0, epochs: 0 },
    ...{ seedsWithThreeKinds: 0, slowestRecoveryMs: 0 },
    ...{ faults: {}, operations: {}, checked: {}, failed: [] },
  };
}

export function addOutcome(summary: Summary, told: Told): void {
  summary.seeds++;
  summary.simulatedMs += told.simulatedMs;
  summary.realMs += told.realMs;
  summary.events += told.events;
  summary.frames += told.frames;
  summary.epochs += told.elections;
  summary.slowestRecoveryMs = Math.max(summary.slowestRecoveryMs, told.recoveryMs);
  const kinds = new Set(Object.keys(told.faults).map((name) => name.split(' ')[0]));
  if (kinds.size >= 3) summary.seedsWithThreeKinds++;
  add(summary.faults, told.faults);
  add(summary.operations, told.operations);
  add(summary.checked, told.checked);
  if (told.findings.length > 0) {
    summary.failed.push({ seed: told.seed, findings: told.findings });
  }
}

function add(sum: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count;
}

/** Operations that programs tried, over all workloads. */
export function operationsTried({ operations }: Summary): number {
  return Object.entries(operations).reduce(
    (sum, [name, count]) => (name.endsWith(' tried') ? sum + count : sum),
    0,
  );
}

export function describeSummary(summary: Summary): string {
  const { seeds, simulatedMs, realMs, events, frames, epochs, failed, faults } = summary;
  const hours = (simulatedMs / 3_600_000).toFixed(2);
  const ratio = Math.round(simulatedMs / Math.max(1, realMs));
  const sorted = Object.entries(faults).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${seeds} seeds, ${hours} simulated hours at ${ratio} times real time on one core`,
    `${events} events, ${frames} frames delivered, ${epochs} epochs`,
    `${operationsTried(summary)} operations of programs; looked at from outside:`,
    ...Object.entries(summary.checked).map(([what, count]) => `  ${count} ${what}`),
    `faults (three kinds or more in ${summary.seedsWithThreeKinds} seeds):`,
    ...sorted.map(([name, count]) => `  ${count} ${name}`),
    `slowest recovery ${Math.round(summary.slowestRecoveryMs)} ms`,
    `${failed.length} seeds with findings`,
  ].join('\n');
}
