/**
 * `natskeeper top` by the four-letter words `mntr`, `srvr` and `conf` on client ports: where there
 * is no bus to listen to, and for Apache ZooKeeper. What a server does not allow or tell is left
 * out of its row.
 */

import { connect } from 'node:net';
import { parseConnectString } from '../client/connect-string.ts';
import {
  lagOf,
  silentRow,
  type TopRow,
  type TopSource,
  type TopView,
  zxidParts,
} from './top-view.ts';

const answerMsMax = 900;
const answerCharsMax = 1024 * 1024;

/** Asks one server one word; resolves to null when it does not answer in time. */
export type AskWord = (host: string, port: number, word: string) => Promise<string | null>;

interface Answer {
  readonly host: string;
  readonly port: number;
  readonly address: string;
  sid: number | null;
  row: TopRow | null;
  heardMs: number;
  received: number | null;
  zxidCounter: string | null;
}

export class TopWords implements TopSource {
  readonly #servers: Answer[];
  readonly #now: () => number;
  readonly #ask: AskWord;

  /** `now` is monotonic ms. */
  constructor(servers: string, now: () => number, ask: AskWord = askWord) {
    this.#now = now;
    this.#ask = ask;
    this.#servers = parseConnectString(servers).servers.map(({ host, port }) => ({
      host,
      port,
      address: `${host}:${port}`,
      sid: null,
      row: null,
      heardMs: 0,
      received: null,
      zxidCounter: null,
    }));
  }

  async read(): Promise<TopView> {
    const rows = await Promise.all(this.#servers.map((server) => this.#look(server)));
    const zxids = rows.flatMap(({ zxid, isStale }) => (zxid === null || isStale ? [] : [zxid]));
    const withLag = rows.map((row) => ({
      ...row,
      lag: row.zxid === null ? null : lagOf(row.zxid, zxids),
    }));
    const title = this.#servers.map(({ address }) => address).join(',');
    return { title, rows: withLag, latency: 'average and maximum' };
  }

  async close(): Promise<void> {}

  async #look(server: Answer): Promise<TopRow> {
    const { host, port, address } = server;
    const [srvr, mntr] = await Promise.all([
      this.#ask(host, port, 'srvr'),
      this.#ask(host, port, 'mntr'),
    ]);
    const now = this.#now();
    if (srvr === null && mntr === null) {
      if (server.row === null) return silentRow(server.sid, address, null);
      return { ...server.row, silentMs: now - server.heardMs, isStale: true };
    }
    server.sid ??= sidOf(await this.#ask(host, port, 'conf'));
    const metrics = metricsOf(mntr ?? '');
    const row = rowOf(server, srvr ?? '', metrics);
    const received = metrics.number('packets_received') ?? fieldOf(srvr ?? '', 'Received');
    const elapsedMs = now - server.heardMs;
    const requestsPerSecond = rateOf(server.received, received, elapsedMs);
    const commitsPerSecond = commitRateOf(server.zxidCounter, row.zxid, elapsedMs);
    server.heardMs = now;
    server.received = received;
    server.zxidCounter = row.zxid;
    server.row = { ...row, requestsPerSecond, commitsPerSecond };
    return server.row;
  }
}

interface Metrics {
  text(key: string): string | null;
  number(key: string): number | null;
}

function metricsOf(text: string): Metrics {
  const values = new Map<string, string>();
  for (const line of text.split('\n')) {
    const match = /^zk_(\w+)\t(.*)$/.exec(line);
    if (match !== null) values.set(match[1]!, match[2]!);
  }
  return {
    text: (key) => values.get(key) ?? null,
    number: (key) => numberOf(values.get(key)),
  };
}

function rowOf({ sid, address }: Answer, srvr: string, { text, number }: Metrics): TopRow {
  const role = /^Mode: (\S+)$/m.exec(srvr)?.[1] ?? text('server_state');
  const zxid = /^Zxid: (0x[0-9a-f]+)$/m.exec(srvr)?.[1] ?? null;
  const [, average, maximum] =
    /^Latency min\/avg\/max: [\d.]+\/([\d.]+)\/([\d.]+)$/m.exec(srvr) ?? [];
  return {
    ...silentRow(sid, address, 0),
    // A server without a quorum answers with a sentence instead.
    role: role ?? 'not serving',
    phase: role === null ? 'election' : role === 'standalone' ? 'standalone' : 'broadcast',
    epoch: zxid === null ? null : (zxidParts(zxid)?.epoch ?? null),
    zxid,
    p50Ms: number('avg_latency') ?? numberOf(average),
    p99Ms: number('max_latency') ?? numberOf(maximum),
    syncP99Ms: number('max_fsynctime'),
    connections: number('num_alive_connections') ?? fieldOf(srvr, 'Connections'),
    sessions: number('global_sessions'),
    watches: number('watch_count'),
    znodes: number('znode_count') ?? fieldOf(srvr, 'Node count'),
    isStale: false,
  };
}

/** A line `Name: 12` of `srvr`. */
function fieldOf(srvr: string, name: string): number | null {
  return numberOf(new RegExp(`^${name}: (\\d+)$`, 'm').exec(srvr)?.[1]);
}

function sidOf(conf: string | null): number | null {
  const sid = numberOf(/^serverId=(\d+)$/m.exec(conf ?? '')?.[1]);
  return sid === 0 ? null : sid;
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text ?? '');
  return text === undefined || text === '' || !Number.isFinite(value) ? null : value;
}

function rateOf(before: number | null, now: number | null, ms: number): number | null {
  if (before === null || now === null || now < before || ms <= 0) return null;
  return ((now - before) * 1000) / ms;
}

/** Txns are numbered: within an epoch the zxid counts them. */
function commitRateOf(before: string | null, now: string | null, ms: number): number | null {
  const [former, current] = [zxidParts(before ?? ''), zxidParts(now ?? '')];
  if (former === null || current === null || former.epoch !== current.epoch) return null;
  return rateOf(former.counter, current.counter, ms);
}

function askWord(host: string, port: number, word: string): Promise<string | null> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ host, port }, () => socket.write(word));
    const timer = setTimeout(() => socket.destroy(), answerMsMax);
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      text += part;
      if (text.length > answerCharsMax) socket.destroy();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(text === '' ? null : text);
    });
  });
}
