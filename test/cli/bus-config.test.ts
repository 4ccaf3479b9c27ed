/** How an existing bus is named: its addresses, one login, TLS; and what gives a clear error. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { busAddressOf } from '../../cli/bus-config.ts';
import { ConfigError } from '../../cli/config-error.ts';
import { loadTexts, threeServers } from '../support/config.ts';
import { temporaryFolder } from '../support/temp.ts';

const seed = `SU${'A'.repeat(56)}`;
const creds =
  '-----BEGIN NATS USER JWT-----\nabc\n------END NATS USER JWT------\n' +
  `-----BEGIN USER NKEY SEED-----\n${seed}\n------END USER NKEY SEED------\n`;
const files = { '/nkey': `# of the replicas\n${seed}\n`, '/creds': creds, '/other': 'hush' };

interface More {
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

function load(lines: readonly string[], more: More = {}) {
  const cfg = [...threeServers, ...lines].join('\n');
  const all = { '/data/myid': '1', ...files, ...more.files };
  return loadTexts({ cfg, files: all, env: more.env ?? {} });
}

const addressOf = (lines: readonly string[], more: More = {}) =>
  busAddressOf(load(lines, more).settings);

function messageOf(lines: readonly string[], more: More = {}): string {
  try {
    load(lines, more);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
  return 'nothing was thrown';
}

describe('an existing bus', () => {
  test('is named by its addresses, without a login and without TLS', () => {
    expect(addressOf(['natsUrl=nats://a:4222, b , [::1]:4223'])).toEqual({
      servers: 'nats://a:4222,b,[::1]:4223',
    });
    expect(addressOf([])).toBeNull();
    expect(load(['natsUrl=nats://a']).warnings).toEqual([]);
  });

  test('a login in an address counts for all, and is not kept in the addresses', () => {
    const { settings } = load(['natsUrl=nats://u:p%40ss%2C@a,tls://b:1,nats://u:p%40ss%2C@c']);

    expect(settings.natsUrl).toBe('nats://a,tls://b:1,nats://c');
    expect(busAddressOf(settings)).toEqual({
      servers: 'nats://a,tls://b:1,nats://c',
      auth: { user: 'u', pass: 'p@ss,' },
    });
    expect(addressOf(['natsUrl=secret@a'])?.auth).toEqual({ token: 'secret' });
  });

  test('has one login of any kind', () => {
    const auth = (...lines: string[]) => addressOf(['natsUrl=a', ...lines])?.auth;

    expect(auth('natsUser=u', 'natsPassword=p')).toEqual({ user: 'u', pass: 'p' });
    expect(auth('natsToken=t')).toEqual({ token: 't' });
    expect(auth('natsNkey=/nkey')).toEqual({ nkeySeed: seed });
    expect(auth('natsCreds=/creds')).toEqual({ creds: Buffer.from(creds) });
  });

  test('TLS may be asked for alone, by an address, or not', () => {
    expect(addressOf(['natsUrl=a', 'natsTls=true'])?.tls).toEqual({});
    expect(addressOf(['natsUrl=a', 'natsTls=false'])).not.toHaveProperty('tls');
    // The bus itself reads that from the address.
    expect(addressOf(['natsUrl=TLS://a'])).toEqual({ servers: 'tls://a' });
  });

  test('comes from the environment as well, below the file, key by key', () => {
    const env = {
      NATS_URL: 'nats://env',
      NATS_USER: 'someone',
      NATS_PASSWORD: 'p',
      NATS_TLS: 'true',
      NATS_SYSTEM_USER: 'sys',
      NATS_SYSTEM_PASSWORD: 's',
    };
    const { settings, warnings } = load(['natsUser=me'], { env });

    expect(settings).toMatchObject({
      natsUrl: 'nats://env',
      natsLogin: { user: 'me', pass: 'p' },
      natsTls: {},
      natsSystemUser: { user: 'sys', pass: 's' },
    });
    expect(warnings).toEqual([]);
    for (const [name, value, auth] of [
      ['NATS_TOKEN', 't', { token: 't' }],
      ['NATS_NKEY', '/nkey', { nkeySeed: seed }],
      ['NATS_CREDS', '/creds', { creds: Buffer.from(creds) }],
    ] as const) {
      expect(addressOf(['natsUrl=a'], { env: { [name]: value } })?.auth).toEqual(auth);
    }
  });

  test('a login without natsUrl is warned of once, with all its keys and no value', () => {
    const { settings, warnings } = load(['natsUser=me'], { env: { NATS_PASSWORD: 'hush' } });

    expect(warnings).toEqual([
      'natsUser (/etc/zoo.cfg line 8), natsPassword (environment NATS_PASSWORD): ' +
        'without natsUrl this ensemble brings its own bus, and logs in by itself',
    ]);
    expect(settings).toMatchObject({ natsLogin: null, natsTls: null, natsSystemUser: null });
  });

  test('a standalone replica does not mind what its shell holds for other programs', () => {
    const env = { NATS_URL: 'ws://u:p@x', NATS_CREDS: '/nowhere', NATS_NKEY: '/nowhere' };

    const { settings, warnings } = loadTexts({ cfg: 'dataDir=/data\nclientPort=1', env });

    expect(settings).toMatchObject({ natsUrl: 'ws://…@x', natsLogin: null });
    expect(warnings).toEqual([]);
  });
});

describe('a contradiction, or what cannot be read', () => {
  const cases: [lines: string[], message: string][] = [
    [['natsUrl=http://a'], 'natsUrl=http://a: not the address of a NATS server; valid: nats://'],
    [['natsUrl=nats://a:0'], 'not the address of a NATS server'],
    [['natsUrl=nats://a:65536'], 'not the address of a NATS server'],
    [['natsUrl=nats://a:4222/x'], 'not the address of a NATS server'],
    [['natsUrl=a,nats://u:hu%zzsh@b'], 'natsUrl=…@b: not the address of a NATS server'],
    [['natsUrl=nats://u:hu/sh@b'], 'natsUrl=nats://…@b: not the address of a NATS server'],
    [['natsUrl=nats://u:hu:sh@b'], 'natsUrl=nats://…@b: not the address of a NATS server'],
    [['natsUrl=,'], 'natsUrl=,: no address; valid: nats://host:4222'],
    [
      ['natsUrl=nats://u:hush@a,nats://u:HUSH@b'],
      'natsUrl=nats://…@b: two addresses have different logins; valid: one login',
    ],
    [
      ['natsUrl=nats://u:hush@a', 'natsUser=v', 'natsPassword=hush'],
      'line 9: natsUser=…: natsUrl (/etc/zoo.cfg line 8) logs in already, in another way; ' +
        'valid: one of: natsUrl with user:password@, natsUser with natsPassword, natsToken',
    ],
    [
      ['natsUrl=a', 'natsToken=hush', 'natsUser=u', 'natsPassword=hush'],
      'line 9: natsToken=…: natsUser (/etc/zoo.cfg line 10) logs in already, in another way',
    ],
    [
      ['natsUrl=a', 'natsToken=hush', 'natsCreds=/creds'],
      'line 10: natsCreds=/creds: natsToken (/etc/zoo.cfg line 9) logs in already',
    ],
    [['natsUrl=a', 'natsNkey=/nkey', 'natsCreds=/creds'], 'natsNkey (/etc/zoo.cfg line 9) logs in'],
    [
      ['natsUrl=a', 'natsPassword=hush'],
      'natsPassword=…: natsUser is missing; valid: natsUser and natsPassword together',
    ],
    [['natsUrl=a', 'natsUser=u'], 'natsUser=…: natsPassword is missing'],
    [
      ['natsUrl=a', 'natsSystemPassword=hush'],
      'natsSystemPassword=…: natsSystemUser is missing; valid: natsSystemUser and',
    ],
    [
      ['natsUrl=a', 'natsNkey=/nowhere'],
      'natsNkey=/nowhere: cannot be read: ENOENT: /nowhere; valid: a file with the seed',
    ],
    [['natsUrl=a', 'natsNkey=/other'], 'natsNkey=/other: the file holds no such seed; valid: a'],
    [['natsUrl=a', `natsNkey=${seed}`], 'natsNkey=…: not the path of a file; valid: a file'],
    [['natsUrl=a', 'natsCreds=/nowhere'], 'natsCreds=/nowhere: cannot be read: ENOENT'],
    [['natsUrl=a', 'natsCreds=/other'], 'natsCreds=/other: the file holds no credentials; valid:'],
    [['natsUrl=a', 'natsTls=on'], 'natsTls=on: not one of its words; valid: true, false'],
    [
      ['natsUrl=tls://a', 'natsTls=false'],
      'line 9: natsTls=false: but natsUrl (/etc/zoo.cfg line 8) asks for TLS; valid: true, or',
    ],
    [
      ['natsUrl=a', 'natsTls=no', 'natsTlsCa=/other'],
      'line 9: natsTls=no: but natsTlsCa (/etc/zoo.cfg line 10) asks for TLS',
    ],
    [['natsUrl=a', 'natsTlsCert=/other'], 'natsTlsCert=/other: natsTlsKey is missing; valid: a'],
    [['natsUrl=a', 'natsTlsKey=/other'], 'natsTlsKey=/other: natsTlsCert is missing'],
    [['natsUrl=a', 'natsTlsCa=/nowhere'], 'natsTlsCa=/nowhere: cannot be read: ENOENT'],
    [['natsUrl=a', 'natsTlsCa=/other'], 'natsTlsCa=/other: the file holds no certificate; valid:'],
    [
      ['natsUrl=a', 'natsTlsCert=/other', 'natsTlsKey=/other'],
      'natsTlsKey=/other: the certificate and the key cannot be used: ERR_OSSL',
    ],
  ];
  for (const [lines, message] of cases) {
    test(lines.join(' '), () => {
      const found = messageOf(lines);

      expect(found).toContain(message);
      expect(found).toMatch(/^\/etc\/zoo\.cfg line \d+: /);
      expect(found).toContain('; valid: ');
      expect(found.toLowerCase()).not.toMatch(/hu.{0,3}sh|sua/);
    });
  }

  test('the text of a file where its path is wanted is not repeated', () => {
    const env = { NATS_URL: 'a', NATS_CREDS: creds };

    const found = messageOf([], { env });

    expect(found).toContain('environment NATS_CREDS: natsCreds=…: not the path of a file; valid:');
    expect(found).not.toContain('SUA');
  });
});

function hasOpenssl(): boolean {
  try {
    return execFileSync('openssl', ['version']).toString() >= 'OpenSSL 1';
  } catch {
    return false;
  }
}

describe.skipIf(!hasOpenssl())('certificates (skipped without openssl)', () => {
  test('are read as texts; a key that belongs to another one is refused', () => {
    const folder = temporaryFolder();
    const text = (name: string) => readFileSync(join(folder, name), 'utf8');
    for (const name of ['a', 'b']) {
      const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
      const out = ['-keyout', `${name}.key`, '-out', `${name}.crt`, '-subj', `/CN=${name}`];
      execFileSync('openssl', ['req', '-x509', ...key, ...out], { cwd: folder, stdio: 'ignore' });
    }
    const more = { files: { '/crt': text('a.crt'), '/key': text('a.key'), '/b': text('b.key') } };
    const lines = ['natsUrl=a', 'natsTlsCa=/crt', 'natsTlsCert=/crt'];

    const right = addressOf([...lines, 'natsTlsKey=/key'], more);
    const wrong = messageOf([...lines, 'natsTlsKey=/b'], more);

    const cert = text('a.crt');
    expect(right?.tls).toEqual({ ca: cert, cert, key: text('a.key') });
    expect(wrong).toContain('natsTlsKey=/b: the certificate and the key cannot be used: ERR_OSSL');
    const env = { NATS_CA: '/crt', NATS_CERT: '/crt', NATS_KEY: '/key' };
    expect(addressOf(['natsUrl=a'], { ...more, env })).toEqual({ ...right, servers: 'a' });
  });
});
