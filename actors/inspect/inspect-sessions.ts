/**
 * The sessions that this replica knows, in the order in which it learnt of them, with what it knows
 * of each: its connection when that is here, its ephemerals, its watches. A session that is there
 * all the while is told once. Passwords are not told to anybody.
 */

import type {
  Question,
  SessionDetail,
  SessionPage,
  SessionRow,
} from '../../protocol/inspection.ts';
import { formatSessionId } from '../../protocol/session-id.ts';
import type { ReplicaView, SessionView } from '../replica-view.ts';
import type { Slices } from './inspect-slices.ts';
import type { InspectWatches } from './inspect-watches.ts';

type PageAsked = Extract<Question, { what: 'sessions' }>;
type OneAsked = Extract<Question, { what: 'session' }>;

/** Of ephemerals, and of watches. */
const detailEntriesMax = 1000;

export class InspectSessions {
  readonly #view: ReplicaView;
  readonly #watches: InspectWatches;
  readonly #slices: Slices;

  constructor(view: ReplicaView, watches: InspectWatches, slices: Slices) {
    this.#view = view;
    this.#watches = watches;
    this.#slices = slices;
  }

  /** `text` is looked for in ids and addresses, whatever the case. */
  async page({ text, offset, limit }: PageAsked): Promise<SessionPage> {
    const wanted = text.toLowerCase();
    const found: SessionView[] = [];
    let total = 0;
    for (const session of this.#view.sessions.all()) {
      if (this.#isMatch(session, wanted)) {
        if (total >= offset && found.length < limit) found.push(session);
        total++;
      }
      if (this.#slices.spend(wanted === '' ? 1 : 8)) await this.#slices.turn();
    }
    const rows: SessionRow[] = [];
    for (const session of found) {
      rows.push(await this.#row(session));
      if (this.#slices.spend(16)) await this.#slices.turn();
    }
    return { total, rows };
  }

  /** Null when it is not known here. */
  async one({ id }: OneAsked): Promise<SessionDetail | null> {
    const session = this.#view.sessions.get(id.slice(2).toLowerCase().padStart(16, '0'));
    if (session === undefined) return null;
    const row = await this.#row(session);
    const connection = this.#view.connectionOf(session.id);
    const { tree } = this.#view.state;
    const ephemeralPaths: string[] = [];
    for (const slot of tree.special.ephemeralsOf(session.id)) {
      if (ephemeralPaths.length === detailEntriesMax) break;
      ephemeralPaths.push(tree.path(slot));
    }
    const watchList =
      connection === null ? [] : this.#watches.entriesOf(connection.watcher, detailEntriesMax);
    return { ...row, ephemeralPaths: ephemeralPaths.sort(), watchList };
  }

  #isMatch(session: SessionView, text: string): boolean {
    if (text === '' || formatSessionId(session.id).includes(text)) return true;
    return this.#addressOf(session)?.includes(text) === true;
  }

  /** `address:port`, an IPv6 address in brackets; null when its connection is not here. */
  #addressOf({ id }: SessionView): string | null {
    const connection = this.#view.connectionOf(id);
    if (connection === null) return null;
    const { remoteAddress, remotePort } = connection.socket;
    const host = remoteAddress.includes(':') ? `[${remoteAddress}]` : remoteAddress;
    return `${host}:${remotePort}`;
  }

  async #row(session: SessionView): Promise<SessionRow> {
    const { id } = session;
    const watcher = this.#view.connectionOf(id)?.watcher;
    const watches = watcher === undefined ? 0 : await this.#watches.countOf(watcher);
    const connection = this.#view.connectionOf(id);
    return {
      id: formatSessionId(id),
      state: session.stateName,
      timeoutMs: session.timeoutMs,
      idleMs: Math.max(0, Math.round(this.#view.clock.monotonicMs() - session.lastHeardMs)),
      from: this.#addressOf(session),
      connectionState: connection?.stateName ?? null,
      isLocal: session.isLocal,
      ephemerals: this.#view.state.tree.special.ephemeralsOf(id).size,
      watches,
      queued: session.queueLength,
      received: connection?.stats.received ?? 0,
      sent: connection?.stats.sent ?? 0,
    };
  }
}
