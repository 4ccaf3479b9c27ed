/** One znode: its stat, its value, and what may be done with it. Keeps itself fresh. */

import { useEffect, useState } from 'preact/hooks';
import type { ZnodeView } from '../../../protocol/inspection.ts';
import { wallNow } from '../clock.ts';
import { ask, useLive } from '../live.ts';
import { treeFileName, treeFileText } from '../logic/tree-file.ts';
import { sentenceOf, staleText, useAsked } from './asked.ts';
import { saveFile } from './file-save.ts';
import { TreeImport } from './tree-import.tsx';
import { ValueView } from './value-view.tsx';
import { ZnodeCreate } from './znode-create.tsx';
import { ZnodeDelete } from './znode-delete.tsx';
import { ZnodeEditor } from './znode-editor.tsx';
import { ZnodeStatTable } from './znode-stat.tsx';
import { lookAt } from './znode-writes.ts';

interface ZnodePanelProps {
  readonly sid: number;
  readonly path: string;
  /** Counts what was written elsewhere on this page. */
  readonly written: number;
  /** Something was written here. */
  readonly onChanged: () => void;
}

type Doing = 'look' | 'edit' | 'create' | 'delete' | 'import';

/** A large value is asked for less often. */
const refreshMs = 2_000;
const refreshLargeMs = 15_000;
const largeBytes = 64 * 1024;

export function ZnodePanel({ sid, path, written, onChanged }: ZnodePanelProps) {
  const [isLarge, setLarge] = useState(false);
  const [doing, setDoing] = useState<Doing>('look');
  const [edited, setEdited] = useState<ZnodeView | null>(null);
  const [note, setNote] = useState('');
  const ensemble = useLive((live) => live.about?.ensemble ?? 'ensemble');
  const isAdmin = useLive((live) => live.about?.isAdmin ?? false);
  const asked = useAsked(
    `${sid} ${path} ${isAdmin}`,
    async () => {
      const view = await lookAt(sid, path);
      setLarge((view?.stat.dataLength ?? 0) > largeBytes);
      return view;
    },
    isLarge ? refreshLargeMs : refreshMs,
  );
  useEffect(() => {
    if (written > 0) asked.again();
  }, [written]);
  const znode = asked.value;
  const stale = staleText(asked);
  const done = (): void => {
    setDoing('look');
    asked.again();
    onChanged();
  };
  const edit = (): void => {
    setEdited(znode);
    setDoing('edit');
  };
  const save = (): void => {
    setNote('Exporting …');
    ask(sid, { what: 'export', root: path, viewer: 'world' }).then(
      (znodes) => {
        const exportedAt = new Date(wallNow()).toISOString();
        const file = { ensemble, root: path, exportedAt, znodes };
        saveFile(treeFileName(ensemble, path, exportedAt), treeFileText(file));
        setNote('');
      },
      (failure: unknown) => setNote(sentenceOf(failure)),
    );
  };

  return (
    <section class="card znode" aria-label="Znode">
      <h2 class="row">
        <bdi class="mono grow znode-path">{path}</bdi>
      </h2>
      <p class="row znode-bar">
        {isAdmin && (
          <>
            <button type="button" disabled={znode === null || znode.data === null} onClick={edit}>
              Edit
            </button>
            <button type="button" disabled={znode === null} onClick={() => setDoing('create')}>
              New child
            </button>
            <button
              type="button"
              disabled={znode === null || path === '/'}
              onClick={() => setDoing('delete')}
            >
              Delete
            </button>
            <button type="button" onClick={() => setDoing('import')}>
              Import
            </button>
          </>
        )}
        <button type="button" disabled={znode === null} onClick={save}>
          Export
        </button>
        <span class="muted cut">{note}</span>
      </p>
      {stale !== '' && <p class="warning">{stale}</p>}
      {doing === 'edit' && edited !== null && (
        <ZnodeEditor sid={sid} znode={edited} onDone={done} />
      )}
      {doing === 'create' && <ZnodeCreate parent={path} onDone={done} />}
      {doing === 'delete' && <ZnodeDelete sid={sid} path={path} onDone={done} />}
      {doing === 'import' && <TreeImport sid={sid} onDone={done} />}
      {doing === 'look' && znode === null && (
        <p class="padded muted">
          {asked.atMs === null ? 'Asking …' : 'There is no such znode (any more).'}
        </p>
      )}
      {doing === 'look' && znode !== null && (
        <div class={`znode-parts ${stale === '' ? '' : 'is-stale'}`}>
          <ZnodeStatTable znode={znode} nowMs={asked.atMs ?? 0} />
          <ValueView path={path} data={znode.data} />
        </div>
      )}
    </section>
  );
}
