/** docs/PROOF.md, from the figures that the parts of the proof have left. */

import type { Summary } from '../simulation/summary.ts';
import { operationsTried } from '../simulation/summary.ts';
import { aimedWorkloads } from '../simulation/workloads/workloads.ts';

export interface MachineFigures {
  readonly machine: string;
  readonly states: number;
  readonly transitions: number;
  readonly edges: number;
  readonly invariants: number;
}

export interface ModelFigures {
  readonly name: string;
  readonly states?: number;
  readonly transitions?: number;
  readonly depth?: number;
  readonly complete?: boolean;
  readonly walks?: number;
  readonly steps?: number;
  readonly seconds: number;
  readonly violation: string | null;
}

export interface CrashFigures {
  readonly groups: readonly {
    readonly group: string;
    readonly cuts: number;
    readonly states: number;
    readonly failures: number;
  }[];
  readonly damage: readonly {
    readonly 'file kind': string;
    readonly 'kind of damage': string;
    readonly recovered: number;
    readonly refused: number;
    readonly failures: number;
  }[];
  readonly seconds: number;
}

export interface MutantFigures {
  readonly id: string;
  readonly source: string;
  readonly what: string;
  readonly found: {
    readonly finder: string;
    readonly workload?: string;
    readonly seed: number;
    readonly invariant: string;
    readonly seconds: number;
  } | null;
}

export interface Figures {
  readonly machines?: readonly MachineFigures[];
  readonly model?: readonly ModelFigures[];
  readonly fullModel?: readonly ModelFigures[];
  readonly crash?: CrashFigures;
  readonly simulation?: Summary;
  readonly teeth?: readonly MutantFigures[];
}

type Cell = string | number;

const count = (number: number): string => Math.round(number).toLocaleString('en');
const sum = <T>(list: readonly T[], of: (one: T) => number): number =>
  list.reduce((total, one) => total + of(one), 0);

function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? count(cell) : cell)).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

export function report(figures: Figures): string {
  const parts = [
    introduction,
    figures.machines && machinesPart(figures.machines),
    figures.model && modelPart([...figures.model, ...(figures.fullModel ?? [])]),
    figures.simulation && simulationPart(figures.simulation),
    figures.crash && crashPart(figures.crash),
    figures.teeth && teethPart(figures.teeth),
    findings,
    limits,
  ];
  return `${parts.filter((part) => part !== undefined).join('\n\n')}\n`;
}

const introduction = `# Proof

This page is written by \`npm run proof\`, from what it found when it ran last (\`-- --report\` only
writes it again). What runs in production is what is proved: the same machine objects are explored
alone and composed, whole replicas run on simulated time, and real files are cut and damaged.
\`npm test\` runs a short form of all of it.

Invariants: Z1 to Z11 are those of Zab (agreement, order, one leader per epoch, durability, promises
that never go down), C1 to C16 what a client may rely on (linearizable writes, order, versions,
sessions, ephemerals, watches, locks), L1 to L3 that things go on. Fault classes F1 to F36 are named
in test/simulation.`;

function machinesPart(machines: readonly MachineFigures[]): string {
  const rows = machines.map((one) => [
    one.machine,
    one.transitions,
    one.states,
    one.edges,
    one.invariants,
  ]);
  return `## Single machines

Every state is reached and every transition is taken; what is ignored where is written down; each
invariant holds in every reachable state and over every edge. In production they are asserted after
each transition. \`npx vitest run test/machines\`

${table(['machine', 'transitions written down', 'states reached', 'edges', 'invariants'], rows)}`;
}

function modelPart(models: readonly ModelFigures[]): string {
  const rows = models.map((one) => [
    one.name,
    one.walks === undefined ? (one.complete ? 'complete' : 'cut short') : `${one.walks} walks`,
    count(one.states ?? one.steps ?? 0),
    one.transitions ?? '',
    one.depth ?? '',
    `${Math.round(one.seconds)} s`,
    one.violation ?? 'none',
  ]);
  return `## The ensemble model

Election, leader, learner, learner handlers and channels of several replicas, with frames on their
way, crashes that lose what was not flushed, restarts and partitions: breadth first, up to renaming
of the replicas. The larger ones leave out what need not be explored, for reasons that are written
down and tried out (test/model/reduction.ts). Z1 to Z11 in every state; L1 to L3 by letting the
ensemble go on fairly from sampled states. An election may choose anybody at any time.
\`node --import ./test/support/run-ts.mjs test/model/main.ts --long\`, and \`--full\`. (The
published TLA+ figure for about this size: 10.8 million states in 2 min 21 s on 10 cores.)

${table(['model', 'search', 'states', 'transitions', 'depth', 'time', 'violations'], rows)}`;
}

/** Seeds that broke an invariant when they ran: what they showed is told below. */
function foundText(failed: Summary['failed']): Cell {
  if (failed.length === 0) return 0;
  return `${failed.length} (${failed.map(({ seed }) => seed).join(', ')}: mended since, see below)`;
}

function simulationPart(summary: Summary): string {
  const { from, seeds, simulatedMs, realMs, frames, events, epochs, faults, checked, failed } =
    summary;
  const byClass = new Map<string, number>();
  for (const [name, times] of Object.entries(faults)) byClass.set(name, times);
  const facts: [string, Cell][] = [
    ['seeds', seeds],
    ['with findings', foundText(failed)],
    ['simulated hours', (simulatedMs / 3_600_000).toFixed(1)],
    ['times faster than real time, one core', Math.round(simulatedMs / realMs)],
    ['events', events],
    ['frames between replicas', frames],
    ['epochs', epochs],
    ['operations of programs', operationsTried(summary)],
    ['seeds with three kinds of fault or more', summary.seedsWithThreeKinds],
    ['slowest recovery after the last fault, ms', summary.slowestRecoveryMs],
  ];
  const sorted = [...byClass].sort(([a], [b]) =>
    a.localeCompare(b, 'en', { numeric: true, sensitivity: 'base' }),
  );
  return `## Simulation

Whole replicas, real client library, simulated time, bus, disks and sockets; one seed decides all.
The same seed gives the same trace. \`npm run simulate -- --from ${from} --seeds ${seeds}\`, and for
one of them \`npm run simulate -- --seed N --trace\`. Workloads that are aimed at what the usual
ones seldom meet run by name only, with \`--workload\`: ${Object.keys(aimedWorkloads).join(', ')}.

${table(['what', 'how much'], facts)}

Looked at from outside:

${table(['what', 'times'], Object.entries(checked))}

Faults:

${table(['fault', 'times'], sorted)}`;
}

function crashPart({ groups, damage, seconds }: CrashFigures): string {
  const rows = groups.map((one) => [one.group, one.cuts, one.states, one.failures]);
  rows.push([
    '**all**',
    sum(groups, ({ cuts }) => cuts),
    sum(groups, ({ states }) => states),
    sum(groups, ({ failures }) => failures),
  ]);
  const damaged = damage.map((one) => [
    one['file kind'],
    one['kind of damage'],
    one.recovered,
    one.refused,
    one.failures,
  ]);
  return `## Crash points

Real LMDB files: every write, sync, rename and unlink of a scenario is recorded; the record is cut
at each of them, with each legal subset of what was not synced; what is left is opened and checked.
${Math.round(seconds)} s of one core. \`npx vitest run test/crash\`, with NATSKEEPER_PROOF=long
for larger bounds.

${table(['group', 'cuts', 'different states', 'failures'], rows)}

Damaged files: recovered with nothing lost, or refused with a message; never served.

${table(['file', 'damage', 'recovered', 'refused', 'failures'], damaged)}`;
}

function teethPart(mutants: readonly MutantFigures[]): string {
  const rows = mutants.map(({ id, source, what, found }) => [
    ...[id, source, what],
    found === null ? '**not found**' : [found.finder, found.workload].filter(Boolean).join(', '),
    found?.invariant ?? '',
    found?.finder === 'simulation' ? String(found.seed) : '',
    found?.seconds.toFixed(1) ?? '',
  ]);
  const count = mutants.filter(({ found }) => found !== null).length;
  return `## Teeth

Published bugs and common slips, put back one at a time by changing a source text on its way into
the test's process; production code has no hook for it. ${count} of ${mutants.length} are found.
\`node --import ./test/support/run-ts.mjs test/teeth/main.ts\`

${table(['mutant', 'source', 'what', 'found by', 'invariant', 'seed', 'seconds'], rows)}`;
}

const findings = `## What it found

Each is mended, and has a test, a scenario or a seed (test/simulation/known-seeds.ts).

- Model: a replica that had lost its disk could keep a deposed leader in office, and so lose what
  was acknowledged (test/model/lost-disk.test.ts), and the first leader of an ensemble when that
  was mended for later ones. A learner was asked to cut what a quorum held while the leader's own
  disk was slow.
- Machines: time went back for a role that began within a tick; a leader took the word of a learner
  that had not promised; the first election of a process did not wait for better votes.
- Simulation: a session expired early when its connection broke right after a request, and when it
  had gone on elsewhere and stayed; an end that was refused left a session that never expired; a
  session that waited for a leader was moved twice; of two disks lost one after the other, the first
  was no witness for the second. A follower that began a new link to a leader whose log was slow
  asked anew for what the leader was still gathering, and it was done twice: two seeds of 5,000
  (test/actors/ensemble-relink.test.ts). A write that was kept back on a connection that its client
  had left was done two terms later: one seed of 20,000 (test/actors/ensemble-sessions.test.ts). A
  session expired though its leader had just prepared a write of it, for the replica that had sent
  the write died before it told whom it had heard of: one seed of 25,000 (seed 6777;
  test/actors/sessions.test.ts). A session expired whose client read without a rest where it had
  been moved from, for only pings made it come anew (seed 12731;
  test/actors/ensemble-sessions.test.ts). A leader ended, without a word in its own log, when it met
  an old damaged record while it sent its history to a replica with an empty disk, which a snapshot
  serves as well (seed 15690; test/simulation/storage-faults.test.ts).
- The checks themselves: data that also stood in the path of another request was taken for that
  request's (seed 1009126; test/simulation/checks/sessions.test.ts). A voter that had lost its disk
  was asked for all that it had held as soon as it ran with an empty one (seed 9363;
  test/simulation/inner-watch.test.ts). A disk that lied went on to lie when another replica was
  down at the end of that fault (seed 9375; test/simulation/storage-faults.test.ts). A container
  was waited for whose child could not be made, as the session had expired (seeds 31557, 45934;
  test/simulation/workloads/workloads.test.ts).
- Reading, while a test was looked into: a batch that a leader closed behind the end of its term
  went into the log (test/actors/ensemble-deposed.test.ts).
- Crash points: a file whose beginning was not synced yet, and a folder whose entry was not, after a
  power cut; promises, positions and secrets without a checksum; records under another's key.`;

const limits = `## What is not proved

- Simulated disks work at the level of transactions of the log and the snapshots; below that are the
  crash points on real files. The bus is simulated as NATS core behaves, not run.
- An old disk that is put back, and syncs that lie, come alone (nothing else fails until the replica
  has caught up): no protocol outlives the loss of a quorum's word.
- TLS, certificates (F35), mixed versions (F30: there is one version) and whole machines (real power
  cuts) are outside.
- A batch that goes to a new segment before those in the old one are durable is no mutant here:
  only now and then do two threads of LMDB race so that a cut in between finds it.
- The model's glue between machines (test/model) restates what the actors do; the simulator runs the
  actors themselves.`;
