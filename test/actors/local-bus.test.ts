/**
 * The bus inside one process, held to the suite of all buses.
 */

import { describe, expect, test } from 'vitest';
import { LocalBus } from '../../actors/local-bus.ts';
import { busSuite } from '../support/bus-suite.ts';

describe('local bus', () => {
  busSuite({
    open: async () => {
      const bus = new LocalBus();
      return { source: bus, target: bus };
    },
    settle: async () => {},
  });

  test('hands over in the turn of the publisher, and not to who subscribes meanwhile', () => {
    const bus = new LocalBus();
    let late = 0;
    let calls = 0;
    bus.subscribe('a', () => {
      calls++;
      bus.subscribe('a', () => void late++);
    });

    bus.publish('a', Buffer.alloc(0));

    expect([calls, late]).toEqual([1, 0]);
  });
});
