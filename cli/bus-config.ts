/**
 * The part of the configuration that says how to reach an existing bus: its addresses, one login,
 * TLS, and a user of its system account. What contradicts itself or cannot be read is refused here,
 * before anything is dialled. No message may carry a password, a token or a key; the settings keep
 * the addresses without the logins that were written into them.
 */

import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import type { NatsAuth } from '../actors/nats-bus.ts';
import type { NatsLogin, NatsTls, NatsUser, Settings } from '../actors/settings.ts';
import type { Assignment, ConfigError } from './config-error.ts';
import { settingFault } from './config-error.ts';
import type { BusAddress } from './links.ts';
import type { SettingValues } from './setting-values.ts';
import type { Environment } from './zoo-env.ts';

/** The names that the `nats` tool knows, and in their manner the rest. */
const variables: readonly (readonly [string, string])[] = [
  ['NATS_USER', 'natsUser'],
  ['NATS_PASSWORD', 'natsPassword'],
  ['NATS_TOKEN', 'natsToken'],
  ['NATS_NKEY', 'natsNkey'],
  ['NATS_CREDS', 'natsCreds'],
  ['NATS_TLS', 'natsTls'],
  ['NATS_CA', 'natsTlsCa'],
  ['NATS_CERT', 'natsTlsCert'],
  ['NATS_KEY', 'natsTlsKey'],
  ['NATS_SYSTEM_USER', 'natsSystemUser'],
  ['NATS_SYSTEM_PASSWORD', 'natsSystemPassword'],
];
const ways =
  'natsUrl with user:password@, natsUser with natsPassword, natsToken, natsNkey, natsCreds';

export interface BusContext {
  readonly readFile: (path: string) => string;
  readonly isDistributed: boolean;
  readonly warn: (warning: string) => void;
}

export type BusSettings = Pick<Settings, 'natsUrl' | 'natsLogin' | 'natsTls' | 'natsSystemUser'>;

/** What the environment says of the bus, but for NATS_URL. */
export function busEnvironment(env: Environment): Assignment[] {
  return variables.flatMap(([name, key]) => {
    const value = env[name]?.trim() ?? '';
    return value === '' ? [] : [{ key, value, origin: `environment ${name}` }];
  });
}

export function readBus(values: SettingValues, context: BusContext): BusSettings {
  const url = values.find('natsUrl');
  const found = variables.flatMap(([, key]) => values.find(key) ?? []);
  if (url === null || !context.isDistributed) {
    // A replica that is alone is not asked to explain what its shell holds for other programs.
    if (context.isDistributed) warnUseless(found, context);
    const natsUrl = url === null ? null : shownUrl(url.value);
    return { natsUrl, natsLogin: null, natsTls: null, natsSystemUser: null };
  }
  const addresses = readAddresses(url);
  return {
    natsUrl: addresses.map(({ server }) => server).join(','),
    natsLogin: readLogin(values, url, addresses, context),
    natsTls: readTls(values, url, addresses, context),
    natsSystemUser: readUser(values, 'natsSystemUser', 'natsSystemPassword'),
  };
}

/** Where an existing bus is, for its connections; null if the settings name none. */
export function busAddressOf(
  settings: Pick<Settings, 'natsUrl' | 'natsLogin' | 'natsTls' | 'natsSystemUser'>,
): BusAddress | null {
  const { natsUrl, natsLogin, natsTls, natsSystemUser } = settings;
  if (natsUrl === null) return null;
  return {
    servers: natsUrl,
    ...(natsLogin === null ? {} : { auth: authOf(natsLogin) }),
    ...(natsTls === null ? {} : { tls: natsTls }),
    ...(natsSystemUser === null ? {} : { system: natsSystemUser }),
  };
}

function authOf(login: NatsLogin): NatsAuth {
  return 'creds' in login ? { creds: Buffer.from(login.creds) } : login;
}

function warnUseless(found: readonly Assignment[], { warn }: BusContext): void {
  if (found.length === 0) return;
  const keys = found.map(({ key, origin }) => `${key} (${origin})`).join(', ');
  warn(`${keys}: without natsUrl this ensemble brings its own bus, and logs in by itself`);
}

// The addresses.

interface Address {
  /** Without its login. */
  readonly server: string;
  readonly isTls: boolean;
  readonly login: NatsLogin | null;
}

const addressForm =
  /^(?:(nats|tls):\/\/)?(?:([^@/\s]+)@)?((?:\[[0-9a-f:.]+\]|[^@/:\s[\]]+)(?::(\d{1,5}))?)\/?$/i;
const validUrl =
  'nats://host:4222 or tls://host:4222, several with commas between; ' +
  'before the host user:password@, in which @ / , : % are written %40 %2F %2C %3A %25';

function readAddresses(url: Assignment): Address[] {
  const texts = url.value.split(',').map((text) => text.trim());
  const addresses = texts.filter((text) => text !== '').map((text) => readAddress(text, url));
  if (addresses.length === 0) throw secretFault(url, 'no address', validUrl);
  const logins = new Set(addresses.map(({ login }) => JSON.stringify(login)));
  logins.delete('null');
  if (logins.size > 1) {
    const valid = 'one login, which counts for all addresses';
    throw secretFault(url, 'two addresses have different logins', valid);
  }
  return addresses;
}

function readAddress(text: string, url: Assignment): Address {
  const [, scheme = '', before, host = '', port] = addressForm.exec(text) ?? [];
  const isPort = port === undefined || (Number(port) >= 1 && Number(port) <= 65535);
  const login = before === undefined ? null : loginIn(before);
  if (host === '' || !isPort || login === 'unreadable') {
    throw secretFault(url, 'not the address of a NATS server', validUrl);
  }
  const lower = scheme.toLowerCase();
  const server = lower === '' ? host : `${lower}://${host}`;
  return { server, isTls: lower === 'tls', login };
}

/** As NATS has it, a login without a colon is a token. */
function loginIn(text: string): NatsLogin | 'unreadable' {
  try {
    const [user = '', pass, ...more] = text.split(':').map(decodeURIComponent);
    if (more.length > 0 || user === '') return 'unreadable';
    return pass === undefined ? { token: user } : { user, pass };
  } catch {
    return 'unreadable';
  }
}

// The login.

function readLogin(
  values: SettingValues,
  url: Assignment,
  addresses: readonly Address[],
  context: BusContext,
): NatsLogin | null {
  const inUrl = addresses.find(({ login }) => login !== null)?.login ?? null;
  const user = values.find('natsUser') ?? values.find('natsPassword');
  const token = values.find('natsToken');
  const nkey = values.find('natsNkey');
  const creds = values.find('natsCreds');
  const [first, second] = [inUrl === null ? null : url, user, token, nkey, creds].filter(
    (way) => way !== null,
  );
  if (first !== undefined && second !== undefined) {
    const problem = `${first.key} (${first.origin}) logs in already, in another way`;
    throw secretFault(second, problem, `one of: ${ways}`);
  }
  if (user !== null) return readUser(values, 'natsUser', 'natsPassword');
  if (token !== null) return { token: token.value };
  if (nkey !== null) return readNkey(nkey, context);
  if (creds !== null) return readCreds(creds, context);
  return inUrl;
}

function readUser(values: SettingValues, userKey: string, passKey: string): NatsUser | null {
  const [user, pass] = [values.find(userKey), values.find(passKey)];
  if (user !== null && pass !== null) return { user: user.value, pass: pass.value };
  const alone = user ?? pass;
  if (alone === null) return null;
  const missing = user === null ? userKey : passKey;
  throw secretFault(alone, `${missing} is missing`, `${userKey} and ${passKey} together`);
}

function readNkey(nkey: Assignment, context: BusContext): NatsLogin {
  const valid = "a file with the seed of a user's nkey, SU… (nk -gen user)";
  const seed = readText(nkey, context, valid)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '' && !line.startsWith('#') && !line.startsWith('-'));
  // What stands there instead may be a secret, too.
  if (seed === undefined || !/^SU[A-Z2-7]{56}$/.test(seed)) {
    throw settingFault(nkey, 'the file holds no such seed', valid);
  }
  return { nkeySeed: seed };
}

function readCreds(creds: Assignment, context: BusContext): NatsLogin {
  const valid = 'a credentials file with the JWT and the seed of a user (nsc generate creds)';
  const text = readText(creds, context, valid);
  if (!/BEGIN NATS USER JWT/.test(text) || !/BEGIN USER NKEY SEED/.test(text)) {
    throw settingFault(creds, 'the file holds no credentials', valid);
  }
  return { creds: text };
}

// TLS.

function readTls(
  values: SettingValues,
  url: Assignment,
  addresses: readonly Address[],
  context: BusContext,
): NatsTls | null {
  const isWanted = values.boolean('natsTls', false);
  const [ca, cert, key] = ['natsTlsCa', 'natsTlsCert', 'natsTlsKey'].map((name) =>
    values.find(name),
  ) as [Assignment | null, Assignment | null, Assignment | null];
  refuseTls(values.find('natsTls'), isWanted, [ca, cert, key], url, addresses);
  if ((cert === null) !== (key === null)) {
    const missing = cert === null ? 'natsTlsCert' : 'natsTlsKey';
    throw settingFault((cert ?? key)!, `${missing} is missing`, 'a certificate and its key');
  }
  const tls = {
    ...(ca === null ? {} : { ca: readCa(ca, context) }),
    ...(cert === null || key === null ? {} : readPair(cert, key, context)),
  };
  return isWanted || Object.keys(tls).length > 0 ? tls : null;
}

/** `natsTls=false` beside anything that asks for TLS: which of the two was meant is not guessed. */
function refuseTls(
  asked: Assignment | null,
  isWanted: boolean,
  files: readonly (Assignment | null)[],
  url: Assignment,
  addresses: readonly Address[],
): void {
  if (asked === null || isWanted) return;
  const isInUrl = addresses.some(({ isTls }) => isTls);
  const other = files.find((file) => file !== null) ?? (isInUrl ? url : null);
  if (other === null) return;
  const problem = `but ${other.key} (${other.origin}) asks for TLS`;
  throw settingFault(asked, problem, 'true, or nothing else that asks for TLS');
}

function readCa(ca: Assignment, context: BusContext): string {
  const valid = 'a file of PEM certificates';
  const text = readText(ca, context, valid);
  try {
    new X509Certificate(text);
  } catch {
    throw settingFault(ca, 'the file holds no certificate', valid);
  }
  return text;
}

function readPair(cert: Assignment, key: Assignment, context: BusContext) {
  const texts = {
    cert: readText(cert, context, 'a file with our certificate, PEM'),
    key: readText(key, context, 'a file with its private key, PEM'),
  };
  try {
    createSecureContext(texts);
  } catch (failure) {
    const reason = (failure as NodeJS.ErrnoException).code ?? (failure as Error).message;
    const valid = `PEM: natsTlsCert (${cert.origin}) and its key, without a passphrase`;
    throw settingFault(key, `the certificate and the key cannot be used: ${reason}`, valid);
  }
  return texts;
}

function readText(file: Assignment, { readFile }: BusContext, valid: string): string {
  if (isNoPath.test(file.value)) throw secretFault(file, 'not the path of a file', valid);
  try {
    return readFile(file.value);
  } catch (failure) {
    const problem = failure instanceof Error ? failure.message : String(failure);
    throw settingFault(file, `cannot be read: ${problem}`, valid);
  }
}

// What must not be repeated.

/** A seed, or the text of a file, where its path is wanted. */
const isNoPath = /^S[A-Z2-7]{50,}$|-----|\n/;
const pathKeys: ReadonlySet<string> = new Set(['natsNkey', 'natsCreds']);

/** As settingFault; what may be a secret is left out. */
function secretFault(setting: Assignment, problem: string, valid: string): ConfigError {
  const { key, value } = setting;
  const isShown = pathKeys.has(key) && !isNoPath.test(value);
  const shown = key === 'natsUrl' ? shownUrl(value) : isShown ? value : '…';
  return settingFault({ ...setting, value: shown }, problem, valid);
}

/** Whatever stands before the last @ may belong to a password, also to one that is mistyped. */
function shownUrl(url: string): string {
  return url.replace(/^(\w+:\/\/)?.*@/s, '$1…@');
}
