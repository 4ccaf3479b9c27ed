/**
 * The page of the tree: znodes that open as one looks, a path to type, a search, and the znode that
 * is chosen. `#/tree/<path>` chooses one.
 */

import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import { useLive } from '../live.ts';
import { isPath } from '../logic/tree-file.ts';
import { ChangeList } from '../parts/change-list.tsx';
import { type Chosen, ReplicaChoice, useAnySid } from '../parts/replica-choice.tsx';
import { TreeList } from '../parts/tree-list.tsx';
import { TreeModel } from '../parts/tree-model.ts';
import { TreeSearch } from '../parts/tree-search.tsx';
import { ZnodePanel } from '../parts/znode-panel.tsx';
import { writes } from '../parts/znode-writes.ts';
import { linkTo, useRoute } from '../route.ts';
import './tree.css';

export function TreePage() {
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const anySid = useAnySid();
  const [first, setFirst] = useState<number | null>(null);
  // Not another replica whenever one is silent for a while: the first that was there is kept.
  useEffect(() => {
    if (first === null && anySid !== null) setFirst(anySid);
  }, [first, anySid]);
  const sid = typeof chosen === 'number' ? chosen : first;
  if (sid === null) return <p class="muted">No replica has been heard yet.</p>;
  return <Tree key={sid} sid={sid} onChoose={setChosen} />;
}

function Tree({ sid, onChoose }: { sid: number; onChoose: (sid: Chosen) => void }) {
  const { rest } = useRoute();
  const path = isPath(rest) ? rest : '/';
  const [, again] = useReducer((count: number) => count + 1, 0);
  const [reveal, countReveal] = useReducer((count: number) => count + 1, 0);
  const [written, countWritten] = useReducer((count: number) => count + 1, 0);
  const [isSearch, setSearch] = useState(false);
  const [note, setNote] = useState('');
  const model = useModel(sid, () => again(undefined));
  const isAdmin = useLive((live) => live.about?.isAdmin ?? false);

  useEffect(() => {
    let isOver = false;
    if (model === null) return;
    model.reveal(path).then(
      (isThere) => {
        if (isOver) return;
        setNote(isThere ? '' : `${path} is not there, or not to be listed.`);
        countReveal(undefined);
      },
      // The model shows why, and asks again.
      () => {},
    );
    return () => {
      isOver = true;
    };
  }, [model, path]);
  useEffect(() => model?.refresh(), [model, isAdmin]);

  if (model === null) return null;
  return (
    <div class="tree">
      <section class="card tree-side" aria-label="Tree">
        <div class="row tree-bar">
          <PathBar path={path} />
          <button type="button" aria-pressed={isSearch} onClick={() => setSearch(!isSearch)}>
            Search
          </button>
        </div>
        {isSearch ? (
          <TreeSearch sid={sid} root={path} chosen={path} onClose={() => setSearch(false)} />
        ) : (
          <TreeList model={model} chosen={path} revealKey={reveal} />
        )}
        <p class="list-foot muted row">
          <ReplicaChoice chosen={sid} onChoose={onChoose} />
          <span class="cut">{model.error ?? note}</span>
        </p>
      </section>
      <div class="tree-main">
        <ZnodePanel
          key={`${sid} ${path}`}
          sid={sid}
          path={path}
          written={written}
          onChanged={() => model.refresh()}
        />
        {isAdmin && (
          <section class="card tree-writes" aria-label="Writing">
            <AuthField />
            <ChangeList
              sid={sid}
              onUndone={() => {
                model.refresh();
                countWritten(undefined);
              }}
            />
          </section>
        )}
      </div>
    </div>
  );
}

function useModel(sid: number, changed: () => void): TreeModel | null {
  const [model, setModel] = useState<TreeModel | null>(null);
  const latest = useRef(changed);
  latest.current = changed;
  useEffect(() => {
    const made = new TreeModel(sid, () => latest.current());
    setModel(made);
    return () => made.stop();
  }, [sid]);
  return model;
}

function PathBar({ path }: { path: string }) {
  const [typed, setTyped] = useState<string | null>(null);
  const go = (event: Event): void => {
    event.preventDefault();
    const to = (typed ?? path).replace(/(.)\/+$/, '$1');
    if (!isPath(to)) return;
    location.hash = linkTo('tree', to);
    setTyped(null);
  };
  return (
    <form class="grow row" onSubmit={go}>
      <input
        class={`grow mono ${isPath(typed ?? path) ? '' : 'is-wrong'}`}
        aria-label="Path"
        spellcheck={false}
        value={typed ?? path}
        onInput={({ currentTarget }) => setTyped(currentTarget.value)}
        onBlur={() => setTyped(null)}
      />
    </form>
  );
}

function AuthField() {
  const [text, setText] = useState(writes.auth);
  return (
    <label class="row">
      <span class="muted">Credentials for writes</span>
      <input
        class="grow mono"
        type="password"
        autocomplete="off"
        placeholder="scheme:credentials, such as digest:user:password"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          writes.auth = currentTarget.value;
        }}
      />
    </label>
  );
}
