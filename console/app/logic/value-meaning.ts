/**
 * What a znode's value is, as far as its bytes and its path say: text, JSON, packed JSON, and the
 * forms that well-known users of ZooKeeper write. A guess that does not fit the bytes exactly is
 * not made: then there is hex.
 */

import { textOf } from './data-bytes.ts';

export interface ValueMeaning {
  /** A few words: `Kafka broker, JSON`. */
  readonly name: string;
  readonly text: string | null;
  /** Parsed; undefined when it is not JSON. */
  readonly json: unknown;
  /** What is known besides. */
  readonly facts: readonly (readonly [name: string, value: string])[];
}

/** JSON above this is shown as text only. */
const jsonLengthMax = 4_000_000;
/** What a packed value may grow to. */
const unpackedMax = 8_000_000;

/** Without unpacking; a gzip'd value is only named. */
export function meaningOf(path: string, bytes: Uint8Array): ValueMeaning {
  if (bytes.length === 0) return plain('empty');
  if (startsWith(bytes, 0x1f, 0x8b)) return plain('gzip');
  const text = textOf(bytes);
  if (text === null) return binaryMeaning(bytes);
  const json = jsonOf(text);
  if (json !== undefined) return { name: jsonName(path, json), text, json, facts: [] };
  const facts = isConfig(path, text) ? configFacts(text) : [];
  return { name: facts.length > 0 ? 'ensemble configuration' : 'text', text, json, facts };
}

/** As meaningOf, with gzip'd values unpacked where that gives text. */
export async function meaningUnpacked(
  path: string,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<ValueMeaning> {
  const packed = meaningOf(path, bytes);
  if (packed.name !== 'gzip') return packed;
  const inside = await unpacked(bytes);
  if (inside === null) return { ...packed, name: 'begins like gzip, does not unpack' };
  const meaning = meaningOf(path, inside);
  const facts = [['unpacked', `${inside.length} bytes`] as const, ...meaning.facts];
  return { ...meaning, name: `gzip: ${meaning.name}`, facts };
}

/** Undefined when the text is not JSON; numbers and words alone are text to us. */
export function jsonOf(text: string): unknown {
  if (text.length > jsonLengthMax || !/^\s*[[{"]/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const plain = (name: string): ValueMeaning => ({ name, text: null, json: undefined, facts: [] });

const startsWith = (bytes: Uint8Array, ...start: number[]): boolean =>
  start.every((byte, at) => bytes[at] === byte);

function binaryMeaning(bytes: Uint8Array): ValueMeaning {
  if (startsWith(bytes, 0xff)) {
    const hbase = hbaseMeaning(bytes);
    if (hbase !== null) return hbase;
  }
  if (startsWith(bytes, 0x50, 0x42, 0x55, 0x46)) return plain('HBase protobuf message');
  if (startsWith(bytes, 0xac, 0xed, 0x00, 0x05)) {
    const name = javaClass(bytes);
    const facts = name === null ? [] : [['class', name] as const];
    return { ...plain('Java-serialised object'), facts };
  }
  if (bytes.length === 8 || bytes.length === 4) return numberMeaning(bytes);
  return plain('binary');
}

/** HBase: 0xff, length of the writer's name, the name, then PBUF and the message. */
function hbaseMeaning(bytes: Uint8Array): ValueMeaning | null {
  if (bytes.length < 9) return null;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1);
  if (length > 1_000 || bytes.length < 5 + length + 4) return null;
  const mark = bytes.subarray(5 + length, 5 + length + 4);
  if (!startsWith(mark, 0x50, 0x42, 0x55, 0x46)) return null;
  const writer = textOf(bytes.subarray(5, 5 + length)) ?? '';
  return { ...plain('HBase protobuf message'), facts: [['written by', writer]] };
}

/** Of `TC_OBJECT TC_CLASSDESC`, whose name follows with its length. */
function javaClass(bytes: Uint8Array): string | null {
  if (bytes[4] !== 0x73 || bytes[5] !== 0x72 || bytes.length < 8) return null;
  const length = bytes[6]! * 256 + bytes[7]!;
  return bytes.length < 8 + length ? null : textOf(bytes.subarray(8, 8 + length));
}

function numberMeaning(bytes: Uint8Array): ValueMeaning {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 4) {
    return { ...plain('4-byte number'), facts: [['big-endian', String(view.getInt32(0))]] };
  }
  const value = view.getBigInt64(0);
  const facts: [string, string][] = [['big-endian', String(value)]];
  // A time within some decades of ours is most likely one.
  if (value > 900_000_000_000n && value < 4_000_000_000_000n) {
    facts.push(['as a time', new Date(Number(value)).toISOString()]);
  }
  return { ...plain('8-byte number'), facts };
}

const jsonNames: readonly { path: RegExp; keys: readonly string[]; name: string }[] = [
  { path: /\/brokers\/ids\/\d+$/, keys: ['endpoints', 'version'], name: 'Kafka broker' },
  { path: /\/brokers\/topics\/[^/]+$/, keys: ['partitions'], name: 'Kafka topic' },
  {
    path: /\/partitions\/\d+\/state$/,
    keys: ['leader', 'isr'],
    name: 'Kafka partition state',
  },
  { path: /\/controller$/, keys: ['brokerid'], name: 'Kafka controller' },
  { path: /\/cluster\/id$/, keys: ['id'], name: 'Kafka cluster' },
  { path: /\/live_nodes|\/state\.json$|\/clusterstate\.json$/, keys: [], name: 'Solr' },
  { path: /./, keys: ['name', 'address', 'serviceType'], name: 'Curator service' },
];

function jsonName(path: string, json: unknown): string {
  const isObject = typeof json === 'object' && json !== null;
  const found = jsonNames.find(
    ({ path: pattern, keys }) =>
      isObject && pattern.test(path) && keys.every((key) => Object.hasOwn(json, key)),
  );
  return found === undefined ? 'JSON' : `${found.name}, JSON`;
}

const isConfig = (path: string, text: string): boolean =>
  path === '/zookeeper/config' || /^server\.\d+=[^\n]*(\n|$)/.test(text);

function configFacts(text: string): [string, string][] {
  const facts: [string, string][] = [];
  for (const line of text.split('\n')) {
    const at = line.indexOf('=');
    if (at <= 0) continue;
    const [name, value] = [line.slice(0, at), line.slice(at + 1)];
    facts.push(
      name === 'version' ? ['version', `zxid 0x${value.replace(/^0x/, '')}`] : [name, value],
    );
  }
  return facts;
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    const parts: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    const reader = stream.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      length += part.value.length;
      // A small value may unpack to more than a page should hold.
      if (length > unpackedMax) {
        await reader.cancel();
        return null;
      }
      parts.push(part.value);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch {
    return null;
  }
}
