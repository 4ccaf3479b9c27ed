/**
 * The bus over NATS, held to the suite of all buses, and what only a real server can do to it: go
 * away, come back, fall silent, refuse. Real time passes here.
 */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nkeys } from 'nats';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Bus } from '../../actors/bus.ts';
import { systemClock } from '../../actors/clock.ts';
import { NatsBus, type NatsBusOptions } from '../../actors/nats-bus.ts';
import type { Fields } from '../../actors/note.ts';
import { systemRandom } from '../../actors/random.ts';
import { busSuite } from '../support/bus-suite.ts';
import { freePort } from '../support/free-port.ts';
import { NatsServer, natsServerPath, natsSkipReason } from '../support/nats-server.ts';
import { temporaryFolder } from '../support/temp.ts';
import { pause } from '../support/zoo-process.ts';

const isSkipped = natsServerPath === null;
const title = isSkipped ? `bus over NATS (skipped: ${natsSkipReason})` : 'bus over NATS';

/** Opens a bus that is closed when the test is over, and writes down what it notes. */
function openBus(servers: string | string[], more: Partial<NatsBusOptions> = {}) {
  const noted: string[] = [];
  const write = (message: string, fields: Fields = {}) =>
    void noted.push([message, ...Object.values(fields)].join(' '));
  const bus = NatsBus.open({
    servers,
    name: 'test/1/1/zab',
    notes: { debug: write, info: write, warn: write, error: write },
    clock: systemClock,
    random: systemRandom,
    ...more,
  });
  onTestFinished(() => bus.close());
  return { bus, noted };
}

async function until(what: string, isTrue: () => boolean, msMax = 10_000): Promise<void> {
  const deadline = performance.now() + msMax;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`waited too long until ${what}`);
    await pause(2);
  }
}

async function connectedPair(server: NatsServer) {
  const source = openBus(server.url);
  const target = openBus(server.url);
  await until('both are connected', () => source.bus.isConnected && target.bus.isConnected);
  return { source: source.bus, target: target.bus, noted: target.noted };
}

async function settle(source: Bus, target: Bus): Promise<void> {
  for (const bus of [target, source, target]) {
    if (bus.isConnected) await (bus as NatsBus).flush();
  }
  // Answers to probes come by the source's connection.
  if (source.isConnected) await (source as NatsBus).flush();
}

/** An operator, an account and a user of its own: the server's lines, and a credentials file. */
function issueCredentials() {
  const [operator, account] = [nkeys.createOperator(), nkeys.createAccount()];
  const user = nkeys.createUser();
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const sign = (issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object) => {
    const head = encode({ typ: 'JWT', alg: 'ed25519-nkey' });
    const [iss, sub] = [issuer.getPublicKey(), subject.getPublicKey()];
    const claims = encode({
      jti: sub,
      iat: 1,
      iss,
      sub,
      name: 'test',
      nats: { ...nats, version: 2 },
    });
    const signature = issuer.sign(Buffer.from(`${head}.${claims}`));
    return `${head}.${claims}.${Buffer.from(signature).toString('base64url')}`;
  };
  const each = { subs: -1, data: -1, payload: -1 };
  const limits = { ...each, conn: -1, leaf: -1, imports: -1, exports: -1, wildcards: true };
  const accountToken = sign(operator, account, { type: 'account', limits });
  const userToken = sign(account, user, { type: 'user', ...each, pub: {}, sub: {} });
  const block = (name: string, text: string) =>
    `-----BEGIN ${name}-----\n${text}\n------END ${name}------\n\n`;
  const seed = Buffer.from(user.getSeed()).toString();
  return {
    config: [
      `operator: ${sign(operator, operator, { type: 'operator' })}`,
      'resolver: MEMORY',
      `resolver_preload: { ${account.getPublicKey()}: ${accountToken} }`,
    ],
    creds: Buffer.from(block('NATS USER JWT', userToken) + block('USER NKEY SEED', seed)),
  };
}

/** Certificates for 127.0.0.1 and for a replica, by an authority of their own. */
function issueCertificates(folder: string) {
  const openssl = (...args: string[]) => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  };
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const issue = (name: string, ...more: string[]) => {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`];
    openssl('req', '-x509', ...key, ...files, '-subj', `/CN=${name}`, '-days', '2', ...more);
  };
  issue('ca');
  for (const name of ['server', 'replica']) {
    const address = ['-addext', 'subjectAltName=IP:127.0.0.1'];
    issue(name, '-CA', 'ca.crt', '-CAkey', 'ca.key', ...address);
  }
  return (name: string) => readFileSync(join(folder, name), 'utf8');
}

function hasOpenssl(): boolean {
  try {
    return execFileSync('openssl', ['version']).toString() >= 'OpenSSL 3';
  } catch {
    return false;
  }
}

async function startServer(config: readonly string[] = []): Promise<NatsServer> {
  const server = await NatsServer.start(config);
  onTestFinished(() => server.remove());
  return server;
}

describe.skipIf(isSkipped)(title, () => {
  let shared: NatsServer;
  beforeAll(async () => {
    shared = await NatsServer.start();
  });
  afterAll(() => shared?.remove());

  busSuite({ open: () => connectedPair(shared), settle });

  test('a handler that throws is reported, and the others go on hearing', async () => {
    const { source, target, noted } = await connectedPair(shared);
    const heard: string[] = [];
    target.subscribe('a', () => {
      throw new Error('told to');
    });
    target.subscribe('a', (frame) => void heard.push(String(Buffer.from(frame))));
    target.onConnection = () => {
      throw new Error('not this time');
    };
    await settle(source, target);

    for (const text of ['1', '2', '3']) source.publish('a', Buffer.from(text));
    await settle(source, target);

    expect(heard).toEqual(['1', '2', '3']);
    const failures = noted.filter((line) => line.startsWith('a handler of the bus failed a'));
    expect(failures).toEqual([expect.stringContaining('told to')]);
  });

  test('more probes than are remembered: the last of them are told', async () => {
    const { source, target } = await connectedPair(shared);
    const absent: number[] = [];

    for (let at = 0; at < 1500; at++) {
      source.probe('gone', Buffer.from('x'), () => void absent.push(at));
    }
    await settle(source, target);

    expect(absent).toEqual(Array.from({ length: 1024 }, (_, at) => at + 476));
  });

  test('a frame that no joiner would take is refused and said', async () => {
    const { bus, noted } = openBus(shared.url);
    await until('connected', () => bus.isConnected);

    bus.publish('a', Buffer.alloc(64 * 1024 * 1024 + 1));

    expect(noted.at(-1)).toMatch(/^a frame was not published a Error: it has 67108865 bytes\n/);
  });

  test('a server that carries little gets smaller parts (max_payload 2000)', async () => {
    const { source, target } = await connectedPair(await startServer(['max_payload: 2000']));
    const lengths: number[] = [];
    target.subscribe('a', (frame) => void lengths.push(frame.length));
    await settle(source, target);

    for (const length of [2000, 2001, 100_000]) source.publish('a', Buffer.alloc(length, 1));
    await settle(source, target);

    expect(lengths).toEqual([2000, 2001, 100_000]);
  });

  test('a server that is killed and restarted is back within a second', async () => {
    const server = await startServer();
    const { source, target, noted } = await connectedPair(server);
    const told: string[] = [];
    const heard: string[] = [];
    source.onConnection = (isConnected) => void told.push(`source ${isConnected}`);
    target.onConnection = (isConnected) => void told.push(`target ${isConnected}`);
    target.subscribe('a.>', (frame) => void heard.push(String(Buffer.from(frame))));
    await settle(source, target);
    source.publish('a.b', Buffer.from('before'));
    await settle(source, target);

    await server.kill();
    await until('both know', () => !source.isConnected && !target.isConnected, 1000);
    for (let at = 0; at < 1000; at++) source.publish('a.b', Buffer.from('meanwhile'));
    target.subscribe('c', (frame) => void heard.push(String(Buffer.from(frame))));
    await server.restart();
    const startMs = performance.now();
    while (!heard.includes('after') && performance.now() - startMs < 5000) {
      source.publish('a.b', Buffer.from('after'));
      source.publish('c', Buffer.from('new'));
      await pause(5);
    }
    const backMs = performance.now() - startMs;
    await settle(source, target);

    expect(backMs).toBeLessThan(1000);
    expect([...new Set(heard)].sort()).toEqual(['after', 'before', 'new']);
    expect(told.sort()).toEqual(['source false', 'source true', 'target false', 'target true']);
    expect(noted.filter((line) => line.startsWith('connection to NATS lost'))).toHaveLength(1);
  });

  test('a server that falls silent is given up, even with frames under way to it', async () => {
    const server = await startServer();
    const { bus, noted } = openBus(server.url);
    await until('connected', () => bus.isConnected);
    const told: boolean[] = [];
    bus.onConnection = (isConnected) => void told.push(isConnected);

    server.pause();
    for (let at = 0; at < 64; at++) bus.publish('a', Buffer.alloc(512 * 1024, 1));
    await until('it is given up', () => told.length > 0, 6000);
    expect(noted.at(-1)).toBe('connection to NATS lost the NATS server is silent');
    // Dials a server that accepts and does not speak.
    await pause(2500);
    server.resume();
    await until('connected again', () => bus.isConnected, 5000);
    await bus.flush();

    expect(told).toEqual([false, true]);
  });

  test('a silent server is not left with a connection per attempt', async () => {
    const server = await startServer();
    server.pause();
    const { bus } = openBus(server.url);
    const socketsOpen = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = socketsOpen();

    await pause(6500);
    expect(socketsOpen() - before).toBeLessThanOrEqual(1);
    server.resume();
    await until('connected', () => bus.isConnected, 5000);
  });

  test('a server that comes late is found; its absence is said once', async () => {
    const server = await startServer();
    await server.kill();
    const { bus, noted } = openBus(server.url);
    const heard: string[] = [];
    bus.subscribe('a', (frame) => void heard.push(String(Buffer.from(frame))));
    bus.publish('a', Buffer.from('unheard'));
    await pause(500);
    expect(bus.isConnected).toBe(false);
    const host = `127.0.0.1:${server.port}`;
    expect(noted).toEqual([`cannot connect to NATS ${host} connection refused 0`]);

    await server.restart();
    await until('connected', () => bus.isConnected, 1000);
    const other = openBus(server.url).bus;
    await until('the other is', () => other.isConnected);
    other.publish('a', Buffer.from('x'));
    await settle(other, bus);

    expect(heard).toEqual(['x']);
  });

  test('one server of a comma list is enough', async () => {
    const gone = await freePort();
    const { bus } = openBus(`nats://127.0.0.1:${gone}, ${shared.url},`);

    await until('connected', () => bus.isConnected, 3000);
  });

  test('a bus can be closed before it has ever been connected', async () => {
    const gone = await freePort();
    const { bus, noted } = openBus([`127.0.0.1:${gone}`]);
    await pause(100);
    await bus.close();
    const count = noted.length;
    await pause(200);

    expect([bus.isConnected, noted.length]).toEqual([false, count]);
  });

  describe('who asks for a login', () => {
    const nkeySeed = 'SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY';
    const nkey = 'UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4';

    test('a user with a password, given or in the address', async () => {
      const server = await startServer(['authorization { user: ann, password: "1:x" }']);
      const host = `127.0.0.1:${server.port}`;
      const given = openBus(server.url, { auth: { user: 'ann', pass: '1:x' } }).bus;
      const written = openBus(`nats://ann:1%3Ax@${host}`).bus;
      const wrong = openBus(server.url, { auth: { user: 'ann', pass: 'no' } });

      await until('both are connected', () => given.isConnected && written.isConnected);
      await until('it is said', () => wrong.noted.length > 0);
      expect(wrong.noted[0]).toMatch(/^cannot connect to NATS .*authorization/i);
      expect(wrong.bus.isConnected).toBe(false);
    });

    test('a token, given or in the address', async () => {
      const server = await startServer(['authorization { token: "s3cret" }']);
      const given = openBus(server.url, { auth: { token: 's3cret' } }).bus;
      const written = openBus(`nats://s3cret@127.0.0.1:${server.port}`).bus;

      await until('both are connected', () => given.isConnected && written.isConnected);
    });

    test('an nkey', async () => {
      const server = await startServer([`authorization { users: [ { nkey: ${nkey} } ] }`]);
      const { bus } = openBus(server.url, { auth: { nkeySeed: `${nkeySeed}\n` } });

      await until('connected', () => bus.isConnected);
    });

    test('a credentials file', async () => {
      const { config, creds } = issueCredentials();
      const server = await startServer(config);
      const { bus } = openBus(server.url, { auth: { creds } });

      await until('connected', () => bus.isConnected);
    });

    test.skipIf(!hasOpenssl())('certificates (needs openssl 3 on the PATH)', async () => {
      const folder = temporaryFolder();
      const text = issueCertificates(folder);
      const path = (name: string) => JSON.stringify(join(folder, name));
      const server = await startServer([
        `tls { cert_file: ${path('server.crt')}, key_file: ${path('server.key')}`,
        `      ca_file: ${path('ca.crt')}, verify: true }`,
      ]);
      const tls = { ca: text('ca.crt'), cert: text('replica.crt'), key: text('replica.key') };
      const [source, target] = [openBus(server.url, { tls }).bus, openBus(server.url, { tls }).bus];
      const unknown = openBus(server.url, { tls: { ca: tls.ca } });
      const wary = openBus(`tls://127.0.0.1:${server.port}`);
      const bold = openBus(`tls://127.0.0.1:${shared.port}`);
      const lengths: number[] = [];
      target.subscribe('a', (frame) => void lengths.push(frame.length));
      await until('both are connected', () => source.isConnected && target.isConnected);
      await settle(source, target);

      source.publish('a', Buffer.alloc(2_000_000, 1));
      await settle(source, target);

      expect(lengths).toEqual([2_000_000]);
      const refused = [unknown, wary, bold];
      await until('all is said', () => refused.every(({ noted }) => noted.length > 0));
      expect(refused.map(({ bus }) => bus.isConnected)).toEqual([false, false, false]);
      expect(wary.noted[0]).toMatch(/certificate/);
      expect(bold.noted[0]).toMatch(/does not support 'tls'/);
    });

    test('what cannot be read is refused at once', () => {
      const refuse = (options: Partial<NatsBusOptions>) => expect(() => openBus('x', options));
      refuse({ auth: { nkeySeed: 'SUNOTASEED' } }).toThrow();
      refuse({ auth: { creds: Buffer.from('no creds') } }).toThrow('unable to parse credentials');
      expect(() => openBus(' , ')).toThrow('no address');
      expect(() => openBus('http://host:4222')).toThrow('nats://host:4222');
    });

    test('a subject that may not be heard is said, and the rest goes on', async () => {
      const server = await startServer([
        'authorization { users: [ { user: a, password: a, permissions: {',
        '  subscribe: ["ok.>", "_INBOX.>"], publish: ["ok.>"] } } ] }',
      ]);
      const auth = { user: 'a', pass: 'a' };
      const [source, target] = [openBus(server.url, { auth }), openBus(server.url, { auth })];
      const heard: string[] = [];
      target.bus.subscribe('not.ok', () => void heard.push('not ok'));
      target.bus.subscribe('ok.a', () => void heard.push('ok'));
      await until('connected', () => source.bus.isConnected && target.bus.isConnected);
      await settle(source.bus, target.bus);

      source.bus.publish('not.ok', Buffer.from('x'));
      source.bus.publish('ok.a', Buffer.from('x'));
      await settle(source.bus, target.bus);

      expect(heard).toEqual(['ok']);
      expect(target.noted.some((line) => line.includes('not.ok'))).toBe(true);
      expect(source.noted.some((line) => line.includes('not.ok'))).toBe(true);
    });
  });
});
