/** Lines of a nats-server as log lines of ours. */

import { expect, test } from 'vitest';
import type { Notes } from '../../actors/note.ts';
import { NatsLog } from '../../cli/nats-log.ts';

function listening(now = () => 0): { lines: string[]; log: NatsLog } {
  const lines: string[] = [];
  const note = (level: string) => (message: string, fields?: object) =>
    void lines.push(`${level} ${message}${fields === undefined ? '' : JSON.stringify(fields)}`);
  const notes: Notes = {
    debug: note('debug'),
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
  };
  return { lines, log: new NatsLog(notes, now) };
}

test('each has the severity that it has for a replica', () => {
  const { lines, log } = listening();
  const stamp = '[123] 2026/11/21 15:44:51.281804';

  log.take(`${stamp} [INF] Server is ready`);
  log.take(`${stamp} [WRN] Plaintext passwords detected, use nkeys or bcrypt`);
  log.take(`${stamp} [ERR] Error trying to connect to route (attempt 1): dial tcp: refused`);
  log.take(`${stamp} [ERR] 10.0.0.9:1 - rid:7 - authentication error`);
  log.take(`${stamp} [FTL] Error listening on port`);
  log.take('sh: 3: exec: nats-server: not found');
  log.take('');

  expect(lines.map((line) => line.replace('nats-server: ', '').slice(0, 22))).toEqual([
    'debug Server is ready',
    'debug Plaintext passwo',
    'info Error trying to c',
    'warn 10.0.0.9:1 - rid:',
    'error Error listening ',
    'warn sh: 3: exec: nats',
  ]);
  expect(log.lastLines).toHaveLength(6);
});

test('a stranger who makes it talk does not fill our log', () => {
  let now = 1_000_000;
  const { lines, log } = listening(() => now);

  for (let at = 0; at < 1000; at++) log.take('[1] x [ERR] knock');
  expect(lines).toHaveLength(60);
  now += 60_000;
  log.take('[1] x [ERR] knock');

  expect(lines.slice(60)).toEqual([
    'warn lines of nats-server were dropped{"lines":940}',
    'warn nats-server: knock',
  ]);
  expect(log.lastLines).toHaveLength(10);
});
