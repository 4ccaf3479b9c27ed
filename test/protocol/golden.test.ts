/**
 * Frames exchanged with a real Apache ZooKeeper 3.8.0, held against our codec: each is decoded and
 * encoded to the same bytes again, and the whole stream comes out of the splitter however it is
 * cut. `RECORD_GOLDEN=1 npx vitest run test/protocol/golden.test.ts` records the frames anew.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameSplitter } from '../../protocol/frame.ts';
import { JuteReader, JuteWriter } from '../../protocol/jute.ts';
import {
  readMultiReply,
  readMultiRequest,
  writeMultiReply,
  writeMultiRequest,
} from '../../protocol/multi.ts';
import { Opcode } from '../../protocol/opcode.ts';
import { readRecord, writeRecord } from '../../protocol/record.ts';
import * as replies from '../../protocol/replies.ts';
import * as requests from '../../protocol/requests.ts';
import { apacheVersion } from '../support/apache.ts';
import { recordClients } from '../support/golden/client-recorder.ts';
import type { GoldenFrame } from '../support/golden/recorder.ts';
import { recordGolden } from '../support/golden/recorder.ts';
import { framed } from '../support/raw-client.ts';
import { treeTop } from '../support/tidy-source.ts';

const folder = join(treeTop, 'test/support/golden');
const handFile = join(folder, `frames-${apacheVersion}.json`);
const clientFile = join(folder, `clients-${apacheVersion}.json`);

function write(file: string, list: readonly GoldenFrame[]): void {
  writeFileSync(file, `[\n${list.map((frame) => `  ${JSON.stringify(frame)}`).join(',\n')}\n]\n`);
}

const read = (file: string): GoldenFrame[] =>
  JSON.parse(readFileSync(file, 'utf8')) as GoldenFrame[];

if (process.env['RECORD_GOLDEN'] === '1') {
  test('golden frames are recorded', async () => {
    write(handFile, await recordGolden());
    write(clientFile, await recordClients());
  });
}

/** Requests built by hand, and those of the Java, C and Python clients, each with the answers. */
const frames = [...read(handFile), ...read(clientFile)];
const opcodes = new Map<string, number>(Object.entries(Opcode));
const unknownOperation = -1000;
const opOf = ({ op }: GoldenFrame): number => opcodes.get(op ?? '') ?? unknownOperation;

/** Decodes a frame and encodes what came out; also says what came out. */
function again(frame: GoldenFrame): { bytes: Buffer; value: unknown } {
  const reader = new JuteReader(Buffer.from(frame.hex, 'hex'));
  const writer = new JuteWriter(1);
  const value = recode[frame.kind](frame, reader, writer);
  expect(reader.remaining).toBe(0);
  return { bytes: writer.copy(), value };
}

type Recode = (frame: GoldenFrame, reader: JuteReader, writer: JuteWriter) => unknown;
const recode: { readonly [kind in GoldenFrame['kind']]: Recode } = {
  connectRequest(_frame, reader, writer) {
    const request = requests.readConnectRequest(reader);
    requests.writeConnectRequest(writer, request);
    return request;
  },
  connectResponse(_frame, reader, writer) {
    const response = replies.readConnectResponse(reader);
    replies.writeConnectResponse(writer, response);
    return response;
  },
  request(frame, reader, writer) {
    writer.int(reader.int()).int(reader.int());
    const op = opOf(frame);
    if (op === Opcode.multi || op === Opcode.multiRead) {
      const list = readMultiRequest(reader);
      writeMultiRequest(writer, list);
      return list;
    }
    if (!(op in requests.requestSchemas)) return {};
    const body = requests.readRequest(op as requests.RequestOp, reader);
    requests.writeRequest(op as requests.RequestOp, writer, body);
    return body;
  },
  reply(frame, reader, writer) {
    const header = readRecord(replies.replyHeader, reader);
    writeRecord(replies.replyHeader, writer, header);
    const op = opOf(frame);
    if (header.err !== 0 || reader.remaining === 0) return { header };
    if (op === Opcode.multi || op === Opcode.multiRead) {
      const list = readMultiReply(reader);
      writeMultiReply(writer, list);
      return { header, list };
    }
    if (op === Opcode.whoAmI) {
      const infos = replies.readClientInfos(reader);
      replies.writeClientInfos(writer, infos);
      return { header, infos };
    }
    const body = replies.readReply(op as replies.ReplyOp, reader);
    replies.writeReply(op as replies.ReplyOp, writer, body);
    return { header, body };
  },
  event(_frame, reader, writer) {
    writeRecord(replies.replyHeader, writer, readRecord(replies.replyHeader, reader));
    const event = readRecord(replies.watcherEvent, reader);
    writeRecord(replies.watcherEvent, writer, event);
    return event;
  },
};

describe('golden frames', () => {
  test('hold every operation that a client may send, as request and as reply', () => {
    const internal = new Set([
      ...['notification', 'check', 'deleteContainer', 'createSession'],
      ...['error', 'setSecret', 'setMembership', 'moveSession'],
    ]);
    const wanted = [...opcodes.keys()].filter((name) => !internal.has(name));

    const seen = (kind: string): Set<string | undefined> =>
      new Set(frames.filter((frame) => frame.kind === kind).map((frame) => frame.op));

    expect(wanted.filter((name) => !seen('request').has(name))).toEqual([]);
    expect(wanted.filter((name) => !seen('reply').has(name))).toEqual([]);
    expect(frames.some((frame) => frame.kind === 'event')).toBe(true);
  });

  frames.forEach((frame, at) => {
    const name = `${at} ${frame.kind} ${frame.op ?? ''} (${frame.connection})`;
    test(`${name} is encoded to the same bytes`, () => {
      expect(again(frame).bytes.toString('hex')).toBe(frame.hex);
    });
  });
});

describe('the values in golden frames', () => {
  const replyTo = (op: string, count = 0): unknown =>
    again(frames.filter((frame) => frame.kind === 'reply' && frame.op === op)[count]!).value;

  test('null data and empty data stay different', () => {
    const data = frames
      .filter((frame) => frame.kind === 'reply' && frame.op === 'getData')
      .slice(0, 4)
      .map((frame) => again(frame).value as { body?: { data: Buffer | null } })
      .map(({ body }) => body?.data?.toString() ?? body?.data);

    expect(data).toEqual(['x', null, '', undefined]);
  });

  test('a connect response lacks the readOnly byte exactly when the request did', () => {
    const shapes = frames
      .filter((frame) => frame.kind === 'connectRequest' || frame.kind === 'connectResponse')
      .map((frame) => 'readOnly' in (again(frame).value as object));

    expect(shapes.filter((_, at) => at % 2 === 0)).toEqual(shapes.filter((_, at) => at % 2 === 1));
    expect(new Set(shapes)).toEqual(new Set([true, false]));
  });

  test('a failed multi has a code for each operation', () => {
    const { list } = replyTo('multi', 2) as { list: unknown[] };

    expect(list).toEqual([
      { op: -1, err: 0 },
      { op: -1, err: -101 },
      { op: -1, err: -2 },
    ]);
  });

  test('an unknown operation is answered with zxid -1', () => {
    expect(replyTo('99')).toEqual({ header: { xid: 1, zxid: -1, err: -6 } });
  });
});

describe('the stream of golden frames', () => {
  const payloads = frames.map((frame) => Buffer.from(frame.hex, 'hex'));
  const stream = Buffer.concat(payloads.map(framed));
  const wanted = frames.map((frame) => frame.hex);

  /** Splits the stream after it was cut at these places. */
  function split(cuts: readonly number[]): string[] {
    const out: string[] = [];
    const splitter = new FrameSplitter(1_048_575, (chunk, start, end) => {
      out.push(chunk.toString('hex', start, end));
      return true;
    });
    const ends = [...new Set(cuts)].sort((one, other) => one - other);
    let from = 0;
    for (const to of [...ends, stream.length]) {
      expect(splitter.push(Buffer.from(stream.subarray(from, to)), 0, to - from)).toBe(to - from);
      from = to;
    }
    return out;
  }

  test('comes out whole (in one piece)', () => {
    expect(split([])).toEqual(wanted);
  });

  test('comes out whole (one byte at a time)', () => {
    expect(split(Array.from(stream.keys()).slice(1))).toEqual(wanted);
  });

  test('comes out whole (cut at random)', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(stream.length), { maxLength: 60 }), (cuts) => {
        expect(split(cuts)).toEqual(wanted);
      }),
    );
  });
});
