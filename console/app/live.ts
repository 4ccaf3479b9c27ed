/**
 * The live store of this page and the hook to look at it; beside it what else pages need of the
 * server: `ask`, `write`, `token`.
 */

import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { About } from './about.ts';
import { ask, askAbout } from './api.ts';
import { after, monoNow, onFrame, wallNow } from './clock.ts';
import { LiveStore, type SocketEvents } from './live-store.ts';
import { notices } from './notice.ts';
import { token } from './token.ts';

export type { About } from './about.ts';
export { ApiError, request, type WriteBody, type Written, write } from './api.ts';
export type { ActorState, Connection, StatusSample, StatusView } from './live-store.ts';
export { ask, notices, token };

export const live = new LiveStore({ connect, wallNow, monoNow, after, onFrame });

/** What the pages draw from: it is kept up all the time, so that one can look back at it. */
const baseMachines = [
  'message',
  'peer',
  'election',
  'leader',
  'learner',
  'learnerHandler',
  'channel',
  'snapshotter',
  'sessionTracker',
];

function connect(events: SocketEvents) {
  const address = new URL('api/inspect?batch=1', document.baseURI);
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address);
  socket.onopen = () => events.opened();
  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') events.received(data);
  };
  socket.onclose = () => events.closed();
  return { send: (text: string) => socket.send(text), close: () => socket.close() };
}

/** Connects and finds out what the server is; once, when the page has come. */
export function startLive(): void {
  live.want({ machines: baseMachines });
  live.start();
  token.subscribe(refreshAbout);
  let before = live.connection;
  const asked = new Map<number, number>();
  live.subscribe(() => {
    if (live.connection === 'open' && before !== 'open') {
      refreshAbout();
      asked.clear();
    }
    before = live.connection;
    if (live.connection !== 'open') return;
    for (const [sid, origin] of live.origins) {
      if (asked.get(sid) === origin) continue;
      asked.set(sid, origin);
      meetActors(sid, origin, asked);
    }
  });
}

/** What a replica's actors are, also those that have not made a step for long. */
function meetActors(sid: number, origin: number, asked: Map<number, number>): void {
  ask(sid, { what: 'actors' }).then(
    (actors) => live.meet(actors),
    // A replica that has just come may not answer yet; one that has gone is not asked again.
    () => {
      after(5_000, () => {
        if (asked.get(sid) === origin && live.statuses.get(sid)?.isStale === false) {
          asked.delete(sid);
        }
      });
    },
  );
}

function refreshAbout(): void {
  const sent = token.value;
  askAbout().then(
    (about: About) => {
      if (sent !== null && sent === token.value && !about.isAdmin) {
        const reason = about.tokenFault ?? 'the token is not right';
        notices.tell(`This page is read-only now: ${reason}.`);
        token.drop();
      }
      live.about = about;
      live.changed();
    },
    // It is asked again when the connection is back.
    () => {},
  );
}

/** Renders again when what `select` gives is another value; at most once per frame. */
export function useLive<T>(select: (live: LiveStore) => T): T {
  const [, again] = useReducer((count: number) => count + 1, 0);
  const latest = useRef(select);
  const value = select(live);
  const rendered = useRef(value);
  latest.current = select;
  rendered.current = value;
  useEffect(() => {
    const look = (): void => {
      if (!Object.is(latest.current(live), rendered.current)) again(undefined);
    };
    look();
    return live.subscribe(look);
  }, []);
  return value;
}
