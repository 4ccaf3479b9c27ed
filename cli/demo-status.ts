/**
 * Who leads, as the replicas say it themselves: `srvr` on their client ports, like anybody could
 * ask.
 */

import { connect } from 'node:net';

const answerMsMax = 1000;
const answerCharsMax = 65536;

export type Modes = ReadonlyMap<number, string>;

/** What `Mode:` of the answer says; null when nobody answers so. */
export function modeOf(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write('srvr'));
    const timer = setTimeout(() => socket.destroy(), answerMsMax);
    socket.on('data', (part) => {
      text += part.toString();
      if (text.length > answerCharsMax) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(/^Mode: (\S+)$/m.exec(text)?.[1] ?? null);
    });
  });
}

/** Modes by sid, of those that answer. */
export async function modesOf(
  replicas: readonly { readonly sid: number; readonly port: number }[],
): Promise<Modes> {
  const answers = await Promise.all(
    replicas.map(async ({ sid, port }) => [sid, await modeOf(port)] as const),
  );
  return new Map(answers.filter((entry): entry is [number, string] => entry[1] !== null));
}

/**
 * One that was deposed may not know it yet, or for long, if it was cut off: of two the one that did
 * not say so before (`before`: the last modes) is it.
 */
export function leaderOf(
  modes: Modes,
  former: number | null,
  before: Modes = new Map(),
): number | null {
  const leaders = [...modes].filter(([, mode]) => mode === 'leader').map(([sid]) => sid);
  const fresh = leaders.find((sid) => sid !== former && before.get(sid) !== 'leader');
  return fresh ?? leaders.find((sid) => sid === former) ?? leaders[0] ?? null;
}

/** `1`, `1 and 2`, `1, 2 and 3`. */
export function listed(names: readonly (string | number)[]): string {
  if (names.length < 2) return names.join('');
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
