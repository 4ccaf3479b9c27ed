/**
 * Records by description: the byte examples of the specification's appendix A, both ways, and what
 * happens to records that are cut short or claim too much.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorCode } from '../../protocol/error-code.ts';
import { JuteError, JuteReader, JuteWriter } from '../../protocol/jute.ts';
import {
  readMultiReply,
  readMultiRequest,
  writeMultiReply,
  writeMultiRequest,
} from '../../protocol/multi.ts';
import { Opcode, Xid } from '../../protocol/opcode.ts';
import { openAcl, readAcl, readRecord, statBytes, writeRecord } from '../../protocol/record.ts';
import * as replies from '../../protocol/replies.ts';
import * as requests from '../../protocol/requests.ts';
import { noSession } from '../../protocol/session-id.ts';
import { framed } from '../support/raw-client.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const frameOf = (write: (writer: JuteWriter) => unknown): string => {
  const writer = new JuteWriter(1);
  write(writer);
  return framed(writer.view()).toString('hex');
};
/** Reads the payload of an example, past its length and `skip` bytes of header. */
const payload = (example: string, skip = 0): JuteReader => {
  const bytes = hex(example);
  return new JuteReader().reset(bytes, 4 + skip, bytes.length);
};
const same = (example: string): string => hex(example).toString('hex');

describe('the examples of appendix A', () => {
  test('connect request', () => {
    const example =
      '0000002d 00000000 0000000000000000 00002710 0000000000000000 00000010 ' +
      '00000000000000000000000000000000 00';
    const request = {
      protocolVersion: 0,
      lastZxidSeen: 0,
      timeOut: 10_000,
      sessionId: noSession,
      passwd: Buffer.alloc(16),
      readOnly: false,
    };

    expect(requests.readConnectRequest(payload(example))).toEqual(request);
    expect(frameOf((writer) => requests.writeConnectRequest(writer, request))).toBe(same(example));
  });

  test('connect response', () => {
    const example =
      '00000025 00000000 00002710 100000a1b2c30000 00000010 000102030405060708090a0b0c0d0e0f 00';
    const response = {
      protocolVersion: 0,
      timeOut: 10_000,
      sessionId: '100000a1b2c30000',
      passwd: hex('000102030405060708090a0b0c0d0e0f'),
      readOnly: false,
    };

    expect(replies.readConnectResponse(payload(example))).toEqual(response);
    expect(frameOf((writer) => replies.writeConnectResponse(writer, response))).toBe(same(example));
  });

  test('ping and its reply', () => {
    expect(frameOf((writer) => writer.int(Xid.ping).int(Opcode.ping))).toBe(
      same('00000008 fffffffe 0000000b'),
    );
    const header = { xid: Xid.ping, zxid: 5, err: ErrorCode.ok };
    const example = '00000010 fffffffe 0000000000000005 00000000';
    expect(readRecord(replies.replyHeader, payload(example))).toEqual(header);
    expect(frameOf((writer) => writeRecord(replies.replyHeader, writer, header))).toBe(
      same(example),
    );
  });

  test('create and its reply', () => {
    const example =
      '00000032 00000001 00000001 00000002 2f61 00000001 78 00000001 0000001f ' +
      '00000005 776f726c64 00000006 616e796f6e65 00000000';
    const body = { path: '/a', data: Buffer.from('x'), acl: openAcl, flags: 0 };
    const write = (writer: JuteWriter): void => {
      requests.writeRequest(Opcode.create, writer.int(1).int(Opcode.create), body);
    };

    expect(requests.readRequest(Opcode.create, payload(example, 8))).toEqual(body);
    expect(frameOf(write)).toBe(same(example));

    const reply = '00000016 00000001 0000000000000002 00000000 00000002 2f61';
    expect(replies.readReply(Opcode.create, payload(reply, 16))).toEqual({ path: '/a' });
  });

  test('error reply', () => {
    const example = '00000010 00000002 0000000000000003 ffffff92';

    expect(readRecord(replies.replyHeader, payload(example))).toEqual({
      xid: 2,
      zxid: 3,
      err: ErrorCode.nodeExists,
    });
  });

  test('watch event', () => {
    const example = '0000001e ffffffff ffffffffffffffff 00000000 00000003 00000003 00000002 2f61';
    const event = { type: replies.EventType.nodeDataChanged, state: 3, path: '/a' };
    const write = (writer: JuteWriter): void => {
      const header = { xid: Xid.notification, zxid: -1, err: ErrorCode.ok };
      writeRecord(replies.replyHeader, writer, header);
      writeRecord(replies.watcherEvent, writer, event);
    };

    expect(readRecord(replies.watcherEvent, payload(example, 16))).toEqual(event);
    expect(frameOf(write)).toBe(same(example));
  });

  test('multi and its failure', () => {
    const example =
      '00000037 00000003 0000000e 0000000d 00 ffffffff 00000002 2f61 00000000 ' +
      '00000002 00 ffffffff 00000002 2f62 ffffffff ffffffff 01 ffffffff';
    const list = [
      { op: Opcode.check, body: { path: '/a', version: 0 } },
      { op: Opcode.delete, body: { path: '/b', version: -1 } },
    ] as const;

    expect(readMultiRequest(payload(example, 8))).toEqual(list);
    expect(frameOf((writer) => writeMultiRequest(writer.int(3).int(Opcode.multi), list))).toBe(
      same(example),
    );

    const failure =
      '00000033 00000003 0000000000000004 00000000 ffffffff 00 00000000 00000000 ' +
      'ffffffff 00 ffffff9b ffffff9b ffffffff 01 ffffffff';
    const results = [
      { op: Opcode.error, err: ErrorCode.ok },
      { op: Opcode.error, err: ErrorCode.noNode },
    ];
    expect(readMultiReply(payload(failure, 16))).toEqual(results);
    expect(frameOf((writer) => writeMultiReply(writer.int(3).long(4).int(0), results))).toBe(
      same(failure),
    );
  });

  test('closeSession', () => {
    expect(frameOf((writer) => writer.int(9).int(Opcode.closeSession))).toBe(
      same('00000008 00000009 fffffff5'),
    );
  });
});

describe('a record', () => {
  test('a Stat takes 68 bytes', () => {
    const stat = {
      ...{ czxid: 1, mzxid: 2, ctime: 3, mtime: 4, version: 5, cversion: -1, aversion: -1 },
      ...{ ephemeralOwner: 'ff00000000000001', dataLength: 8, numChildren: 9, pzxid: 10 },
    };
    const writer = new JuteWriter();

    replies.writeReply(Opcode.exists, writer, { stat });

    expect(writer.length).toBe(statBytes);
    expect(replies.readReply(Opcode.exists, new JuteReader(writer.copy()))).toEqual({ stat });
  });

  test('a null ACL list and an empty one are two things', () => {
    expect(readAcl(new JuteReader(hex('ffffffff')))).toBeNull();
    expect(readAcl(new JuteReader(hex('00000000')))).toEqual([]);
  });

  test('bytes behind the last field are left alone', () => {
    const reader = new JuteReader(hex('00000002 2f61 00000000 dead'));

    expect(requests.readRequest(Opcode.delete, reader)).toEqual({ path: '/a', version: 0 });
    expect(reader.remaining).toBe(2);
  });

  test('cut short anywhere, a request is refused', () => {
    const writer = new JuteWriter();
    const body = { path: '/a', data: Buffer.from('x'), acl: openAcl, flags: 0, ttl: 7 };
    requests.writeRequest(Opcode.createTtl, writer, body);

    for (let end = 0; end < writer.length; end++) {
      const reader = new JuteReader().reset(writer.buffer, 0, end);
      expect(() => requests.readRequest(Opcode.createTtl, reader)).toThrow(JuteError);
    }
  });

  test('a multi is refused (no end, a foreign operation, an end that lies beyond)', () => {
    const bad = [
      '',
      '0000000d 00 ffffffff',
      '00000003 00 ffffffff 00000002 2f61 00',
      'ffffffff 01',
    ];

    for (const text of bad) {
      expect(() => readMultiRequest(new JuteReader(hex(text)))).toThrow(JuteError);
    }
  });

  test('no bytes make a decoder throw anything but JuteError (any operation, any bytes)', () => {
    const ops = Object.keys(requests.requestSchemas).map(Number) as requests.RequestOp[];
    fc.assert(
      fc.property(fc.constantFrom(...ops), fc.uint8Array({ maxLength: 80 }), (op, bytes) => {
        for (const read of [
          (reader: JuteReader) => requests.readRequest(op, reader),
          (reader: JuteReader) => readMultiRequest(reader),
          (reader: JuteReader) => readMultiReply(reader),
          (reader: JuteReader) => requests.readConnectRequest(reader),
        ]) {
          try {
            read(new JuteReader(Buffer.from(bytes)));
          } catch (error) {
            expect(error).toBeInstanceOf(JuteError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});
