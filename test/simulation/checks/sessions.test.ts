/** Sessions and logs by hand: each demand of sessions.ts, order.ts and the tap can fail. */

import { describe, expect, test } from 'vitest';
import { Opcode, Xid } from '../../../protocol/opcode.ts';
import { Tap } from '../tap.ts';
import { checkAll, type Ends } from './check-all.ts';
import { createBody, Script, ScriptedLog } from './scripted.ts';

const one = '01000000000000a1';
const other = '01000000000000b2';

interface Scene {
  readonly tap: Tap;
  readonly log: ScriptedLog;
  /** Invariants of the findings. */
  found(ends?: Partial<Ends>): string[];
}

/** Two sessions, begun at 1 and 2. */
function scene(): Scene {
  const tap = new Tap();
  const log = new ScriptedLog();
  log.begin(one);
  log.begin(other);
  const txnMs = ({ time }: { readonly time: number }) => time;
  const found = (ends: Partial<Ends> = {}) => {
    const all = { finalTxns: log.frames, txnMs, contactSlackMs: 500, ...ends };
    return checkAll(tap.journal, all).findings.map(({ invariant }) => invariant);
  };
  return { tap, log, found };
}

const sync = (log: ScriptedLog, session: string, cxid: number): number =>
  log.add({ session, cxid, origin: 1, type: Opcode.sync }, (writer) => void writer.string('/'));

/** One is heard of at 1000 ms; another's write at `proofMs` proves that the leader knows. */
function silence({ tap, log }: Scene, proofMs: number): void {
  new Script(tap, 'a').shakeHands(one).at(1000).askPlain(Xid.ping, Opcode.ping).answer(-2, 2);
  const proof = new Script(tap, 'b').shakeHands(other);
  proof.at(proofMs).ask(1, Opcode.sync, { path: '/' });
  const body = (path: string) => (writer: { string(text: string): unknown }) =>
    void writer.string(path);
  proof.answer(1, sync(log, other, 1), 0, body('/'));
}

describe('an expiry', () => {
  test('a full timeout after the last contact passes', () => {
    const now = scene();
    silence(now, 2000);
    now.log.end(one, { time: 5001 });

    expect(now.found()).toEqual([]);
  });

  test('sooner is found', () => {
    const now = scene();
    silence(now, 2000);
    now.log.end(one, { time: 4999 });

    expect(now.found()).toEqual(['C8']);
    expect(now.found({ clockRateMax: 1.01 })).toEqual([]);
  });

  test('sooner passes where nobody can have told the leader', () => {
    const now = scene();
    silence(now, 1400);
    now.log.end(one, { time: 4999 });

    expect(now.found()).toEqual([]);
  });

  test('sooner passes where what was heard of died with the replica that had heard it', () => {
    const now = scene();
    new Script(now.tap, 'a').shakeHands(one).at(1000).askPlain(Xid.ping, Opcode.ping).answer(-2, 2);
    const proof = new Script(now.tap, 'b', 1, 2).shakeHands(other);
    proof.at(2000).ask(1, Opcode.sync, { path: '/' });
    proof.answer(1, sync(now.log, other, 1), 0, (writer) => void writer.string('/'));
    now.log.end(one, { time: 4999 });

    expect(now.found()).toEqual([]);
  });

  test.each([
    [3900, ['C8']],
    [4100, []],
  ])('%i ms after its leader has prepared a write of the session', (gapMs, found) => {
    const now = scene();
    now.log.add(
      { session: one, cxid: 1, origin: 1, time: 2000, type: Opcode.sync },
      (writer) => void writer.string('/'),
    );
    const script = new Script(now.tap, 'a').shakeHands(one, 5000);
    script.at(2000).ask(1, Opcode.sync, { path: '/' });
    now.log.end(one, { time: 2000 + gapMs });

    expect(now.found()).toEqual(found);
  });

  test('that never comes is found', () => {
    const now = scene();
    silence(now, 2000);
    const ends = { calmSinceMs: 3000, expirySlackMs: 500 };

    expect(now.found({ ...ends, endMs: 7400 })).toEqual([]);
    expect(now.found({ ...ends, endMs: 7600 })).toEqual(['C8', 'C8']);
  });
});

describe('the end of a session', () => {
  test('is told after it was agreed upon', () => {
    const now = scene();
    silence(now, 2000);
    now.log.end(one, { time: 5500 });
    new Script(now.tap, 'a').at(5600).shakeHands(one, 0, { resumes: true, lastZxidSeen: 2 });

    expect(now.found()).toEqual([]);
  });

  test('told without one is found, but for the last moments of a run', () => {
    const now = scene();
    silence(now, 2000);
    new Script(now.tap, 'a').at(5400).shakeHands(one, 0, { resumes: true, lastZxidSeen: 2 });

    expect(now.found()).toEqual(['C8']);
    expect(now.found({ endMs: 9400 })).toEqual([]);
    expect(now.found({ endMs: 9401 })).toEqual(['C8']);
  });

  test('nothing is done behind it', () => {
    const now = scene();
    const end = now.log.end(one, { time: 9000 });
    const script = new Script(now.tap, 'a').shakeHands(one);
    script.ask(1, Opcode.exists, { path: '/none', watch: false }).answer(1, end - 1, -101);
    expect(now.found()).toEqual([]);
    script.ask(2, Opcode.getChildren, { path: '/zookeeper/quota', watch: false });
    script.answer(2, end, 0, (writer) => void writer.int(0));

    expect(now.found()).toEqual(['C8']);
  });

  test('a txn of it behind its end is found', () => {
    const now = scene();
    now.log.end(one, { time: 9000 });
    const script = new Script(now.tap, 'a').shakeHands(one).ask(1, Opcode.sync, { path: '/' });
    const zxid = sync(now.log, one, 1);
    script.answer(1, zxid, 0, (writer) => void writer.string('/'));

    expect(now.found()).toContain('C8');
  });

  test('twice is once: it may expire while its client closes it', () => {
    const now = scene();
    now.log.end(one);
    now.log.end(one);

    expect(now.found()).toEqual([]);
  });

  test('of a session that there never was is found', () => {
    const now = scene();
    now.log.end('0000000000000bad');

    expect(now.found()).toEqual(['C8']);
  });
});

describe('requests and txns', () => {
  const create = (log: ScriptedLog, session: string, cxid: number, path: string, data = 'x') =>
    log.add({ session, cxid, origin: 1, type: Opcode.create }, (writer) => {
      writer.string(path).bytes(Buffer.from(data)).int(1).int(31).string('world').string('anyone');
      writer.boolean(false).int(path === '/a' ? 1 : 2);
    });

  test('a write that was not answered may be done once, or not at all', () => {
    const now = scene();
    new Script(now.tap, 'a').shakeHands(one).ask(1, Opcode.create, createBody('/a'));
    expect(now.found()).toEqual([]);
    create(now.log, one, 1, '/a');
    expect(now.found()).toEqual([]);
    create(now.log, one, 1, '/b');

    expect(now.found()).toEqual(['C1']);
  });

  test('one that nobody asked for is found', () => {
    const now = scene();
    create(now.log, one, 1, '/a');

    expect(now.found()).toEqual(['C1']);
  });

  test('one behind another that was not done is found', () => {
    const now = scene();
    const script = new Script(now.tap, 'a').shakeHands(one);
    script.ask(1, Opcode.create, createBody('/b')).ask(2, Opcode.create, createBody('/a'));
    create(now.log, one, 2, '/a');

    expect(now.found()).toEqual(['C2']);
  });

  test('a session whose later connection is overtaken by an earlier one is found', () => {
    const now = scene();
    new Script(now.tap, 'a').shakeHands(one).ask(1, Opcode.create, createBody('/b'));
    const later = new Script(now.tap, 'a').shakeHands(one, 4000, { resumes: true });
    later.ask(1, Opcode.create, createBody('/a'));
    create(now.log, one, 1, '/a');
    create(now.log, one, 1, '/b');

    expect(now.found()).toEqual(['C2']);
  });

  // As in seed 1009126: the data was a digit, which the path of the other's request ends in.
  test.each([
    ['in the path', 'b'],
    ['in longer data', 'ab'],
  ])('of two clients of a session that use one xid: data that stands %s', (_where, lost) => {
    const now = scene();
    const body = (data: string) => ({ ...createBody('/a'), data: Buffer.from(data) });
    new Script(now.tap, 'a').shakeHands(one).ask(1, Opcode.create, body(lost));
    const next = new Script(now.tap, 'b', 2).shakeHands(one, 4000, { resumes: true });
    next.ask(1, Opcode.create, body('a'));
    create(now.log, one, 1, '/a', 'a');

    expect(now.found()).toEqual([]);
  });
});

test('what a setWatches tells may come without its reply, but not ahead of a later one', () => {
  const now = scene();
  const script = new Script(now.tap, 'a').shakeHands(one);
  const lists = { dataWatches: ['/gone'], existWatches: [], childWatches: [] };
  script.ask(Xid.setWatches, Opcode.setWatches, { relativeZxid: 1, ...lists });
  const event = (path: string) =>
    script.answer(Xid.notification, -1, 0, (writer) => writer.int(2).int(3).string(path));
  event('/gone');
  expect(now.found()).toEqual([]);
  event('/other');
  expect(now.found()).toEqual(['C11']);
  script.askPlain(Xid.ping, Opcode.ping).answer(Xid.ping, 2);

  expect(now.found()).toEqual(['C11', 'C11']);
});

describe('the tap', () => {
  test('splits frames wherever the chunks are cut', () => {
    const whole = scene();
    const split = scene();
    silence(whole, 2000);
    const cut = new Tap();
    silence({ ...split, tap: cutting(cut) }, 2000);

    const shown = (tap: Tap) => tap.journal.operations.map(String);
    expect(shown(cut)).toEqual(shown(whole.tap));
    expect(shown(cut)).toHaveLength(2);
  });

  test('finds a reply to no request, replies in another order, and bytes that mean nothing', () => {
    const alone = scene();
    new Script(alone.tap, 'a').shakeHands(one).answer(1, 2);
    const swapped = scene();
    const script = new Script(swapped.tap, 'a').shakeHands(one);
    script.ask(1, Opcode.exists, { path: '/a', watch: false });
    script.ask(2, Opcode.exists, { path: '/a', watch: false }).answer(2, 2, -101);
    const garbled = scene();
    new Script(garbled.tap, 'a').shakeHands(one).down((writer) => void writer.int(5));

    for (const { found } of [alone, swapped, garbled]) expect(found()).toEqual(['wire']);
  });

  test('finds a request whose number is not its own to use', () => {
    const overflown = [-(2 ** 31), 0, Xid.notification, Xid.ping, Xid.auth].map((xid) => {
      const now = scene();
      new Script(now.tap, 'a').shakeHands(one).ask(xid, Opcode.exists, { path: '/', watch: false });
      return now.found();
    });

    expect(overflown).toEqual(overflown.map(() => ['wire']));
  });

  test('takes four-letter words for what they are', () => {
    const { tap, found } = scene();
    const { tap: word } = new Script(tap, 'a');
    word.toServer(Buffer.from('isro'), 1);
    word.toClient(Buffer.from('rw'), 2);
    word.closed(3);

    expect(found()).toEqual([]);
  });
});

/** A tap to which all bytes come one by one. */
function cutting(tap: Tap): Tap {
  const connection: Tap['connection'] = (name, sid) => {
    const inner = tap.connection(name, sid);
    const each = (bytes: Buffer, tell: (byte: Buffer) => void) => {
      for (const byte of bytes) tell(Buffer.from([byte]));
    };
    return {
      record: inner.record,
      toServer: (bytes, ms) => each(bytes, (byte) => inner.toServer(byte, ms)),
      toClient: (bytes, ms) => each(bytes, (byte) => inner.toClient(byte, ms)),
      closed: (ms) => inner.closed(ms),
    };
  };
  return Object.assign(Object.create(tap), { connection }) as Tap;
}
