/** Asks a server, ours or Apache's, by four-letter words: is it serving, who leads, how much. */

import { connect } from 'node:net';
import { until } from './time.ts';

/** A server that is busy with its memory is asked again. */
const countMsMax = 30_000;
const answerMsMax = 500;

/** What it answers; '' if nobody does. One that is not serving yet may never answer. */
export function say(port: number, word: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(word));
    socket.setTimeout(answerMsMax, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      answer += chunk;
    });
    socket.on('error', () => resolve(''));
    socket.on('close', () => resolve(answer));
  });
}

/** `leader`, `follower`, `observer` or `standalone`; '' while it does not serve. */
export async function modeOf(port: number): Promise<string> {
  return /Mode: (\w+)/.exec(await say(port, 'srvr'))?.[1] ?? '';
}

export async function znodesOf(port: number): Promise<number> {
  let count = 0;
  const ask = async () => {
    count = Number(/Node count: (\d+)/.exec(await say(port, 'srvr'))?.[1] ?? 0);
    return count > 0;
  };
  await until(ask, { msMax: countMsMax, about: () => 'the number of znodes' });
  return count;
}
