/** Looks for znodes by path or by content below a root, and lists what was found. */

import { useState } from 'preact/hooks';
import type { SearchResult } from '../../../protocol/inspection.ts';
import { ask } from '../live.ts';
import { linkTo } from '../route.ts';
import { sentenceOf } from './asked.ts';
import { VirtualList } from './virtual-list.tsx';

const hitsMax = 500;

interface TreeSearchProps {
  readonly sid: number;
  /** What is looked through. */
  readonly root: string;
  readonly chosen: string;
  readonly onClose: () => void;
}

type Found = { readonly result: SearchResult; readonly root: string };

export function TreeSearch({ sid, root, chosen, onClose }: TreeSearchProps) {
  const [text, setText] = useState('');
  const [place, setPlace] = useState<'path' | 'content'>('path');
  const [isRegex, setRegex] = useState(false);
  const [isRootOnly, setRootOnly] = useState(false);
  const [found, setFound] = useState<Found | null>(null);
  const [note, setNote] = useState('');
  const from = isRootOnly ? root : '/';

  const look = (event: Event): void => {
    event.preventDefault();
    if (text === '') return;
    setNote('Looking …');
    ask(sid, {
      what: 'search',
      root: from,
      text,
      isRegex,
      in: place,
      limit: hitsMax,
      viewer: 'world',
    }).then(
      (result) => {
        setFound({ result, root: from });
        setNote('');
      },
      (failure: unknown) => setNote(sentenceOf(failure)),
    );
  };

  return (
    <div class="tree-search">
      <form class="tree-search-form" onSubmit={look}>
        <div class="row">
          <input
            class="grow"
            type="search"
            aria-label="Search for"
            placeholder={place === 'path' ? 'part of a path …' : 'part of a value …'}
            spellcheck={false}
            value={text}
            onInput={({ currentTarget }) => setText(currentTarget.value)}
          />
          <button type="submit" class="primary">
            Search
          </button>
          <button type="button" onClick={onClose}>
            Close
          </button>
        </div>
        <div class="row">
          <select
            aria-label="Where"
            value={place}
            onChange={({ currentTarget }) =>
              setPlace(currentTarget.value === 'content' ? 'content' : 'path')
            }
          >
            <option value="path">in paths</option>
            <option value="content">in values</option>
          </select>
          <label>
            <input
              type="checkbox"
              checked={isRegex}
              onChange={({ currentTarget }) => setRegex(currentTarget.checked)}
            />{' '}
            regex
          </label>
          <label class="cut" title={root}>
            <input
              type="checkbox"
              checked={isRootOnly}
              onChange={({ currentTarget }) => setRootOnly(currentTarget.checked)}
            />{' '}
            below <span class="mono">{root}</span>
          </label>
        </div>
        {note !== '' && <p class="muted">{note}</p>}
      </form>
      {found !== null && <Hits found={found} chosen={chosen} />}
    </div>
  );
}

function Hits({ found: { result, root }, chosen }: { found: Found; chosen: string }) {
  const { hits, visited, isCut } = result;
  return (
    <>
      <p class="list-foot muted">
        {`${hits.length.toLocaleString('en')} found in ${visited.toLocaleString('en')} znodes `}
        {`below ${root}`}
        {isCut && '; it stopped at its limit, there may be more'}
      </p>
      <VirtualList
        class="tree-list"
        label="Found"
        rows={hits.length}
        rowPx={hits.some(({ excerpt }) => excerpt !== null) ? 40 : 22}
        row={(at) => {
          const { path, excerpt } = hits[at]!;
          return (
            <a
              class={`hit mono ${path === chosen ? 'is-chosen' : ''}`}
              href={linkTo('tree', path)}
              title={path}
            >
              <bdi class="cut">{path}</bdi>
              {excerpt !== null && <bdi class="cut muted">{excerpt}</bdi>}
            </a>
          );
        }}
      />
    </>
  );
}
