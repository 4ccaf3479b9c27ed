/** What the writers of the demo notice of failures, with a clock of ours. */

import { describe, expect, test } from 'vitest';
import { DemoMeter } from '../../cli/demo-meter.ts';

function rig() {
  let now = 1_000_000;
  const meter = new DemoMeter(() => now);
  return {
    meter,
    /** An acknowledged write each 10 ms. */
    writes(ms: number) {
      for (const end = now + ms; now < end; ) {
        now += 10;
        meter.acked();
      }
    },
    wait(ms: number) {
      now += ms;
    },
  };
}

describe('an outage', () => {
  test('lasts from the failure to the first acknowledged write', () => {
    const { meter, writes, wait } = rig();
    meter.start();
    writes(1000);
    meter.broke('killed', 1);
    writes(20);
    wait(800);
    meter.acked();
    writes(500);

    expect(meter.outages).toMatchObject([{ what: 'killed', sid: 1, ms: 800 }]);
    expect(meter.outage).toEqual({ lastMs: 800, since: null, isOngoing: false });
  });

  test('that goes on is told as it grows', () => {
    const { meter, writes, wait } = rig();
    meter.start();
    writes(100);
    meter.broke('killed', 2);
    wait(200);
    expect(meter.outage).toMatchObject({ isOngoing: false, lastMs: 0 });
    wait(300);

    expect(meter.outage).toEqual({ lastMs: 500, since: 1_000_100, isOngoing: true });
    expect(meter.outages[0]).toMatchObject({ ms: 500, toMs: null });
    meter.stop();
    expect(meter.outage.isOngoing).toBe(false);
    expect(meter.outages[0]).toMatchObject({ ms: 500, toMs: 1_000_600 });
  });

  test('of an earlier load is over: the start of the next one is not laid to it', () => {
    const { meter, writes, wait } = rig();
    meter.start();
    writes(100);
    meter.broke('killed', 1);
    wait(50);
    writes(100);
    meter.stop();
    wait(5_000);
    meter.start();
    wait(900);
    expect(meter.outages).toMatchObject([{ ms: 60, toMs: 1_000_160 }]);
    writes(100);

    expect(meter.outages).toMatchObject([{ ms: 60 }]);
  });

  test('is laid to each failure within it, from that failure on', () => {
    const { meter, writes, wait } = rig();
    meter.start();
    writes(100);
    meter.broke('killed', 1);
    wait(300);
    meter.broke('killed', 2);
    wait(400);
    meter.acked();

    expect(meter.outages.map(({ ms }) => ms)).toEqual([700, 400]);
  });

  test('is not laid to a failure long ago, nor counted without load', () => {
    const { meter, writes, wait } = rig();
    meter.broke('killed', 3);
    meter.start();
    wait(2_000);
    expect(meter.outage.isOngoing).toBe(false);
    writes(100);
    meter.broke('killed', 1);
    writes(31_000);
    wait(600);
    meter.acked();

    expect(meter.outages).toMatchObject([{ sid: 1, ms: 10 }]);
  });
});

describe('the series', () => {
  test('counts whole steps, the empty ones too', () => {
    const { meter, writes, wait } = rig();
    meter.start();
    writes(200);
    wait(150);
    meter.failed();
    wait(100);

    const series = meter.series.map(({ perSecond, failed }) => [perSecond, failed]);
    expect(series).toEqual([
      [90, 0],
      [100, 0],
      [10, 0],
      [0, 1],
    ]);
  });

  test('leaves out the time without load, and what is older than two minutes', () => {
    const { meter, writes, wait } = rig();
    meter.start();
    writes(1000);
    meter.stop();
    wait(1000);
    meter.start();
    writes(1000);

    const times = meter.series.map(({ atMs }) => atMs - 1_000_000);
    expect(times.filter((at) => at > 1000 && at < 2000)).toEqual([]);
    expect(times.at(-1)).toBe(2900);
    wait(200_000);
    expect(meter.series.length).toBeLessThanOrEqual(1200);
    expect(meter.series[0]!.atMs).toBeGreaterThanOrEqual(1_000_000 + 83_000 - 100);
  });
});
