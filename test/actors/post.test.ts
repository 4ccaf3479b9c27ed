/**
 * What the post makes of frames: a header in front of what is sent, and of what is heard only what
 * can be read; the rest is counted and said once a minute.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LocalHub } from '../../actors/local-bus.ts';
import { type Fields, type Notes, silentNotes } from '../../actors/note.ts';
import { Post } from '../../actors/post.ts';
import { signLinks } from '../../actors/signed-bus.ts';
import type { JuteReader } from '../../protocol/jute.ts';
import { type PacketHeader, PacketKind, packetHeaderBytes } from '../../protocol/packet.ts';
import { readStatus } from '../../protocol/zab.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { fuzzSeed, replayHint } from '../support/mutator.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const address = { kind: PacketKind.ack, link: 7, epoch: 3, seq: 9 };

function rig({ busSecret = null }: { busSecret?: string | null } = {}) {
  const clock = new FakeClock();
  // Each frame is handed over when the test ends the turn.
  const hub = new LocalHub((task) => clock.defer(task));
  const noted: [message: string, fields: Fields][] = [];
  const notes: Notes = {
    ...silentNotes,
    warn: (message, fields = {}) => void noted.push([message, fields]),
  };
  const open = (sid: number) => {
    const bus = hub.attach();
    const links = signLinks(
      { zab: bus, election: bus, bulk: bus },
      { busSecret: sid === 2 ? null : busSecret, ensemble: 'test' },
      clock,
      notes,
    );
    return new Post({ ensemble: 'test', sid, origin: sid << 24 }, links, clock, notes);
  };
  const heard: (PacketHeader & { body: string })[] = [];
  const hear = (header: Readonly<PacketHeader>, body: JuteReader) => {
    heard.push({ ...header, body: body.string() ?? '' });
  };
  return { clock, hub, noted, open, heard, hear };
}

describe('the post', () => {
  test('hands over header and body as they were sent', () => {
    const { clock, open, heard, hear } = rig();
    const [source, target] = [open(1), open(2)];
    target.listen(target.links.zab, target.subjects.peer(2), hear);

    source.send(source.links.zab, source.subjects.peer(2), address, (writer) => writer.string('x'));
    clock.endTurn();

    expect(heard).toEqual([{ ...address, sender: 1, incarnation: 1 << 24, body: 'x' }]);
    expect(target.dropped.size).toBe(0);
  });

  test('packs frames of their own memory, whatever their length', () => {
    const post = rig().open(1);
    const sizes = fc.array(fc.nat({ max: 5000 }), { minLength: 2, maxLength: 5 });
    fc.assert(
      fc.property(sizes, (list) => {
        const frames = list.map((size, at) =>
          post.pack({ ...address, seq: at }, (writer) => writer.bytes(Buffer.alloc(size, at))),
        );

        frames.forEach((frame, at) => {
          expect(frame.length).toBe(packetHeaderBytes + 4 + list[at]!);
          expect(frame.readBigInt64BE(16)).toBe(BigInt(at));
          expect(frame.subarray(28).every((byte) => byte === at)).toBe(true);
        });
      }),
      { numRuns: 20 },
    );
    expect(post.pack(address)).toHaveLength(packetHeaderBytes);
  });

  test('fills in the header of a frame that was made elsewhere, and nothing behind it', () => {
    const post = rig().open(1);
    const frame = Buffer.alloc(40, 0xee);

    post.address(frame, address);

    expect(frame.subarray(packetHeaderBytes)).toEqual(Buffer.alloc(16, 0xee));
    expect(frame.subarray(0, packetHeaderBytes)).toEqual(post.pack(address));
  });

  test('a subscription that is cancelled hears nothing more', () => {
    const { clock, open, heard, hear } = rig();
    const [source, target] = [open(1), open(2)];
    target.listen(target.links.zab, 'a', hear).cancel();

    source.send(source.links.zab, 'a', address, (writer) => writer.string('x'));
    clock.endTurn();

    expect(heard).toEqual([]);
  });
});

describe('a frame that cannot be read', () => {
  test('is counted by its reason, and said at most once a minute', () => {
    const { clock, hub, open, noted, heard, hear } = rig();
    const post = open(1);
    post.listen(post.links.zab, 'a', hear);
    const stranger = hub.attach();
    const say = (frame: Uint8Array) => {
      stranger.publish('a', frame);
      clock.endTurn();
    };
    const change = (at: number, byte: number) => {
      const frame = post.pack(address, (writer) => writer.string('x'));
      frame[at] = byte;
      return frame;
    };

    say(new Uint8Array());
    say(change(0, 0));
    say(change(0, 23));
    say(change(1, 2));
    say(change(0, 0xf1));
    say(change(24, 1));
    expect(noted).toEqual([['frames on the bus were dropped', { truncated: 1 }]]);
    clock.advance(59_999);
    say(change(0, 99));
    expect(noted).toHaveLength(1);
    clock.advance(1);
    say(new Uint8Array(23));

    const counts = {
      ...{ truncated: 2, 'unknown kind': 3, 'newer format': 1 },
      ...{ signed: 1, 'unreadable body': 1 },
    };
    expect(Object.fromEntries(post.dropped)).toEqual(counts);
    expect(noted.slice(1)).toEqual([['frames on the bus were dropped', counts]]);
    expect(heard).toEqual([]);
  });

  test('what only we can cause is not taken for nonsense of others', () => {
    const { clock, hub, open } = rig();
    const post = open(1);
    post.listen(post.links.zab, 'a', () => {
      throw new Error('ours');
    });
    hub.attach().publish('a', post.pack(address));

    expect(() => clock.endTurn()).toThrow('ours');
    expect(post.dropped.size).toBe(0);
  });

  test('of two replicas of which one has a busSecret, both say so', () => {
    const { clock, open, noted, heard, hear } = rig({ busSecret: 'hush' });
    const [signing, plain] = [open(1), open(2)];
    for (const post of [signing, plain]) post.listen(post.links.zab, 'a', hear);

    for (const post of [signing, plain]) {
      post.send(post.links.zab, 'a', address, (writer) => writer.string('x'));
      clock.endTurn();
    }

    expect(heard).toEqual([]);
    expect(Object.fromEntries(plain.dropped)).toEqual({ signed: 1 });
    expect(noted).toEqual([
      ['frames on the bus were dropped', { signed: 1 }],
      [
        'frames on the bus that are not signed by our busSecret were dropped',
        { unsigned: 1, 'wrongly signed': 0, subject: 'a' },
      ],
    ]);
  });

  test('random frames are handed over or counted, one of the two (50,000)', () => {
    const { clock, hub, open } = rig();
    const post = open(1);
    let taken = 0;
    post.listen(post.links.zab, 'a', (_, body) => {
      readStatus(body);
      taken++;
    });
    const stranger = hub.attach();
    const random = new SeededRandom(fuzzSeed);
    const frames = 50_000;

    for (let frame = 0; frame < frames; frame++) {
      const bytes = random.bytes(random.below(120));
      if (random.chance(0.8) && bytes.length > 1) bytes.set([1 + random.below(22), 1]);
      stranger.publish('a', bytes);
      expect(() => clock.endTurn(), replayHint(`frame ${frame}`)).not.toThrow();
    }

    const counted = [...post.dropped.values()].reduce((sum, count) => sum + count, 0);
    expect(counted + taken).toBe(frames);
  });
});
