/**
 * What one viewer of the records is sent, and when: the backlog, the stream, its pace, and what is
 * dropped for one that cannot keep up. On a clock and a socket of the test's own.
 */

import { describe, expect, test } from 'vitest';
import { backlogMax } from '../../console/server/backlog.ts';
import {
  fewMachines,
  InspectViewer,
  type ViewerForm,
} from '../../console/server/inspect-viewer.ts';
import { Presence } from '../../console/server/presence.ts';
import { machines } from '../../machines/index.ts';
import type { InspectRecord, Question } from '../../protocol/inspection.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeInspection, messageRecord, stepRecord } from './fake-inspection.ts';
import { FakeViewerSocket } from './fake-viewer-socket.ts';

const many = (count: number, from = 1): InspectRecord[] =>
  Array.from({ length: count }, (_, at) => messageRecord(1, from + at));

interface Seat {
  readonly inspection: FakeInspection;
  readonly socket: FakeViewerSocket;
  readonly clock: FakeClock;
  readonly viewer: InspectViewer;
  readonly presence: Presence;
  /** Its backlog is through. */
  readonly started: Promise<void>;
}

function seat(
  answer: (sid: number, question: Question) => unknown = () => [],
  form: ViewerForm = 'batch',
): Seat {
  const inspection = new FakeInspection();
  inspection.answer = answer;
  const socket = new FakeViewerSocket();
  const clock = new FakeClock();
  const presence = new Presence(inspection, clock);
  const viewer = new InspectViewer(socket, form, { inspection, presence, clock });
  const started = viewer.start();
  // The time in which replicas say that they are there.
  clock.advance(600);
  return {
    inspection,
    presence,
    socket,
    clock,
    viewer,
    started: started.then(() => presence.close()),
  };
}

/** Lets promises do what they have to do. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

const seqs = (records: readonly InspectRecord[]) => records.map(({ sid, seq }) => `${sid}.${seq}`);

describe('the backlog', () => {
  test('is that of all replicas, oldest first', async () => {
    const rings: Readonly<Record<number, InspectRecord[]>> = {
      1: [messageRecord(1, 1, 10), messageRecord(1, 2, 40)],
      2: [messageRecord(2, 7, 20), messageRecord(2, 8, 30)],
      3: [],
    };
    const { socket, started } = seat((sid) => rings[sid]);
    await started;

    expect(seqs(socket.records)).toEqual(['1.1', '2.7', '2.8', '1.2']);
  });

  test('keeps the order of a process whose wall clock was set back', async () => {
    const ring = [messageRecord(1, 1, 50), messageRecord(1, 2, 20), messageRecord(1, 3, 30)];
    const { socket, started } = seat((sid) => (sid === 1 ? ring : [messageRecord(sid, 1, 45)]));
    await started;

    expect(seqs(socket.records).filter((seq) => seq.startsWith('1'))).toEqual([
      '1.1',
      '1.2',
      '1.3',
    ]);
  });

  test('has the last ten thousand', async () => {
    const { socket, started } = seat((sid) =>
      sid === 1 ? many(backlogMax) : [messageRecord(2, 1, 1e9)],
    );
    await started;

    expect(socket.records).toHaveLength(backlogMax);
    expect(seqs(socket.records).at(0)).toBe('1.3');
    expect(seqs(socket.records).at(-1)).toBe('2.1');
  });

  test('goes without a replica that says no, and without one that says nothing', async () => {
    const { socket, clock, started } = seat((sid) => {
      if (sid === 2) throw new Error('no');
      return sid === 3 ? new Promise(() => {}) : [messageRecord(1, 1)];
    });
    await settled();
    clock.advance(2_000);
    await started;

    expect(seqs(socket.records)).toEqual(['1.1']);
  });

  test('waits until the viewer has taken what went before', async () => {
    const { socket, started } = seat((sid) => (sid === 1 ? many(600) : []));
    socket.isHeld = true;
    const lengths: number[] = [];
    while (socket.records.length < 600) {
      await settled();
      if (lengths.at(-1) !== socket.records.length) lengths.push(socket.records.length);
      else socket.release();
    }
    socket.release();
    await started;

    expect(lengths.filter((length) => length > 0)).toEqual([250, 500, 600]);
  });

  test('comes before what happens while it is fetched, and nothing comes twice', async () => {
    const { socket, clock, inspection, started } = seat(async (sid) => {
      await settled();
      if (sid !== 1) return [];
      inspection.emit(messageRecord(1, 2), messageRecord(1, 3));
      return [messageRecord(1, 1), messageRecord(1, 2)];
    });
    await started;
    inspection.emit(messageRecord(1, 2), messageRecord(1, 4));
    clock.advance(50);

    expect(seqs(socket.records)).toEqual(['1.1', '1.2', '1.3', '1.4']);
  });
});

describe('the stream', () => {
  test('is sent together, every fifty ms and not more often', async () => {
    const { socket, clock, inspection, started } = seat();
    await started;
    inspection.emit(messageRecord(1, 1));
    inspection.emit(messageRecord(2, 1));
    clock.advance(49);
    const early = socket.sent.length;
    clock.advance(1);
    inspection.emit(messageRecord(1, 2));
    clock.advance(50);

    expect(early).toBe(0);
    expect(socket.sent.map((batch) => seqs(batch as InspectRecord[]))).toEqual([
      ['1.1', '2.1'],
      ['1.2'],
    ]);
  });

  test('sets no timer while nothing happens', async () => {
    const { clock, started } = seat();
    await started;
    clock.advance(10_000);

    expect(clock.timerCount).toBe(0);
  });

  test('has only the status until the viewer says what it wants', async () => {
    const { inspection, viewer, started } = seat();
    await started;
    const before = inspection.filters;
    viewer.take('{"filter": {"machines": ["peer", "peer"], "sids": [2], "instance": null}}');
    const first = inspection.filters;
    viewer.take('{"filter": {"machines": ["session"], "instance": "1:session.7"}}');

    expect(before).toEqual([{ machines: [], sids: null, instance: null }]);
    expect(first).toEqual([{ machines: ['peer'], sids: [2], instance: null }]);
    expect(inspection.filters).toEqual([
      { machines: ['session'], sids: null, instance: '1:session.7' },
    ]);
  });

  test('ends with the viewer', async () => {
    const { inspection, clock, socket, viewer, started } = seat();
    await started;
    inspection.emit(messageRecord(1, 1));
    viewer.stop();
    clock.advance(100);
    viewer.take('{"filter": {"machines": []}}');

    expect(inspection.watchers.size).toBe(0);
    expect(socket.sent).toEqual([]);
  });
});

describe('a viewer that cannot keep up', () => {
  test('loses records, and is told how many once there is room', async () => {
    const { socket, clock, inspection, started } = seat();
    await started;
    inspection.emit(...many(3));
    socket.bufferedAmount = 1_000_001;
    clock.advance(50);
    inspection.emit(...many(7, 4));
    clock.advance(500);
    const meanwhile = socket.sent.length;
    socket.bufferedAmount = 0;
    inspection.emit(messageRecord(1, 11));
    clock.advance(50);

    expect(meanwhile).toBe(0);
    expect(socket.records).toEqual([
      messageRecord(1, 11),
      expect.objectContaining({ type: '@natskeeper.dropped', of: 'viewer', count: 10, sid: 1 }),
    ]);
  });

  test('is told also when nothing more happens', async () => {
    const { socket, clock, inspection, started } = seat();
    await started;
    socket.bufferedAmount = 1_000_001;
    inspection.emit(...many(2));
    clock.advance(200);
    socket.bufferedAmount = 0;
    clock.advance(50);

    expect(socket.records).toEqual([expect.objectContaining({ of: 'viewer', count: 2 })]);
  });

  test('gets a flood in parts of bounded size, and a count of the rest', async () => {
    const { socket, clock, inspection, started } = seat();
    await started;
    inspection.emit(...many(20_000));
    clock.advance(1_000);
    const batches = socket.sent as InspectRecord[][];
    const dropped = socket.records.filter(({ type }) => type === '@natskeeper.dropped');

    expect(Math.max(...batches.map((batch) => batch.length))).toBeLessThanOrEqual(1_001);
    expect(dropped).toEqual([expect.objectContaining({ count: 15_000 })]);
    expect(socket.records.length - dropped.length).toBe(5_000);
  });

  test('takes nothing from another', async () => {
    const { socket, clock, inspection, presence, started } = seat();
    const other = new FakeViewerSocket();
    const second = new InspectViewer(other, 'batch', { inspection, presence, clock });
    await Promise.all([started, second.start()]);
    socket.bufferedAmount = 2_000_000;
    inspection.emit(...many(5));
    clock.advance(50);

    expect(socket.sent).toEqual([]);
    expect(seqs(other.records)).toEqual(['1.1', '1.2', '1.3', '1.4', '1.5']);
  });
});

describe('a message that is no filter ends the viewer with a sentence', () => {
  const cases: readonly (readonly [text: string, part: string])[] = [
    ['{', 'no JSON'],
    ['[]', 'JSON object'],
    ['null', 'JSON object'],
    ['{}', '"filter"'],
    ['{"filter": {}}', 'filter.machines'],
    ['{"filter": {"machines": "peer"}}', 'filter.machines'],
    ['{"filter": {"machines": [1]}}', 'filter.machines'],
    ['{"filter": {"machines": ["toaster"]}}', "'toaster' is none of"],
    [JSON.stringify({ filter: { machines: Array(65).fill('peer') } }), 'filter.machines'],
    ['{"filter": {"machines": [], "sids": [256]}}', 'filter.sids'],
    ['{"filter": {"machines": [], "sids": 1}}', 'filter.sids'],
    ['{"filter": {"machines": [], "instance": 7}}', 'filter.instance'],
  ];
  for (const [text, part] of cases) {
    test(text.slice(0, 70), async () => {
      const { socket, inspection, viewer, started } = seat();
      await started;
      viewer.take(text);

      expect(socket.sent).toEqual([{ error: expect.stringContaining(part) }]);
      expect(socket.closed?.code).toBe(1008);
      expect(Buffer.byteLength(socket.closed?.reason ?? '')).toBeLessThanOrEqual(123);
      expect(inspection.watchers.size).toBe(0);
    });
  }
});

test('a viewer that changes its mind all the time is ended', async () => {
  const { socket, clock, viewer, started } = seat();
  await started;
  const change = () => viewer.take('{"filter": {"machines": ["peer"]}}');
  for (let at = 0; at < 20; at++) change();
  clock.advance(1_000);
  for (let at = 0; at < 20; at++) change();
  const before = socket.closed;
  change();

  expect(before).toBeNull();
  expect(socket.closed).toEqual({ code: 1008, reason: expect.stringContaining('20 filters') });
});

describe("in the form of Stately's inspector", () => {
  test('actors come first, then one message each', async () => {
    const actor = { ...stepRecord(1, 1), type: '@xstate.actor', definition: '{}' };
    const { socket, clock, inspection, started } = seat((sid, { what }) => {
      if (sid !== 1) return [];
      return what === 'actors' ? [actor] : [stepRecord(1, 2)];
    }, 'stately');
    await started;
    inspection.emit(messageRecord(1, 3));
    clock.advance(50);

    expect(socket.sent.map((message) => (message as InspectRecord).type)).toEqual([
      '@xstate.actor',
      '@xstate.event',
      '@xstate.snapshot',
      '@natskeeper.transition',
      '@natskeeper.message',
    ]);
  });

  test('the machines of which there are few are shown without a filter', async () => {
    const { inspection, started } = seat(() => [], 'stately');
    await started;

    expect(inspection.filters).toEqual([{ machines: fewMachines, sids: null, instance: null }]);
    const ids = Object.values(machines).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining([...fewMachines]));
  });
});
