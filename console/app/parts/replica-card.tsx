/** One replica in figures, as it told them last; and one that others name and nobody hears. */

import type { ReplicaStatus } from '../../../protocol/inspection.ts';
import { wallNow } from '../clock.ts';
import { ageText, bytesText, countText, msText } from '../figures.ts';
import { live, type StatusSample, type StatusView, useLive } from '../live.ts';
import { lagOf, rateAt } from '../rates.ts';
import { linkTo } from '../route.ts';
import { Sparkline } from './sparkline.tsx';

const latencyHint = 'Of requests since its report before';

interface ReplicaCardProps {
  readonly view: StatusView;
  readonly leader: ReplicaStatus | null;
}

export function ReplicaCard({ view, leader }: ReplicaCardProps) {
  const { status, isStale, heardMs } = view;
  const { sid, mode, phase, epoch, latencyMs } = status;
  return (
    <article class={`card replica ${isStale ? 'is-stale' : ''}`} aria-label={`Replica ${sid}`}>
      <header class="row">
        <a
          class={`badge badge-${mode}`}
          href={linkTo('charts', `${sid}:peer`)}
          title="State charts"
        >
          {sid}
        </a>
        <strong>{mode}</strong>
        <span class={`phase phase-${phase}`}>{phase}</span>
        <span class="grow" />
        {isStale ? <StaleAge heardMs={heardMs} /> : <Address status={status} />}
      </header>
      <Throughput sid={sid} isStale={isStale} />
      <p class="standing row num">
        <span title="Epoch">epoch {epoch}</span>
        <span class="mono" title="The last zxid that it has applied">
          {status.appliedZxid}
        </span>
        <span class="grow" />
        <span title="Txns behind the last that the leader has applied">
          {lagText(status, leader)}
        </span>
      </p>
      <dl class="figures num">
        <Figure name="latency p50" value={msOf(latencyMs?.p50)} hint={latencyHint} />
        <Figure name="p99" value={msOf(latencyMs?.p99)} hint={latencyHint} />
        <Figure name="waiting" value={countText(status.outstanding)} hint="Not answered yet" />
        <Figure name="up" value={ageText(status.uptimeMs)} />
        <Figure name="sessions" value={countText(status.sessions)} />
        <Figure name="connections" value={countText(status.connections)} />
        <Figure name="watches" value={countText(status.watches)} />
        <Figure name="memory" value={bytesText(status.residentBytes)} />
        <Figure name="znodes" value={countText(status.znodes)} />
        <Figure name="ephemerals" value={countText(status.ephemerals)} />
        <Figure name="data" value={bytesText(status.dataBytes)} />
        <Figure name="fsync p99" value={msOf(status.syncMs?.p99)} />
      </dl>
    </article>
  );
}

/** A member of the ensemble that this page has never heard. */
export function UnheardCard({ sid }: { readonly sid: number }) {
  return (
    <article class="card replica is-unheard" aria-label={`Replica ${sid}`}>
      <header class="row">
        <span class="badge">{sid}</span>
        <strong>not heard</strong>
      </header>
      <p class="muted">The others name it as a member. Nothing has come from it.</p>
    </article>
  );
}

function StaleAge({ heardMs }: { readonly heardMs: number }) {
  const text = useLive(() => ageText((live.shownAtMs ?? wallNow()) - heardMs));
  return <span class="stale">as of {text} ago</span>;
}

function Address({ status }: { readonly status: ReplicaStatus }) {
  return (
    <span class="muted mono address" title={status.isVoter ? 'votes' : 'does not vote'}>
      {status.clientAddress ?? 'no client port'}
    </span>
  );
}

/** Answers per second of the last minute, with the last figure. */
function Throughput({ sid, isStale }: { readonly sid: number; readonly isStale: boolean }) {
  const samples = useLive(() => live.history.get(sid)) ?? [];
  const atMs = useLive(() => live.shownAtMs) ?? undefined;
  const newestMs = useLive(() => newestSampleMs(live.history));
  const sent = isStale ? null : rateAt(samples, 'sent', atMs);
  const committed = isStale ? null : rateAt(samples, 'committed', atMs);
  return (
    <div class="throughput row">
      <Sparkline samples={samples} counter="sent" endMs={atMs ?? newestMs} />
      <span class="num" title="Answers and events sent to clients; txns applied">
        <strong>{sent === null ? '–' : countText(sent)}</strong>
        <span class="muted"> /s sent</span>
        <br />
        <strong>{committed === null ? '–' : countText(committed)}</strong>
        <span class="muted"> txn/s</span>
      </span>
    </div>
  );
}

interface FigureProps {
  readonly name: string;
  readonly value: string;
  readonly hint?: string;
}

function Figure({ name, value, hint }: FigureProps) {
  return (
    <div title={hint}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** All plots end at the same time, so that a replica that is silent falls behind. */
function newestSampleMs(history: ReadonlyMap<number, readonly StatusSample[]>): number {
  const last = [...history.values()].map((samples) => samples.at(-1)?.atMs ?? 0);
  return Math.max(0, ...last);
}

function msOf(ms: number | undefined): string {
  return ms === undefined ? '–' : msText(ms);
}

function lagText(status: ReplicaStatus, leader: ReplicaStatus | null): string {
  if (leader === null) return 'no leader';
  if (leader.sid === status.sid) return 'leads';
  const lag = lagOf(status.appliedZxid, leader.appliedZxid);
  if (lag === null) return 'lag unknown';
  if (lag.epochs > 0) return `${lag.epochs} epoch${lag.epochs > 1 ? 's' : ''} behind`;
  return `${countText(lag.txns)} txn behind`;
}
