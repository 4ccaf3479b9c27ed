/**
 * One suite for the bus between replicas: run on the bus inside a process, and on any other.
 */

import { expect, test } from 'vitest';
import type { Bus } from '../../actors/bus.ts';

export interface BusBench {
  /** A bus to publish on, and another, connected to it, to listen on. */
  open(): Promise<{ readonly source: Bus; readonly target: Bus }>;
  /** Resolves when all that was published or subscribed so far has had its effect. */
  settle(source: Bus, target: Bus): Promise<void>;
}

export function busSuite(bench: BusBench): void {
  const opened = async () => {
    const { source, target } = await bench.open();
    const heard: string[] = [];
    const hear = (name: string) => (frame: Uint8Array, subject: string) =>
      void heard.push(`${name} ${subject} ${Buffer.from(frame)}`);
    const publish = (subject: string, text = 'x') => source.publish(subject, Buffer.from(text));
    const settle = () => bench.settle(source, target);
    const close = async () => {
      await source.close();
      await target.close();
    };
    return { source, target, heard, hear, publish, settle, close };
  };

  test('hands a frame to each subscription of its subject, and to no other', async () => {
    const { target, heard, hear, publish, settle, close } = await opened();
    target.subscribe('a.b', hear('1'));
    target.subscribe('a.b', hear('2'));
    target.subscribe('a.c', hear('3'));
    await settle();

    publish('a.b', 'hello');
    await settle();

    expect(heard.sort()).toEqual(['1 a.b hello', '2 a.b hello']);
    await close();
  });

  test('hands nothing to its publisher, and nothing in the turn of the publication', async () => {
    const { source, target, heard, hear, publish, settle, close } = await opened();
    source.subscribe('a', hear('own'));
    target.subscribe('a', hear('1'));
    await settle();

    publish('a');
    expect(heard).toEqual([]);
    await settle();

    expect(heard).toEqual(['1 a x']);
    await close();
  });

  test('keeps the order of what is published (a hundred frames, two subjects)', async () => {
    const { target, heard, hear, publish, settle, close } = await opened();
    target.subscribe('a.>', hear('1'));
    await settle();

    const sent = Array.from({ length: 100 }, (_, at) => `1 a.${at % 2} ${at}`);
    for (let at = 0; at < 100; at++) publish(`a.${at % 2}`, String(at));
    await settle();

    expect(heard).toEqual(sent);
    await close();
  });

  test('a subscription below a subject hears of every depth, not of the subject', async () => {
    const { target, heard, hear, publish, settle, close } = await opened();
    target.subscribe('a.>', hear('1'));
    target.subscribe('a.b.>', hear('2'));
    await settle();

    for (const subject of ['a', 'a.b', 'a.b.c', 'a.b.c.d', 'ab.c', 'b.a.b']) publish(subject);
    await settle();

    expect(heard.sort()).toEqual([
      ...['1 a.b x', '1 a.b.c x', '1 a.b.c.d x', '2 a.b.c x', '2 a.b.c.d x'],
    ]);
    await close();
  });

  test('carries any bytes of any length, and they may be kept (none to 8 MB)', async () => {
    const { source, target, settle, close } = await opened();
    const heard: Uint8Array[] = [];
    target.subscribe('any', (frame) => void heard.push(frame));
    await settle();
    // The first bytes of packets, of what goes in parts, and others.
    const sent = [0, 1, 2, 100, 65_536, 262_144, 1_048_576, 1_048_577, 1_200_000, 8_000_000].map(
      (length, at) => Buffer.alloc(length, Buffer.of([1, 0xf0, 0xff, 0][at % 4]!, at, 13, 10, 0)),
    );

    for (const frame of sent) source.publish('any', frame);
    await settle();

    expect(heard.map((frame) => frame.length)).toEqual(sent.map((frame) => frame.length));
    expect(heard.every((frame, at) => sent[at]!.equals(frame))).toBe(true);
    await close();
  });

  test('a frame may change once the turn is over', async () => {
    const { source, target, heard, hear, settle, close } = await opened();
    target.subscribe('a', hear('1'));
    await settle();
    const frame = Buffer.from('before');

    source.publish('a', frame);
    await Promise.resolve();
    frame.write('after!');
    await settle();

    expect(heard).toEqual(['1 a before']);
    await close();
  });

  test('two subscriptions of one bus each hear a large frame and its subject', async () => {
    const { source, target, settle, close } = await opened();
    const heard: string[] = [];
    const hear = (frame: Uint8Array, subject: string) =>
      void heard.push(`${subject} ${frame.length}`);
    target.subscribe('a.b', hear);
    target.subscribe('a.>', hear);
    await settle();

    source.publish('a.b', Buffer.alloc(3_000_000, 1));
    await settle();

    expect(heard).toEqual(['a.b 3000000', 'a.b 3000000']);
    await close();
  });

  test('a probe is a publication; its sender is told if nobody hears it', async () => {
    const { source, target, heard, hear, settle, close } = await opened();
    target.subscribe('here.>', hear('1'));
    source.subscribe('mine', hear('own'));
    await settle();
    const absent: string[] = [];
    const probe = (subject: string) =>
      source.probe(subject, Buffer.from('x'), () => void absent.push(subject));

    for (const subject of ['here.a', 'gone', 'mine', 'here.b']) probe(subject);
    expect(absent).toEqual([]);
    await settle();

    expect(heard).toEqual(['1 here.a x', '1 here.b x']);
    expect(absent).toEqual(['gone', 'mine']);
    await close();
  });

  test('a cancelled subscription hears nothing, the others go on (cancelled twice)', async () => {
    const { target, heard, hear, publish, settle, close } = await opened();
    const same = hear('1');
    const first = target.subscribe('a', same);
    first.cancel();
    target.subscribe('a', same);
    const third = target.subscribe('a', same);
    first.cancel();
    third.cancel();
    await settle();

    publish('a');
    await settle();

    expect(heard).toEqual(['1 a x']);
    await close();
  });

  test('a subscription cancelled while a frame is handed over does not hear it', async () => {
    const { target, heard, hear, publish, settle, close } = await opened();
    const both = [0, 1].map((at) =>
      target.subscribe('a', (frame, subject) => {
        hear('1')(frame, subject);
        both[1 - at]!.cancel();
      }),
    );
    await settle();

    publish('a');
    publish('a');
    await settle();

    expect(heard).toEqual(['1 a x', '1 a x']);
    await close();
  });

  test('one handler with two subscriptions is called for each', async () => {
    const { target, heard, hear, publish, settle, close } = await opened();
    const same = hear('1');
    target.subscribe('a', same);
    target.subscribe('a', same);
    await settle();

    publish('a');
    await settle();

    expect(heard).toEqual(['1 a x', '1 a x']);
    await close();
  });

  test('a closed bus hands nothing on, takes nothing, and is not connected', async () => {
    const { source, target, heard, hear, publish, settle, close } = await opened();
    const told: boolean[] = [];
    target.onConnection = (isConnected) => void told.push(isConnected);
    source.subscribe('b', hear('2'));
    target.subscribe('a', hear('1'));
    await settle();
    expect([source.isConnected, target.isConnected]).toEqual([true, true]);
    publish('a', 'under way');
    await Promise.all([target.close(), target.close()]);

    publish('a');
    target.publish('b', Buffer.from('x'));
    target.probe('b', Buffer.from('x'), () => void heard.push('absent'));
    target.subscribe('a', hear('3')).cancel();
    await settle();

    expect(heard).toEqual([]);
    expect([target.isConnected, told]).toEqual([false, []]);
    await close();
  });

  test('what was published just before a bus is closed still arrives', async () => {
    const { source, target, heard, hear, publish, settle, close } = await opened();
    target.subscribe('a', hear('1'));
    target.subscribe('large', (frame) => void heard.push(`large ${frame.length}`));
    await settle();

    source.publish('large', Buffer.alloc(8_000_000, 1));
    publish('a', 'last');
    await source.close();
    await settle();

    expect(heard).toEqual(['large 8000000', '1 a last']);
    await close();
  });
}
