/**
 * The digest history: replicas that apply the same batches note their digests at the same zxids,
 * whenever each was started.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DigestHistory } from '../../actors/digest-history.ts';
import { makeZxid } from '../../protocol/zxid.ts';

const zxidsOf = (history: DigestHistory) => history.records().map(({ zxid }) => zxid);
const digestOf = (zxid: number) => zxid * 7;

/** A replica that applies batches that end there. */
function noted(ends: readonly number[], history = new DigestHistory()): DigestHistory {
  for (const zxid of ends) history.note(zxid, digestOf(zxid));
  return history;
}

const upTo = (last: number, step = 1) =>
  Array.from({ length: Math.floor(last / step) }, (_, at) => (at + 1) * step);

describe('a digest', () => {
  test('is noted at the first end of a batch in each stretch of 128 txns', () => {
    expect(zxidsOf(noted(upTo(600)))).toEqual([128, 256, 384, 512]);
    expect(zxidsOf(noted(upTo(600, 50)))).toEqual([150, 300, 400, 550]);
    expect(zxidsOf(noted([127, 1000, 1001, 1024]))).toEqual([1000, 1024]);
  });

  test('is noted at the beginning of an epoch', () => {
    const epoch = [1, 2, 127, 128, 130].map((counter) => makeZxid(3, counter));

    expect(zxidsOf(noted([5, 100, ...epoch]))).toEqual([makeZxid(3, 1), makeZxid(3, 128)]);
  });

  test('is found by its zxid, and by no other', () => {
    const history = noted(upTo(300));

    expect([history.at(128), history.at(256)]).toEqual([digestOf(128), digestOf(256)]);
    expect([history.at(0), history.at(127), history.at(300)]).toEqual([null, null, null]);
    expect(history.last).toEqual({ zxid: 256, digest: digestOf(256) });
    expect(new DigestHistory().last).toEqual({ zxid: 0, digest: 0 });
  });

  test('is kept until 1024 newer ones are there', () => {
    const history = noted(upTo(128 * 1030, 128));

    expect(history.records()).toHaveLength(1024);
    expect([history.at(6 * 128), history.at(7 * 128)]).toEqual([null, digestOf(7 * 128)]);
  });

  test('is noted at equal zxids, whatever the start (random batches and starts)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 80 }),
        fc.nat(80),
        (sizes, start) => {
          let zxid = 0;
          const ends = sizes.map((size) => {
            zxid += size;
            return zxid;
          });
          const early = noted(ends);
          const later = ends.slice(start);
          const late = noted(later, new DigestHistory(ends[start - 1] ?? 0));

          const expected = zxidsOf(early).filter((one) => later.includes(one));
          expect(zxidsOf(late)).toEqual(expected);
        },
      ),
      { examples: [[[127, 1, 1], 2]] },
    );
  });
});
