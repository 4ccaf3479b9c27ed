/**
 * Sessions and watches asked of several replicas, page by page, up to what one list shows. A
 * replica that does not answer is named and the others are shown.
 */

import type {
  AnswerTo,
  Question,
  SessionDetail,
  SessionRow,
  WatchGroup,
} from '../../../protocol/inspection.ts';
import { mergeSessions, mergeWatches, type PlacedSession } from './session-merge.ts';

export type Ask = <Asked extends Question>(
  sid: number,
  question: Asked,
) => Promise<AnswerTo<Asked>>;

export interface Gathered<Row> {
  readonly rows: readonly Row[];
  /** Of the replica that knows most; more than `rows` when not all were asked for. */
  readonly total: number;
  /** `3: no answer`, for each replica that is missing. */
  readonly missing: readonly string[];
}

const pageLimit = 1_000;
/** Sessions of one replica that are listed; the filter finds the others. */
const sessionsMax = 5_000;

export async function gatherSessions(
  ask: Ask,
  sids: readonly number[],
  text: string,
): Promise<Gathered<PlacedSession>> {
  const { given, missing } = await fromAll(sids, async (sid) => {
    const rows: SessionRow[] = [];
    let total = 0;
    do {
      const paging = { offset: rows.length, limit: pageLimit };
      const page = await ask(sid, { what: 'sessions', text, ...paging });
      rows.push(...page.rows);
      total = page.total;
      if (page.rows.length === 0) break;
    } while (rows.length < total && rows.length < sessionsMax);
    return { sid, rows, total };
  });
  const rows = mergeSessions(given);
  const total = Math.max(rows.length, ...given.map((page) => page.total));
  return { rows, total, missing };
}

export async function gatherWatches(
  ask: Ask,
  sids: readonly number[],
  by: 'path' | 'session',
  text: string,
): Promise<Gathered<WatchGroup>> {
  const { given, missing } = await fromAll(sids, (sid) =>
    ask(sid, { what: 'watches', by, text, offset: 0, limit: pageLimit }),
  );
  const rows = mergeWatches(given.map((page) => page.groups));
  return { rows, total: Math.max(rows.length, ...given.map((page) => page.total)), missing };
}

export interface PlacedDetail extends SessionDetail {
  /** The replica that knows most of it. */
  readonly sid: number;
}

/** Null when no replica knows it. */
export async function gatherSession(
  ask: Ask,
  sids: readonly number[],
  id: string,
): Promise<PlacedDetail | null> {
  const { given, missing } = await fromAll(sids, async (sid) => ({
    sid,
    detail: await ask(sid, { what: 'session', id }),
  }));
  const known = given.flatMap(({ sid, detail }) => (detail === null ? [] : [{ ...detail, sid }]));
  const near = mergeSessions(known.map((detail) => ({ sid: detail.sid, rows: [detail] })))[0];
  if (near === undefined) {
    if (given.length === 0 && missing.length > 0) throw new Error(missing.join('; '));
    return null;
  }
  const paths = new Set(known.flatMap((detail) => detail.ephemeralPaths));
  return {
    ...near,
    ephemeralPaths: [...paths].sort(),
    watchList: known.flatMap((detail) => detail.watchList),
  };
}

/** Fails only when nobody answers. */
async function fromAll<T>(
  sids: readonly number[],
  run: (sid: number) => Promise<T>,
): Promise<{ given: T[]; missing: string[] }> {
  // Nobody to ask is not the same as nothing there.
  if (sids.length === 0) throw new Error('No replica has been heard.');
  const given: T[] = [];
  const missing: string[] = [];
  const answers = await Promise.allSettled(sids.map(run));
  answers.forEach((answer, at) => {
    if (answer.status === 'fulfilled') given.push(answer.value);
    else missing.push(`replica ${sids[at]}: ${reasonOf(answer.reason)}`);
  });
  if (given.length === 0 && missing.length > 0) throw new Error(missing.join('; '));
  return { given, missing };
}

const reasonOf = (failure: unknown): string =>
  failure instanceof Error ? failure.message : String(failure);
