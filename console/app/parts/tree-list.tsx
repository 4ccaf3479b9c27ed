/** The tree as a list that opens and closes, by mouse and arrow keys; only rows in view exist. */

import { useCallback } from 'preact/hooks';
import { bytesText } from '../figures.ts';
import { parentPath, type TreeRow } from '../logic/tree-rows.ts';
import { linkTo } from '../route.ts';
import type { TreeModel } from './tree-model.ts';
import { VirtualList } from './virtual-list.tsx';

interface TreeListProps {
  readonly model: TreeModel;
  readonly chosen: string;
  /** Changes when the chosen row is to be brought into view. */
  readonly revealKey: number;
}

export function TreeList({ model, chosen, revealKey }: TreeListProps) {
  const { rows } = model;
  const onRows = useCallback((first: number, end: number) => model.see(first, end), [model]);
  const go = (path: string): void => {
    if (path !== '') location.hash = linkTo('tree', path);
  };
  const goTo = (index: number): void => {
    if (index >= 0 && index < rows.size) go(rows.at(index).path);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = rows.indexOf(chosen);
    const isOpen = rows.isOpen(chosen);
    const steps: Readonly<Record<string, () => void>> = {
      ArrowDown: () => goTo(index + 1),
      ArrowUp: () => goTo(index - 1),
      Home: () => goTo(0),
      ArrowRight: () => (isOpen ? goTo(index + 1) : model.toggle(chosen)),
      ArrowLeft: () => (isOpen && chosen !== '/' ? model.toggle(chosen) : go(parentPath(chosen))),
    };
    const step = steps[event.key];
    if (step === undefined) return;
    event.preventDefault();
    step();
  };
  return (
    <VirtualList
      class="tree-list"
      label="Tree"
      role="tree"
      rows={rows.size}
      rowPx={22}
      row={(at) => <TreeLine row={rows.at(at)} model={model} chosen={chosen} />}
      reveal={rows.indexOf(chosen)}
      revealKey={revealKey}
      onRows={onRows}
      onKeyDown={onKeyDown}
    />
  );
}

const indentPx = 14;
const depthMax = 20;

interface TreeLineProps {
  readonly row: TreeRow;
  readonly model: TreeModel;
  readonly chosen: string;
}

function TreeLine({
  row: { path, name, depth, isOpen, row, isLoaded },
  model,
  chosen,
}: TreeLineProps) {
  const indent = { paddingLeft: `${8 + Math.min(depth, depthMax) * indentPx}px` };
  if (!isLoaded) {
    return (
      <span class="tree-line muted" style={indent}>
        …
      </span>
    );
  }
  const hasChildren = row === null || row.children > 0 || isOpen;
  return (
    <span class={`tree-line ${path === chosen ? 'is-chosen' : ''}`} style={indent}>
      <button
        type="button"
        class="quiet fold"
        tabIndex={-1}
        aria-label={isOpen ? 'Close' : 'Open'}
        disabled={!hasChildren || path === '/'}
        onClick={() => model.toggle(path)}
      >
        {hasChildren ? (isOpen ? '▾' : '▸') : ''}
      </button>
      <a
        class="tree-name mono"
        href={linkTo('tree', path)}
        tabIndex={-1}
        onDblClick={() => model.toggle(path)}
      >
        <bdi>{name}</bdi>
      </a>
      {row?.isEphemeral && <span class="mark mark-ephemeral">ephemeral</span>}
      {isOpen && model.rows.isUnlisted(path) && <span class="muted">not to be listed</span>}
      {row !== null && (
        <span class="tree-figures muted num">
          {row.children > 0 && <span>{row.children.toLocaleString('en')}</span>}
          {row.bytes > 0 && <span class="tree-bytes">{bytesText(row.bytes)}</span>}
        </span>
      )}
    </span>
  );
}
