/**
 * The screen of `natskeeper top` as plain lines: a table, and below it what has changed lately. No
 * line is wider than the terminal, and whatever a replica says of itself, no control character of
 * it ever reaches the terminal.
 */

import type { TopRow, TopView } from './top-view.ts';

export interface Change {
  /** ms since 1970. */
  readonly atMs: number;
  readonly text: string;
}

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

interface Column {
  readonly title: string;
  readonly isText?: boolean;
  readonly cell: (row: TopRow) => string;
}

const none = '-';
const staleMark = '!';
/** Below the table: an empty line and the heading of the changes. */
const changesHeadRows = 1;

/** As lines, at most `size.rows` of them; without `changes` (null) the table alone. */
export function screenLines(
  view: TopView,
  changes: readonly Change[] | null,
  wallMs: number,
  size: ScreenSize,
): string[] {
  const lines = [headline(view, wallMs), '', ...tableLines(view), ...noteLines(view), ''];
  const room = size.rows - lines.length - changesHeadRows;
  if (room > 0 && changes !== null) {
    lines.push('Elections and changes of role:');
    const shown = changes.slice(-room).reverse();
    lines.push(...shown.map(({ atMs, text }) => `  ${clock(atMs)}  ${text}`));
    if (shown.length === 0) lines.push('  none since this began');
  }
  if (lines.at(-1) === '') lines.pop();
  return lines.slice(0, size.rows).map((line) => plain(line).slice(0, size.columns));
}

/** What is new between two views, in words. */
export function changesBetween(before: TopView | null, now: TopView, atMs: number): Change[] {
  if (before === null) return [];
  const found: Change[] = [];
  for (const row of now.rows) {
    const former = before.rows.find(({ address, sid }) => {
      return sid === row.sid && (sid !== null || address === row.address);
    });
    if (former === undefined) continue;
    const text = changeOf(former, row);
    if (text !== null) found.push({ atMs, text: `${nameOf(row)} ${text}` });
  }
  return found;
}

function changeOf(former: TopRow, row: TopRow): string | null {
  if (row.isStale) return former.isStale ? null : 'is silent';
  const epoch = row.epoch === null ? '' : ` (epoch ${row.epoch})`;
  if (former.isStale) return `is heard of: ${row.role}${epoch}`;
  if (former.role !== row.role) return `${former.role} -> ${row.role}${epoch}`;
  if (former.phase !== row.phase) return `${row.role}: ${former.phase} -> ${row.phase}${epoch}`;
  return null;
}

function nameOf({ sid, address }: TopRow): string {
  return sid === null ? address : `replica ${sid}`;
}

function headline({ title, rows }: TopView, wallMs: number): string {
  const heard = rows.filter(({ isStale }) => !isStale);
  const leaders = heard.filter(({ role }) => role === 'leader').map(nameOf);
  const lead = leaders.length === 0 ? 'no leader' : `leader: ${leaders.join(', ')}`;
  return `${clock(wallMs)}  ${title}  ${heard.length} of ${rows.length} heard  ${lead}`;
}

function tableLines(view: TopView): string[] {
  const columns = columnsOf(view);
  const table = [columns.map(({ title }) => title)];
  for (const row of view.rows) table.push(columns.map(({ cell }) => plain(cell(row))));
  const widths = columns.map((_, at) => Math.max(...table.map((cells) => cells[at]!.length)));
  const lines = table.map((cells) =>
    cells
      .map((cell, at) => {
        const width = widths[at]!;
        return columns[at]!.isText ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  return view.rows.length === 0 ? ['nobody was heard of so far'] : lines;
}

function columnsOf({ latency }: TopView): Column[] {
  const isExact = latency === 'percentiles';
  return [
    { title: 'SID', cell: ({ sid, isStale }) => `${isStale ? staleMark : ''}${sid ?? none}` },
    { title: 'ADDRESS', isText: true, cell: ({ address }) => address },
    { title: 'ROLE', isText: true, cell: roleText },
    { title: 'PHASE', isText: true, cell: ({ phase }) => phase ?? none },
    { title: 'EPOCH', cell: ({ epoch }) => whole(epoch) },
    { title: 'ZXID', isText: true, cell: ({ zxid }) => zxid ?? none },
    { title: 'LAG', cell: ({ lag }) => whole(lag) },
    { title: 'REQ/S', cell: ({ requestsPerSecond }) => whole(requestsPerSecond) },
    { title: 'COMMIT/S', cell: ({ commitsPerSecond }) => whole(commitsPerSecond) },
    { title: isExact ? 'P50 MS' : 'AVG MS', cell: ({ p50Ms }) => millis(p50Ms) },
    { title: isExact ? 'P99 MS' : 'MAX MS', cell: ({ p99Ms }) => millis(p99Ms) },
    { title: isExact ? 'FSYNC P99' : 'FSYNC MAX', cell: ({ syncP99Ms }) => millis(syncP99Ms) },
    { title: 'CONNS', cell: ({ connections }) => whole(connections) },
    { title: 'SESS', cell: ({ sessions }) => whole(sessions) },
    { title: 'WATCH', cell: ({ watches }) => whole(watches) },
    { title: 'ZNODES', cell: ({ znodes }) => whole(znodes) },
    { title: 'HEAP', cell: ({ heapBytes }) => mebibytes(heapBytes) },
    { title: 'LOOP', cell: ({ loopP99Ms }) => millis(loopP99Ms) },
  ];
}

/** Of one that is silent the age of what is shown. */
function roleText({ role, isStale, silentMs }: TopRow): string {
  if (!isStale) return role ?? none;
  if (silentMs === null) return 'not heard';
  return `${role ?? none}? ${Math.round(silentMs / 1000)}s ago`;
}

function noteLines({ rows, latency }: TopView): string[] {
  const lines: string[] = [];
  if (rows.some(({ isStale }) => isStale)) lines.push(`${staleMark} silent: not what it is now`);
  if (latency !== 'percentiles') {
    lines.push('Latency and fsync as mean and maximum since the server began (srvr, mntr).');
  }
  return lines;
}

function whole(value: number | null): string {
  return value === null ? none : String(Math.round(value));
}

function millis(value: number | null): string {
  if (value === null) return none;
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function mebibytes(bytes: number | null): string {
  return bytes === null ? none : `${Math.round(bytes / 2 ** 20)}M`;
}

function clock(ms: number): string {
  const date = new Date(ms);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  return parts.map((part) => String(part).padStart(2, '0')).join(':');
}

/** Controls, line ends and marks that turn the direction of text become dots. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '·');
}
