/**
 * One suite for the bus between replicas: run on the bus inside a process, and on any other.
 */

import { expect, test } from 'vitest';
import type { Bus } from '../../actors/bus.ts';

export interface BusBench {
  /** A bus to publish on, and one to listen on; they may be the same. */
  open(): Promise<{ readonly source: Bus; readonly target: Bus }>;
  /** Resolves when all that was published or subscribed so far has had its effect. */
  settle(): Promise<void>;
}

export function busSuite(bench: BusBench): void {
  const opened = async () => {
    const { source, target } = await bench.open();
    const heard: string[] = [];
    const hear = (name: string) => (frame: Uint8Array, subject: string) =>
      void heard.push(`${name} ${subject} ${Buffer.from(frame)}`);
    const publish = (subject: string, text = 'x') => source.publish(subject, Buffer.from(text));
    const close = async () => {
      await source.close();
      if (target !== source) await target.close();
    };
    return { target, heard, hear, publish, close };
  };

  test('hands a frame to each subscription of its subject, and to no other', async () => {
    const { target, heard, hear, publish, close } = await opened();
    target.subscribe('a.b', hear('1'));
    target.subscribe('a.b', hear('2'));
    target.subscribe('a.c', hear('3'));
    await bench.settle();

    publish('a.b', 'hello');
    await bench.settle();

    expect(heard.sort()).toEqual(['1 a.b hello', '2 a.b hello']);
    await close();
  });

  test('keeps the order of what is published (a hundred frames, two subjects)', async () => {
    const { target, heard, hear, publish, close } = await opened();
    target.subscribe('a.>', hear('1'));
    await bench.settle();

    const sent = Array.from({ length: 100 }, (_, at) => `1 a.${at % 2} ${at}`);
    for (let at = 0; at < 100; at++) publish(`a.${at % 2}`, String(at));
    await bench.settle();

    expect(heard).toEqual(sent);
    await close();
  });

  test('a subscription below a subject hears of every depth, not of the subject', async () => {
    const { target, heard, hear, publish, close } = await opened();
    target.subscribe('a.>', hear('1'));
    target.subscribe('a.b.>', hear('2'));
    await bench.settle();

    for (const subject of ['a', 'a.b', 'a.b.c', 'a.b.c.d', 'ab.c', 'b.a.b']) publish(subject);
    await bench.settle();

    expect(heard.sort()).toEqual([
      ...['1 a.b x', '1 a.b.c x', '1 a.b.c.d x', '2 a.b.c x', '2 a.b.c.d x'],
    ]);
    await close();
  });

  test('carries any bytes, none included (1 MiB)', async () => {
    const { target, close, heard, hear, publish } = await opened();
    const large: Uint8Array[] = [];
    target.subscribe('big', (frame) => void large.push(Uint8Array.from(frame)));
    target.subscribe('empty', hear('1'));
    await bench.settle();
    const bytes = Buffer.alloc(1024 * 1024 - 64, 'ÿ\0', 'latin1');

    publish('big', bytes.toString('latin1'));
    publish('empty', '');
    await bench.settle();

    expect(Buffer.from(large[0]!).equals(Buffer.from(bytes.toString('latin1')))).toBe(true);
    expect(heard).toEqual(['1 empty ']);
    await close();
  });

  test('a cancelled subscription hears nothing, the others go on (cancelled twice)', async () => {
    const { target, heard, hear, publish, close } = await opened();
    const same = hear('1');
    const first = target.subscribe('a', same);
    first.cancel();
    target.subscribe('a', same);
    const third = target.subscribe('a', same);
    first.cancel();
    third.cancel();
    await bench.settle();

    publish('a');
    await bench.settle();

    expect(heard).toEqual(['1 a x']);
    await close();
  });

  test('one handler with two subscriptions is called for each', async () => {
    const { target, heard, hear, publish, close } = await opened();
    const same = hear('1');
    target.subscribe('a', same);
    target.subscribe('a', same);
    await bench.settle();

    publish('a');
    await bench.settle();

    expect(heard).toEqual(['1 a x', '1 a x']);
    await close();
  });

  test('a closed bus hands nothing on', async () => {
    const { target, heard, hear, publish, close } = await opened();
    target.subscribe('a', hear('1'));
    await bench.settle();
    await target.close();

    publish('a');
    await bench.settle();

    expect(heard).toEqual([]);
    await close();
  });
}
