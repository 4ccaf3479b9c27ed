/** What the tree page says of values: what their bytes say, and nothing that they do not. */

import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  base64Of,
  bytesOf,
  bytesOfHex,
  bytesOfText,
  hexRow,
  hexRows,
  textOf,
} from '../../console/app/logic/data-bytes.ts';
import { meaningOf, meaningUnpacked } from '../../console/app/logic/value-meaning.ts';

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);
const named = (path: string, value: string | Uint8Array): string =>
  meaningOf(path, typeof value === 'string' ? bytesOfText(value) : value).name;

describe('bytes', () => {
  test('come back from base64 as they were, a megabyte too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (value) => {
        expect([...bytesOf(base64Of(value))]).toEqual([...value]);
      }),
    );
    const large = new Uint8Array(1_048_576).fill(0xfe);
    expect(bytesOf(base64Of(large))).toHaveLength(1_048_576);
  });

  test('are text only if they are UTF-8 without control characters', () => {
    expect(textOf(bytesOfText('zn\u00f6de\n\ttext'))).toBe('zn\u00f6de\n\ttext');
    expect(textOf(bytesOfText('\ufeffmark'))).toBe('\ufeffmark');
    expect(textOf(bytes(0xc3, 0x28))).toBeNull();
    expect(textOf(bytes(0x41, 0))).toBeNull();
  });

  test('stand sixteen to a row in hex', () => {
    const value = bytesOfText('0123456789abcdefXY');

    expect(hexRows(value.length)).toBe(2);
    expect(hexRow(value, 0)).toEqual({
      offset: '00000000',
      hex: '30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66',
      text: '0123456789abcdef',
    });
    expect(hexRow(value, 1).hex.trim()).toBe('58 59');
    expect(hexRow(bytes(0x3c, 0, 0xff), 0).text).toBe('<··');
  });

  test('are read from hex digits', () => {
    expect(bytesOfHex('00 ff\n10')).toEqual(bytes(0, 255, 16));
    expect(bytesOfHex('0')).toBeNull();
    expect(bytesOfHex('xx')).toBeNull();
  });
});

describe('a value', () => {
  test('is text, JSON, or neither', () => {
    expect(named('/a', '')).toBe('empty');
    expect(named('/a', 'hello')).toBe('text');
    expect(named('/a', '{"a":1}')).toBe('JSON');
    expect(named('/a', '{"a":')).toBe('text');
    expect(named('/a', '12')).toBe('text');
    expect(named('/a', bytes(1, 2, 3))).toBe('binary');
  });

  test('of a known user is named by path and fields together', () => {
    const broker = '{"endpoints":[],"version":5}';

    expect(named('/kafka/brokers/ids/1', broker)).toBe('Kafka broker, JSON');
    expect(named('/else/1', broker)).toBe('JSON');
    expect(named('/brokers/ids/1', '{}')).toBe('JSON');
    expect(named('/svc/x', '{"name":"n","id":"i","address":"h","serviceType":"DYNAMIC"}')).toBe(
      'Curator service, JSON',
    );
  });

  test('of HBase is known by its marks, with its writer', () => {
    const writer = bytesOfText('master:16000');
    const head = bytes(0xff, 0, 0, 0, writer.length);
    const value = new Uint8Array([...head, ...writer, ...bytesOfText('PBUF'), 8, 1]);

    expect(meaningOf('/hbase/master', value)).toMatchObject({
      name: 'HBase protobuf message',
      facts: [['written by', 'master:16000']],
    });
    expect(named('/hbase/x', bytes(0xff, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 5))).toBe('binary');
    expect(named('/hbase/x', bytes(0xff, 0, 0))).toBe('binary');
  });

  test('of Java serialisation is named with its class', () => {
    const name = bytesOfText('java.util.Date');
    const head = bytes(0xac, 0xed, 0, 5, 0x73, 0x72, 0, name.length);

    expect(meaningOf('/a', new Uint8Array([...head, ...name]))).toMatchObject({
      name: 'Java-serialised object',
      facts: [['class', 'java.util.Date']],
    });
    expect(named('/a', bytes(0xac, 0xed, 0, 5, 0x73, 0x72, 99, 99))).toBe('Java-serialised object');
  });

  test('of eight bytes is a number, and a time if it can be one', () => {
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigInt64(0, 1_700_000_000_000n);

    expect(meaningOf('/a', value).facts).toEqual([
      ['big-endian', '1700000000000'],
      ['as a time', '2023-11-14T22:13:20.000Z'],
    ]);
    expect(meaningOf('/a', bytes(0, 0, 0, 0, 0, 0, 0, 7)).facts).toEqual([['big-endian', '7']]);
  });

  test('of the ensemble configuration is taken apart', () => {
    const text = 'server.1=h:2888:3888:participant;0.0.0.0:2181\nversion=100000000';

    expect(meaningOf('/zookeeper/config', bytesOfText(text)).facts).toEqual([
      ['server.1', 'h:2888:3888:participant;0.0.0.0:2181'],
      ['version', 'zxid 0x100000000'],
    ]);
  });

  test('that is packed is unpacked, if it can be', async () => {
    const packed = new Uint8Array(gzipSync('{"a":[1,2]}'));

    expect(named('/a', packed)).toBe('gzip');
    expect(await meaningUnpacked('/a', packed)).toMatchObject({
      name: 'gzip: JSON',
      json: { a: [1, 2] },
    });
    expect((await meaningUnpacked('/a', packed.slice(0, 9))).text).toBeNull();
  });

  test('that unpacks to more than a page should hold stays packed', async () => {
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(20_000_000)));

    expect((await meaningUnpacked('/a', bomb)).text).toBeNull();
  });
});
