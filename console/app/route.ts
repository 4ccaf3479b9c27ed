/**
 * Where in the app we are, by the address behind `#/`: the page, and the rest as the page
 * likes it (`#/charts/2:leader` is page `charts` with rest `2:leader`).
 */

import { useEffect, useState } from 'preact/hooks';

export interface Route {
  readonly page: string;
  readonly rest: string;
}

export function routeOf(hash: string): Route {
  const [page = '', ...rest] = hash.replace(/^#\/?/, '').split('/');
  return { page: page === '' ? 'ensemble' : page, rest: decoded(rest.join('/')) };
}

/** The address of a page, for links. */
export function linkTo(page: string, rest = ''): string {
  return rest === '' ? `#/${page}` : `#/${page}/${encodeURIComponent(rest)}`;
}

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const look = (): void => setHash(location.hash);
    window.addEventListener('hashchange', look);
    return () => window.removeEventListener('hashchange', look);
  }, []);
  return routeOf(hash);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
