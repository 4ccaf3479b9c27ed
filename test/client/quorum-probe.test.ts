/**
 * The search for a server with a quorum while the client sits on one without: over streams that the
 * test answers itself.
 */

import { describe, expect, test } from 'vitest';
import { ServerList } from '../../client/connect-string.ts';
import type { ByteStream } from '../../client/dial.ts';
import { QuorumProbe } from '../../client/quorum-probe.ts';
import { ManualClock } from './manual-clock.ts';

class Line implements ByteStream {
  readonly host: string;
  written = '';
  isDestroyed = false;
  readonly writableLength = 0;
  answer: (chunk: Buffer) => void = () => {};

  constructor(host: string) {
    this.host = host;
  }

  on(event: string, listener: (value: never) => void): void {
    if (event === 'data') this.answer = listener as (chunk: Buffer) => void;
  }

  write(bytes: Uint8Array): boolean {
    this.written += String(bytes);
    return true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

function probing() {
  const clock = new ManualClock();
  const lines: Line[] = [];
  const found: string[] = [];
  const servers = ['b', 'a'].map((host) => ({ host, port: 1 }));
  const probe = new QuorumProbe(
    ({ host }) => {
      const line = new Line(host);
      lines.push(line);
      return line;
    },
    new ServerList(servers, () => 0),
    clock,
    ({ host }) => found.push(host),
  );
  probe.start();
  return { clock, lines, found, probe };
}

describe('quorum probe', () => {
  test('asks one server after the other, with growing pauses', () => {
    const { clock, lines } = probing();

    clock.advance(1_000);
    clock.advance(1_999);
    const early = lines.length;
    clock.advance(1);

    expect(early).toBe(1);
    expect(lines.map((line) => line.host)).toEqual(['a', 'b']);
    expect(lines[0]!.isDestroyed).toBe(true);
  });

  test('reports the first that is rw, and asks no more', () => {
    const { clock, lines, found } = probing();
    clock.advance(1_000);
    lines[0]!.answer(Buffer.from('ro'));
    clock.advance(2_000);
    lines[1]!.answer(Buffer.from('r'));
    lines[1]!.answer(Buffer.from('w'));

    expect(found).toEqual(['b']);
    expect(clock.timerCount).toBe(0);
    expect(lines[1]!.isDestroyed).toBe(true);
  });

  test('is silent once it is stopped', () => {
    const { clock, lines, found, probe } = probing();
    clock.advance(1_000);

    probe.stop();
    lines[0]!.answer(Buffer.from('rw'));
    clock.advance(100_000);

    expect(found).toEqual([]);
    expect(lines).toHaveLength(1);
  });
});
