/**
 * The leader's end of a link: DIFF, cut or snapshot; no more on its way than the learner has room
 * for; and admission only when both sides are ready.
 */

import { describe, expect, test } from 'vitest';
import {
  type LearnerHandlerEvent,
  learnerHandlerMachine,
  type Position,
} from '../../machines/learner-handler.ts';
import { Walker } from '../support/walk.ts';

const credits = 3;
const held: Position = {
  ...{ zxid: 9, isHeld: true, commonZxid: 9, isReachable: true, wantsSnapshot: false },
};
const ahead: Position = { ...held, isHeld: false, commonZxid: 7 };
const tooOld: Position = { ...held, zxid: 2, isHeld: false, commonZxid: 0, isReachable: false };

const wanted = (position: Position): LearnerHandlerEvent => ({ type: 'position.known', position });
const reported = (position: Position): LearnerHandlerEvent => {
  return { type: 'position.known', position };
};
const plain = (...types: Exclude<LearnerHandlerEvent['type'], 'position.known'>[]) =>
  types.map((type) => ({ type }) as LearnerHandlerEvent);

function handler(...events: LearnerHandlerEvent[]) {
  const walker = new Walker(learnerHandlerMachine, { sid: 3, credits });
  walker.send(...events);
  return walker;
}

const openAt = (zxid: number) => [{ type: 'openHistory', zxid }, 'sendHistory'];
const cutAt = (zxid: number) => [{ type: 'askForCut', zxid }];

describe('a learner', () => {
  test('whose last txn is in our log gets what follows it', () => {
    const one = handler(wanted(held));

    expect(one.steps.at(-1)).toEqual({ state: 'sending.flowing', effects: openAt(9) });
  });

  test('that is ahead of us, or went another way, is asked to cut to what we share', () => {
    const one = handler(wanted(ahead));

    expect(one.steps.at(-1)).toEqual({ state: 'choosing', effects: cutAt(7) });
  });

  test('cuts again until it stands where our log can go on', () => {
    const one = handler(wanted(ahead), reported({ ...ahead, zxid: 6, commonZxid: 5 }));
    expect([one.state, one.steps.at(-1)!.effects]).toEqual(['choosing', cutAt(5)]);

    one.send(reported({ ...held, zxid: 4 }));
    expect(one.steps.at(-1)).toEqual({ state: 'sending.flowing', effects: openAt(4) });
  });

  test('that our log does not reach gets a snapshot, at once or after cuts', () => {
    for (const events of [[wanted(tooOld)], [wanted(ahead), reported(tooOld)]]) {
      expect(handler(...events).steps.at(-1)).toEqual({
        state: 'preparing',
        effects: ['openSnapshot'],
      });
    }
  });

  test('that asks for a snapshot gets one, whatever it holds', () => {
    for (const position of [held, ahead, tooOld]) {
      const one = handler(wanted({ ...position, wantsSnapshot: true }));

      expect(one.state).toBe('preparing');
    }
    expect(handler(wanted(ahead), reported({ ...held, wantsSnapshot: true })).state).toBe(
      'preparing',
    );
  });
});

describe('history', () => {
  test('is sent chunk by chunk within the credits, and goes on with each one back', () => {
    const one = handler(wanted(held));
    expect(one.send(...plain('chunk.sent'))).toEqual(['sendHistory']);
    expect(one.send(...plain('chunk.sent'))).toEqual(['sendHistory']);
    expect(one.send(...plain('chunk.sent')), 'three are on their way').toEqual([]);
    expect(one.state).toBe('sending.starved');

    expect(one.send(...plain('credit.received'))).toEqual(['sendHistory']);
    expect(one.send(...plain('chunk.sent'))).toEqual([]);
    one.send(...plain('credit.received', 'credit.received'));
    expect([one.state, one.context.credits]).toEqual(['sending.flowing', 2]);
  });

  test('never has more chunks on their way than credits', () => {
    const one = handler(wanted(held));
    let onTheirWay = 0;
    let most = 0;
    for (let round = 0; round < 100; round++) {
      if (one.state === 'sending.flowing') {
        onTheirWay++;
        most = Math.max(most, onTheirWay);
        one.send(...plain('chunk.sent'));
      }
      if (round % 3 === 0 && onTheirWay > 0) {
        onTheirWay--;
        one.send(...plain('credit.received'));
      }
    }

    expect(most).toBe(credits);
  });

  test('that is all sent waits for the learner, then for us, then lets it in', () => {
    const one = handler(wanted(held), ...plain('history.sent'));
    expect(one.state).toBe('confirming');

    expect(one.send(...plain('admission.granted')), 'it has not confirmed').toEqual([]);
    expect(one.send(...plain('leadership.acked'))).toEqual([]);
    expect(one.state).toBe('synced');
    expect(one.send(...plain('admission.granted'))).toEqual(['letIn']);
    expect(one.state).toBe('following');
    expect(one.send(...plain('admission.granted')), 'once').toEqual([]);
  });

  test('of a learner that confirms too early is not confirmed', () => {
    const one = handler(wanted(held), ...plain('leadership.acked', 'admission.granted'));

    expect([one.state, one.effects('letIn')]).toEqual(['sending.flowing', []]);
  });
});

describe('a snapshot', () => {
  const streaming = () => handler(wanted(tooOld), ...plain('snapshot.opened'));

  test('is sent chunk by chunk within the credits', () => {
    const one = streaming();
    expect(one.steps.at(-1)).toEqual({ state: 'streaming.flowing', effects: ['sendChunk'] });
    one.send(...plain('chunk.sent', 'chunk.sent'));
    expect(one.effects('sendChunk')).toHaveLength(3);
    expect(one.send(...plain('chunk.sent'))).toEqual([]);

    expect(one.send(...plain('credit.received'))).toEqual(['sendChunk']);
    expect(one.state).toBe('streaming.flowing');
  });

  test('is closed behind its last page, and the link with it', () => {
    const one = streaming();

    expect(one.send(...plain('snapshot.drained'))).toEqual(['closeSnapshot']);
    expect(one.state).toBe('closed');
  });

  test('is closed when the link is, wherever it stands', () => {
    for (const before of [[], plain('chunk.sent', 'chunk.sent', 'chunk.sent')]) {
      const one = streaming();
      one.send(...before);

      expect(one.send(...plain('link.closed'))).toEqual(['closeSnapshot']);
      expect(one.state).toBe('closed');
    }
    expect(handler(wanted(held), ...plain('link.closed')).effects('closeSnapshot')).toEqual([]);
  });
});
