/** Two texts and what differs between them, with a few lines around each change. */

import { useMemo } from 'preact/hooks';
import { aroundChanges, lineDiff } from '../logic/line-diff.ts';
import { VirtualList } from './virtual-list.tsx';

const signs = { same: ' ', in: '+', out: '−' } as const;

export function DiffView({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => aroundChanges(lineDiff(before, after)), [before, after]);
  const isSame = lines.every((line) => typeof line === 'number');
  if (isSame) return <p class="padded muted">No differences.</p>;
  return (
    <VirtualList
      class="diff mono"
      label="Differences"
      rows={lines.length}
      rowPx={18}
      row={(at) => {
        const line = lines[at]!;
        if (typeof line === 'number') return <span class="diff-gap">… {line} equal lines</span>;
        return (
          <span class={`diff-line diff-${line.kind}`}>
            <span class="diff-number">{line.before ?? ''}</span>
            <span class="diff-number">{line.after ?? ''}</span>
            <span class="diff-sign">{signs[line.kind]}</span>
            <span class="diff-text">{line.text}</span>
          </span>
        );
      }}
    />
  );
}
