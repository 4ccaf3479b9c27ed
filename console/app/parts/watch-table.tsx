/** Watches by path or by session, with counts; a group opens to the watches in it. */

import { useMemo, useState } from 'preact/hooks';
import type { WatchEntry, WatchGroup } from '../../../protocol/inspection.ts';
import { pluralText } from '../figures.ts';
import { ask } from '../live.ts';
import { armedText } from '../logic/actor-state.ts';
import { gatherWatches } from '../logic/session-load.ts';
import { linkTo } from '../route.ts';
import { staleText, useAsked } from './asked.ts';
import { VirtualList } from './virtual-list.tsx';

const refreshMs = 2_000;

type Line =
  | { readonly group: WatchGroup }
  | { readonly entry: WatchEntry }
  | { readonly more: number };

export function WatchTable({ sids, text }: { sids: readonly number[]; text: string }) {
  const [by, setBy] = useState<'path' | 'session'>('path');
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const key = `${sids.join(' ')} ${by} ${text}`;
  const asked = useAsked(key, () => gatherWatches(ask, sids, by, text), refreshMs);
  const lines = useMemo(() => linesOf(asked.value?.rows ?? [], open), [asked.value, open]);
  const stale = staleText(asked);
  const toggle = (group: string): void => {
    const next = new Set(open);
    if (!next.delete(group)) next.add(group);
    setOpen(next);
  };
  return (
    <section class="card sessions-list" aria-label="Watches">
      <div class="row list-bar">
        {(['path', 'session'] as const).map((each) => (
          <button key={each} type="button" aria-pressed={by === each} onClick={() => setBy(each)}>
            by {each}
          </button>
        ))}
        <span class="muted">{stale}</span>
      </div>
      <VirtualList
        class={`sessions-rows ${stale === '' ? '' : 'is-stale'}`}
        label="Watches"
        rows={lines.length}
        rowPx={24}
        row={(at) => {
          const line = lines[at]!;
          if ('entry' in line) return <WatchLine entry={line.entry} label={otherOf(by)} />;
          if ('more' in line) return <span class="watch-more muted">… {line.more} more</span>;
          return <GroupLine group={line.group} by={by} isOpen={open} onToggle={toggle} />;
        }}
      />
      <p class="list-foot muted">
        {asked.value === null
          ? stale || 'Asking …'
          : [pluralText(asked.value.total, by), ...asked.value.missing].join(' · ')}
      </p>
    </section>
  );
}

const otherOf = (by: 'path' | 'session') => (by === 'path' ? 'session' : 'path');

function linesOf(groups: readonly WatchGroup[], open: ReadonlySet<string>): Line[] {
  return groups.flatMap((group): Line[] => {
    if (!open.has(group.key)) return [{ group }];
    const more = group.count - group.entries.length;
    const entries = group.entries.map((entry) => ({ entry }));
    return [{ group }, ...entries, ...(more > 0 ? [{ more }] : [])];
  });
}

interface GroupLineProps {
  readonly group: WatchGroup;
  readonly by: 'path' | 'session';
  readonly isOpen: ReadonlySet<string>;
  readonly onToggle: (key: string) => void;
}

function GroupLine({ group: { key, count }, by, isOpen, onToggle }: GroupLineProps) {
  return (
    <>
      <button type="button" class="quiet watch-group" onClick={() => onToggle(key)}>
        <span class="fold">{isOpen.has(key) ? '▾' : '▸'}</span>
        <span class="num watch-count">{count.toLocaleString('en')}</span>
        <span class="mono cut">{key}</span>
      </button>
      <a href={by === 'path' ? linkTo('tree', key) : linkTo('sessions', key)}>
        {by === 'path' ? 'znode' : 'session'}
      </a>
    </>
  );
}

/** One watch: its table and state, whose or where it is, and its chart. */
export function WatchLine({ entry, label }: { entry: WatchEntry; label: 'path' | 'session' }) {
  const { path, session } = entry;
  return (
    <span class="watch-line">
      <span class="watch-table">{entry.table}</span>
      <span class="muted watch-state" title={entry.state}>
        {armedText(entry.state)}
      </span>
      {label === 'path' ? (
        <a class="mono cut" href={linkTo('tree', path)} title={path}>
          {path}
        </a>
      ) : session === null ? (
        <span class="muted">no session</span>
      ) : (
        <a class="mono cut" href={linkTo('sessions', session)}>
          {session}
        </a>
      )}
      <a href={linkTo('charts', entry.actor)}>chart</a>
    </span>
  );
}
