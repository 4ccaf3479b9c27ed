/**
 * The bus with signed frames, held to the suite of all buses; and what is not signed, or signed by
 * another secret, for another ensemble or another subject, goes no further than a counter.
 */

import { createHmac } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type LocalBus, LocalHub } from '../../actors/local-bus.ts';
import { type Fields, type Notes, silentNotes } from '../../actors/note.ts';
import { FrameSeal, SignedBus, signatureBytes, signLinks } from '../../actors/signed-bus.ts';
import { connect } from '../../client/client.ts';
import { busSuite } from '../support/bus-suite.ts';
import { TestEnsemble } from '../support/ensemble.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { frameShare, fuzzSeed, Mutator, replayHint } from '../support/mutator.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const member = { busSecret: 'hush', ensemble: 'blue' };
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
};

function sealOf(more: Partial<typeof member> = {}, clock = new FakeClock(), notes = silentNotes) {
  return new FrameSeal({ ...member, ...more }, clock, notes);
}

describe('a bus with signed frames', () => {
  busSuite({
    open: async () => {
      const hub = new LocalHub();
      const open = () => new SignedBus(hub.attach(), sealOf());
      return { source: open(), target: open() };
    },
    settle,
  });
});

describe('a signature', () => {
  test('is a mark in front, and half of an HMAC-SHA-256 behind (a frame of five bytes)', () => {
    const key = createHmac('sha256', 'hush').update('natskeeper bus frames blue').digest();
    const mac = createHmac('sha256', key).update('a.b\nhello').digest().subarray(0, 16);

    const signed = sealOf().sign('a.b', Buffer.from('hello'));

    expect(signed).toEqual(Buffer.concat([Buffer.of(0xf1), Buffer.from('hello'), mac]));
    expect(signed.length).toBe(5 + signatureBytes);
  });

  test('counts for its subject, its ensemble and its secret only', () => {
    const seal = sealOf();
    const signed = seal.sign('a.b', Buffer.from('hello'));

    expect(Buffer.from(sealOf().open('a.b', signed)!).toString()).toBe('hello');
    expect(sealOf({ ensemble: 'green' }).open('a.b', signed)).toBeNull();
    expect(sealOf({ busSecret: 'hush!' }).open('a.b', signed)).toBeNull();
    expect(seal.open('a.c', signed)).toBeNull();
    // What moves from the subject to the frame is another pair.
    expect(seal.open('a', seal.sign('a.b', Buffer.from('x')))).toBeNull();
  });

  test('no byte of a frame can be changed, left out or added, and nothing is handed on', () => {
    const seal = sealOf();
    const signed = seal.sign('a', Buffer.from('hello'));
    let tried = 0;
    const expectRefused = (frame: Uint8Array) => {
      tried++;
      expect(seal.open('a', frame)).toBeNull();
    };

    for (let at = 0; at < signed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const changed = Buffer.from(signed);
        changed[at]! ^= 1 << bit;
        expectRefused(changed);
      }
      expectRefused(signed.subarray(0, at));
      expectRefused(signed.subarray(at + 1));
    }
    expectRefused(Buffer.concat([signed, Buffer.of(0)]));

    expect(seal.refused.unsigned + seal.refused['wrongly signed']).toBe(tried);
  });

  test('random and mutated frames are refused, each counted (20,000)', () => {
    const random = new SeededRandom(fuzzSeed);
    const seal = sealOf();
    const sound = Array.from({ length: 20 }, () => seal.sign('a', random.bytes(random.below(300))));
    const mutator = new Mutator(random, sound);
    let foreign = 0;

    for (let frame = 0; frame < 20_000; frame++) {
      const bytes = random.chance(0.2)
        ? random.bytes(random.below(80))
        : mutator.mutate(random.pick(sound));
      if (sound.some((one) => one.equals(bytes))) continue;
      foreign++;
      expect(seal.open('a', bytes), replayHint(`frame ${frame}`)).toBeNull();
    }

    expect(seal.refused.unsigned + seal.refused['wrongly signed']).toBe(foreign);
    expect(foreign).toBeGreaterThan(19_000);
  });
});

describe('what is not signed', () => {
  function bench() {
    const hub = new LocalHub();
    const clock = new FakeClock();
    const noted: Fields[] = [];
    const notes: Notes = { ...silentNotes, warn: (_, fields = {}) => void noted.push(fields) };
    const bus = hub.attach();
    const links = signLinks({ zab: bus, election: bus, bulk: bus }, member, clock, notes);
    const heard: string[] = [];
    links.zab.subscribe('a', (frame) => void heard.push(Buffer.from(frame).toString()));
    const stranger = hub.attach();
    const say = async (frame: Uint8Array) => {
      stranger.publish('a', frame);
      await settle();
    };
    return { hub, clock, noted, links, heard, say, stranger };
  }

  test('is not heard; it is noted at most once a minute, with all counts', async () => {
    const { clock, noted, heard, say } = bench();

    await say(Buffer.from('hello'));
    await say(new Uint8Array());
    await say(sealOf({ busSecret: 'guess' }).sign('a', Buffer.from('hello')));
    await say(sealOf().sign('a', Buffer.from('truth')));
    expect(heard).toEqual(['truth']);
    expect(noted).toEqual([{ unsigned: 1, 'wrongly signed': 0, subject: 'a' }]);

    clock.advance(59_999);
    await say(Buffer.from('hello'));
    expect(noted).toHaveLength(1);
    clock.advance(1);
    await say(Buffer.of(0xf1));
    expect(noted.slice(1)).toEqual([{ unsigned: 3, 'wrongly signed': 2, subject: 'a' }]);
    expect(heard).toEqual(['truth']);
  });

  test('one bus in three roles stays one, and tells of its connection', async () => {
    const { hub, links, stranger } = bench();
    const changes: boolean[] = [];
    links.zab.onConnection = (isConnected) => void changes.push(isConnected);

    expect(links.election).toBe(links.zab);
    expect(links.bulk).toBe(links.zab);
    hub.cut(stranger);
    const other = hub.attach();
    const signed = signLinks(
      { zab: other, election: hub.attach(), bulk: other },
      member,
      new FakeClock(),
      silentNotes,
    );
    signed.zab.onConnection = (isConnected) => void changes.push(isConnected);
    hub.cut(other);

    expect(changes).toEqual([false]);
    expect(signed.zab.isConnected).toBe(false);
    expect(signed.bulk).toBe(signed.zab);
    expect(signed.election).not.toBe(signed.zab);
    await links.zab.close();
    expect(links.zab.isConnected).toBe(false);
  });

  test('without a secret the links are what they were', () => {
    const bus = new LocalHub().attach();
    const links = { zab: bus, election: bus, bulk: bus };

    expect(signLinks(links, { ...member, busSecret: null }, new FakeClock(), silentNotes)).toBe(
      links,
    );
  });
});

interface Recorded {
  readonly subject: string;
  readonly frame: Buffer;
}

/** Three replicas whose frames are signed, a seal for each, and a stranger who hears them. */
async function openEnsemble() {
  const elections: string[] = [];
  const note = (message: string) => void elections.push(message);
  const ensemble = new TestEnsemble({ notes: () => ({ ...silentNotes, info: note, warn: note }) });
  onTestFinished(() => ensemble.remove());
  const { hub } = ensemble;
  const attach = hub.attach.bind(hub);
  const stranger = attach();
  const recorded: Recorded[] = [];
  const recording = stranger.subscribe('natskeeper.test.>', (frame, subject) => {
    recorded.push({ subject, frame: Buffer.from(frame) });
  });
  const seals: FrameSeal[] = [];
  hub.attach = () => {
    const seal = sealOf({ ensemble: 'test' });
    seals.push(seal);
    return new SignedBus(attach(), seal) as unknown as LocalBus;
  };
  for (let sid = 1; sid <= 3; sid++) await ensemble.startMember(sid);
  const serving = () => ensemble.members.filter(({ replica }) => replica.isServing).length;
  await expect.poll(serving, { timeout: 10_000 }).toBe(3);
  const client = await connect(ensemble.members.map(({ port }) => `127.0.0.1:${port}`).join());
  onTestFinished(() => client.close());
  return { ensemble, stranger, recorded, recording, seals, client, elections };
}

describe('an ensemble with a busSecret', () => {
  const patience = { timeout: 180_000 };
  test(
    'takes no notice of what a stranger makes or changes (200,000 frames)',
    patience,
    async () => {
      const { ensemble, stranger, recorded, recording, seals, client, elections } =
        await openEnsemble();
      await client.create('/a', Buffer.alloc(0));
      for (let write = 0; write < 20; write++) await client.setData('/a', Buffer.alloc(write));
      recording.cancel();
      const random = new SeededRandom(fuzzSeed);
      const frames = recorded.map(({ frame }) => frame);
      const mutator = new Mutator(random, frames);
      const known = new Map(frames.map((frame) => [frame.toString('latin1'), true]));
      const inboxes = ['peer', 'bulk', 'beat'].flatMap((box) =>
        [1, 2, 3].map((n) => `${box}.${n}`),
      );
      const subjects = ['election', 'zab', ...inboxes].map((name) => `natskeeper.test.${name}`);
      const refused = () =>
        seals.map((seal) => seal.refused.unsigned + seal.refused['wrongly signed']);
      const expected = refused();
      const leader = ensemble.leader?.sid;
      elections.length = 0;
      let isOver = false;
      let writes = 0;
      const load = (async () => {
        for (; !isOver; writes++) await client.setData('/a', Buffer.from(String(writes)));
      })();

      for (let frame = 0; frame < frameShare(200_000); frame++) {
        const source = random.pick(recorded);
        const bytes = random.chance(0.2)
          ? random.bytes(random.below(200))
          : mutator.mutate(source.frame, random.chance(0.5) ? 25 : 0);
        const subject = random.chance(0.8) ? source.subject : random.pick(subjects);
        // What was said once may be said again; that is another matter.
        if (known.has(bytes.toString('latin1'))) continue;
        stranger.publish(subject, bytes);
        const sid = Number(/\d$/.exec(subject)?.[0] ?? 0);
        for (let of = 1; of <= 3; of++) if (sid === 0 || sid === of) expected[of - 1]!++;
        if (frame % 100 === 99) await nextTurn();
      }
      isOver = true;
      await load;
      await settle();

      expect(refused()).toEqual(expected);
      expect(ensemble.leader?.sid).toBe(leader);
      // No link was lost, nobody was elected; the replicas say nothing, as the seals say it.
      expect(elections).toEqual([]);
      expect(String((await client.getData('/a')).data)).toBe(String(writes - 1));
      expect(writes).toBeGreaterThan(10);
    },
  );
});
