/** Records as Stately's inspector has them: field by field what its tools read. */

import { expect, test } from 'vitest';
import { statelyMessages } from '../../console/server/stately.ts';
import type { ActorRecord } from '../../protocol/inspection.ts';
import { messageRecord, stepRecord } from './fake-inspection.ts';

const step = stepRecord(2, 9, 1_700_000_000_000);
const common = {
  createdAt: '1700000000000',
  id: null,
  _version: '1',
  sid: 2,
  epoch: 3,
  zxid: '0x300000001',
  mono: 1_700_000_000_000,
  seq: 9,
  origin: 1002,
  sessionId: '2:peer',
  rootId: '2:peer',
  machine: 'peer',
};

test('a step is an event, a snapshot and a transition', () => {
  expect(statelyMessages(step)).toEqual([
    { ...common, type: '@xstate.event', event: { type: 'election.decided' } },
    {
      ...common,
      type: '@xstate.snapshot',
      event: { type: 'election.decided' },
      snapshot: step.snapshot,
    },
    {
      ...common,
      type: '@natskeeper.transition',
      from: 'looking',
      to: 'following.serving',
      fired: step.fired,
    },
  ]);
});

test('an actor is one message, and a definition that was sent before is left out', () => {
  const { event: _event, from: _from, to: _to, fired: _fired, ...rest } = step;
  const actor: ActorRecord = { ...rest, type: '@xstate.actor', name: 'peer', definition: '{}' };

  expect(statelyMessages(actor)).toEqual([actor]);
  expect(statelyMessages({ ...actor, definition: '' })[0]).not.toHaveProperty('definition');
});

test('what it has no word for goes out as it is', () => {
  expect(statelyMessages(messageRecord(1, 1))).toEqual([messageRecord(1, 1)]);
});
