/**
 * The bus inside one process, held to the suite of all buses.
 */

import { describe, expect, test } from 'vitest';
import { LocalBus, LocalHub } from '../../actors/local-bus.ts';
import { busSuite } from '../support/bus-suite.ts';
import { FakeClock } from '../support/fake-clock.ts';

describe('local bus', () => {
  busSuite({
    open: async () => {
      const hub = new LocalHub();
      return { source: hub.attach(), target: hub.attach() };
    },
    settle: () => new Promise((done) => setImmediate(done)),
  });

  const rig = () => {
    const clock = new FakeClock();
    const hub = new LocalHub((task) => clock.defer(task));
    const buses = [hub.attach(), hub.attach(), hub.attach()] as const;
    const heard: string[] = [];
    buses.forEach((bus, at) => {
      bus.subscribe('a', (frame) => void heard.push(`${at}: ${Buffer.from(frame)}`));
    });
    return { clock, hub, buses, heard };
  };

  test('each frame is handed over by one deferred task, the oldest first', () => {
    const { clock, buses, heard } = rig();
    const tasks: (() => void)[] = [];
    clock.defer = (task) => void tasks.push(task);

    buses[0].publish('a', Buffer.from('first'));
    buses[1].publish('a', Buffer.from('second'));
    expect(heard).toEqual([]);

    tasks[1]!();
    expect(heard).toEqual(['1: first', '2: first']);
    tasks[0]!();
    expect(heard.slice(2)).toEqual(['0: second', '2: second']);
  });

  test('what is published while a frame is handed over waits for a later turn', () => {
    const { clock, buses, heard } = rig();
    buses[1].subscribe('a', () => buses[1].publish('a', Buffer.from('answer')));

    buses[0].publish('a', Buffer.from('ask'));
    clock.endTurn();
    expect(heard).toEqual(['1: ask', '2: ask']);
    clock.endTurn();

    expect(heard.slice(2)).toEqual(['0: answer', '2: answer']);
  });

  test('who subscribes while a frame is handed over does not hear it', () => {
    const { clock, buses } = rig();
    let late = 0;
    buses[1].subscribe('a', () => void buses[1].subscribe('a', () => void late++));

    buses[0].publish('a', Buffer.from('x'));
    clock.endTurn();

    expect(late).toBe(0);
  });

  test('a handler that throws costs no later frame', () => {
    const { clock, buses, heard } = rig();
    let calls = 0;
    buses[2].subscribe('a', () => {
      if (++calls === 1) throw new Error('told to');
    });

    buses[0].publish('a', Buffer.from('x'));
    expect(() => clock.endTurn()).toThrow('told to');
    buses[0].publish('a', Buffer.from('y'));
    clock.endTurn();

    expect(heard).toEqual(['1: x', '2: x', '1: y', '2: y']);
  });

  test('an attachment that is cut off neither hears nor is heard, until it is healed', () => {
    const { clock, hub, buses, heard } = rig();
    const told: string[] = [];
    buses.forEach((bus, at) => {
      bus.onConnection = (isConnected) => void told.push(`${at}: ${isConnected}`);
    });
    const publish = (at: 0 | 1 | 2, text: string) => {
      buses[at].publish('a', Buffer.from(text));
      clock.endTurn();
    };

    buses[2].publish('a', Buffer.from('under way'));
    hub.cut(buses[0]);
    hub.cut(buses[0]);
    clock.endTurn();
    publish(0, 'unheard');
    publish(1, 'heard by one');
    buses[0].probe('a', Buffer.from('x'), () => void heard.push('absent'));
    clock.endTurn();
    expect(buses.map((bus) => bus.isConnected)).toEqual([false, true, true]);
    hub.heal(buses[0]);
    publish(0, 'again');

    expect(heard).toEqual(['1: under way', '2: heard by one', '1: again', '2: again']);
    expect(told).toEqual(['0: false', '0: true']);
  });

  test('a probe is told of absence when all others are cut off', () => {
    const { clock, hub, buses } = rig();
    let absent = 0;
    hub.cut(buses[1]);
    hub.cut(buses[2]);

    buses[0].probe('a', Buffer.from('x'), () => void absent++);
    expect(absent).toBe(0);
    clock.endTurn();

    expect(absent).toBe(1);
  });

  test('a bus that is alone is connected, publishes for nobody, and knows it', async () => {
    const bus = new LocalBus();
    let heard = 0;
    bus.subscribe('a', () => void heard++);
    bus.publish('a', Buffer.from('x'));
    const isAbsent = await new Promise((done) =>
      bus.probe('a', Buffer.from('x'), () => done(true)),
    );

    expect([bus.isConnected, heard, isAbsent]).toEqual([true, 0, true]);
  });

  test('many frames waiting at once keep their order (five thousand)', () => {
    const { clock, buses } = rig();
    const heard: number[] = [];
    buses[1].subscribe('n', (frame) => void heard.push(Buffer.from(frame).readUInt32BE()));
    const frame = Buffer.alloc(4);

    for (let at = 0; at < 5000; at++) {
      frame.writeUInt32BE(at);
      buses[0].publish('n', frame);
    }
    clock.endTurn();

    expect(heard).toEqual(Array.from({ length: 5000 }, (_, at) => at));
  });
});
