/** The frame around all pages: where one can go, how the connection is, notices, the token. */

import type { ComponentType } from 'preact';
import { useEffect, useReducer } from 'preact/hooks';
import { live, useLive } from './live.ts';
import { notices } from './notice.ts';
import { ChartsPage } from './pages/charts.tsx';
import { EnsemblePage } from './pages/ensemble.tsx';
import { MetricsPage } from './pages/metrics.tsx';
import { PlaygroundPage } from './pages/playground.tsx';
import { SessionsPage } from './pages/sessions.tsx';
import { TreePage } from './pages/tree.tsx';
import { ConnectionMark } from './parts/connection-mark.tsx';
import { TokenButton } from './parts/token-button.tsx';
import { linkTo, useRoute } from './route.ts';

interface PageOf {
  readonly name: string;
  readonly title: string;
  readonly Page: ComponentType;
}

const pages: readonly PageOf[] = [
  { name: 'ensemble', title: 'Ensemble', Page: EnsemblePage },
  { name: 'charts', title: 'State charts', Page: ChartsPage },
  { name: 'sessions', title: 'Sessions', Page: SessionsPage },
  { name: 'tree', title: 'Tree', Page: TreePage },
  { name: 'metrics', title: 'Metrics', Page: MetricsPage },
];
const playground: PageOf = { name: 'playground', title: 'Playground', Page: PlaygroundPage };

export function App() {
  const { page } = useRoute();
  const about = useLive(() => live.about);
  const shown = about?.isDemo ? [...pages, playground] : pages;
  const { Page, title } = shown.find(({ name }) => name === page) ?? shown[0]!;
  useEffect(() => {
    document.title = `${title} · ${about?.ensemble ?? 'natskeeper'}`;
  }, [title, about]);
  return (
    <>
      <header class="top">
        <span class="brand">natskeeper</span>
        <span class="ensemble-name">{about?.ensemble ?? ''}</span>
        <nav>
          {shown.map(({ name, title }) => (
            <a key={name} href={linkTo(name)} aria-current={name === page ? 'page' : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <ConnectionMark />
        <TokenButton />
      </header>
      <NoticeList />
      <main class={`page page-${page}`}>
        <Page />
      </main>
    </>
  );
}

function NoticeList() {
  const [, again] = useReducer((count: number) => count + 1, 0);
  useEffect(() => notices.subscribe(() => again(undefined)), []);
  return (
    <div class="notices" role="status">
      {notices.list.map(({ id, text }) => (
        <p class="notice" key={id}>
          <span>{text}</span>
          <button type="button" class="quiet" onClick={() => notices.close(id)} title="Close">
            ×
          </button>
        </p>
      ))}
    </div>
  );
}
