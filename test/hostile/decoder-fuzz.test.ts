/**
 * Damaged frames thrown at the decoders of protocol/ (issue: bad input): whatever the bytes are, a
 * record comes out or JuteError is thrown, nothing else; never does a length that was merely
 * claimed cost memory. The run prints its seed; FUZZ_SEED and FUZZ_FRAMES choose another one.
 */

import { expect, test } from 'vitest';
import { FrameSplitter } from '../../protocol/frame.ts';
import { JuteError, JuteReader } from '../../protocol/jute.ts';
import { readMultiReply, readMultiRequest } from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import {
  type ReplyOp,
  readConnectResponse,
  readReply,
  replySchemas,
} from '../../protocol/replies.ts';
import {
  type RequestOp,
  readConnectRequest,
  readRequest,
  requestSchemas,
} from '../../protocol/requests.ts';
import { goldenPayloads } from '../support/golden-frames.ts';
import { frameShare, fuzzSeed, Mutator, replayHint } from '../support/mutator.ts';
import { framed } from '../support/raw-client.ts';
import { SeededRandom } from '../support/seeded-random.ts';

const requests = goldenPayloads('request');
const replies = goldenPayloads('reply');
const connectRequests = goldenPayloads('connectRequest');
const connectResponses = goldenPayloads('connectResponse');
const corpus = [...requests, ...replies, ...connectRequests, ...connectResponses];
const frameBytesMax = 0xfffff;
const requestHeaderBytes = 8;
const replyHeaderBytes = 16;

/** Runs a decoder; true when it gave a record, false for JuteError. Anything else is a fault. */
function decodes(decode: () => unknown, frame: number): boolean {
  try {
    decode();
    return true;
  } catch (failure) {
    if (failure instanceof JuteError) return false;
    throw new Error(replayHint(`frame ${frame}`), { cause: failure });
  }
}

function decodeRequest(bytes: Buffer): unknown {
  const reader = new JuteReader(bytes);
  reader.int();
  const op = reader.int();
  if (op === Opcode.multi || op === Opcode.multiRead) return readMultiRequest(reader);
  return op in requestSchemas ? readRequest(op as RequestOp, reader) : null;
}

/** Replies do not say what they answer: the client knows, and so does the caller. */
function decodeReply(bytes: Buffer, op: number): unknown {
  const reader = new JuteReader(bytes);
  reader.int();
  reader.long();
  if (reader.int() !== 0) return null;
  if (op === Opcode.multi) return readMultiReply(reader);
  return readReply(op as ReplyOp, reader);
}

interface Tally {
  sound: number;
  refused: number;
}

function fuzz(
  frames: number,
  seed: number,
  sources: readonly Buffer[],
  spared: number,
  decode: (bytes: Buffer, random: SeededRandom) => unknown,
): Tally {
  const random = new SeededRandom(seed);
  const mutator = new Mutator(random, corpus);
  const tally = { sound: 0, refused: 0 };
  for (let frame = 0; frame < frames; frame++) {
    const keep = random.chance(0.8) ? spared : 0;
    const bytes = mutator.mutate(random.pick(sources), keep);
    if (decodes(() => decode(bytes, random), frame)) tally.sound++;
    else tally.refused++;
  }
  return tally;
}

const report = (what: string, frames: number, startedMs: number, tally?: Tally): void => {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  const parts = tally ? `, ${tally.sound} decoded, ${tally.refused} refused` : '';
  console.log(`fuzz ${what}: seed ${fuzzSeed}, ${frames} frames in ${seconds} s${parts}`);
};

test('a damaged request is decoded or refused with JuteError', () => {
  const frames = frameShare(400_000);
  const startedMs = performance.now();

  const tally = fuzz(frames, fuzzSeed, requests, requestHeaderBytes, decodeRequest);

  report('requests', frames, startedMs, tally);
  // Both ways are taken often, or the damage would be too little or too much to find anything.
  expect(tally.sound).toBeGreaterThan(frames / 10);
  expect(tally.refused).toBeGreaterThan(frames / 10);
});

test('a damaged reply is decoded or refused with JuteError', () => {
  const frames = frameShare(200_000);
  const ops = [...Object.keys(replySchemas).map(Number), Opcode.multi];
  const startedMs = performance.now();

  const tally = fuzz(frames, fuzzSeed + 1, replies, replyHeaderBytes, (bytes, random) =>
    decodeReply(bytes, random.pick(ops)),
  );

  report('replies', frames, startedMs, tally);
  expect(tally.refused).toBeGreaterThan(frames / 10);
});

test('a damaged handshake is decoded or refused with JuteError, on both sides', () => {
  const frames = frameShare(100_000);
  const startedMs = performance.now();

  const tally = fuzz(frames / 2, fuzzSeed + 2, connectRequests, 0, (bytes) =>
    readConnectRequest(new JuteReader(bytes)),
  );
  const others = fuzz(frames / 2, fuzzSeed + 3, connectResponses, 0, (bytes) =>
    readConnectResponse(new JuteReader(bytes)),
  );

  report('handshakes', frames, startedMs, tally);
  expect(tally.refused).toBeGreaterThan(0);
  expect(others.refused).toBeGreaterThan(0);
});

/** What a splitter must find, found the slow way: payloads, and whether a length was refused. */
function splitSlowly(stream: Buffer): { payloads: string[]; isRefused: boolean } {
  const payloads: string[] = [];
  for (let at = 0; at + 4 <= stream.length; ) {
    const length = stream.readInt32BE(at);
    if (length < 0 || length > frameBytesMax) return { payloads, isRefused: true };
    if (at + 4 + length > stream.length) break;
    payloads.push(stream.toString('latin1', at + 4, at + 4 + length));
    at += 4 + length;
  }
  return { payloads, isRefused: false };
}

test('a damaged stream in random cuts is split as the slow splitter splits it', () => {
  const frames = frameShare(100_000);
  const framesPerStream = 5;
  const random = new SeededRandom(fuzzSeed + 4);
  const mutator = new Mutator(random, corpus);
  const startedMs = performance.now();

  for (let frame = 0; frame < frames; frame += framesPerStream) {
    const sound = Array.from({ length: framesPerStream }, () => framed(random.pick(corpus)));
    const stream = mutator.mutate(Buffer.concat(sound));
    const payloads: string[] = [];
    const splitter = new FrameSplitter(frameBytesMax, (chunk, start, end) => {
      payloads.push(chunk.toString('latin1', start, end));
      return true;
    });
    let isRefused = false;
    for (let at = 0; at < stream.length && !isRefused; ) {
      const end = Math.min(stream.length, at + 1 + random.below(80));
      const used = splitter.push(Buffer.from(stream.subarray(at, end)), 0, end - at);
      isRefused = used < 0;
      if (!isRefused) expect(used, replayHint(`frame ${frame}`)).toBe(end - at);
      at = end;
    }
    const expected = splitSlowly(stream);
    if (isRefused !== expected.isRefused || payloads.join() !== expected.payloads.join()) {
      expect({ payloads, isRefused }, replayHint(`frame ${frame}`)).toEqual(expected);
    }
  }

  report('streams', frames, startedMs);
});

test('a length that is only claimed costs no memory (1 GB claimed 20,000 times)', () => {
  const claims = 20_000;
  const before = process.memoryUsage();
  const int = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value);
    return bytes;
  };
  const lie = int(0x3fffffff);
  const head = Buffer.concat([int(1), int(Opcode.setWatches), Buffer.alloc(8)]);
  const splitters: FrameSplitter[] = [];

  for (let claim = 0; claim < claims; claim++) {
    expect(decodes(() => decodeRequest(Buffer.concat([head, lie])), claim)).toBe(false);
    const splitter = new FrameSplitter(0x7fffffff, () => true);
    splitter.push(lie, 0, lie.length);
    splitters.push(splitter);
  }

  const after = process.memoryUsage();
  const grownBytes = after.rss - before.rss;
  expect(splitters).toHaveLength(claims);
  expect(grownBytes / claims).toBeLessThan(8 * 1024);
});
