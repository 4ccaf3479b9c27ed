/**
 * The part of the configuration that is about the console: where it listens, under which names, and
 * the token that lets somebody write. A token that is guessed easily, or that could not be sent, is
 * refused. No message carries a token.
 */

import type { ConsoleSettings } from '../actors/settings.ts';
import { defaultSettings } from '../actors/settings.ts';
import type { Assignment } from './config-error.ts';
import { settingFault } from './config-error.ts';
import type { SettingValues } from './setting-values.ts';

export interface ConsoleContext {
  readonly readFile: (path: string) => string;
}

const none = defaultSettings.console;
const tokenLengthMin = 16;
const tokenLengthMax = 512;
const validToken = `${tokenLengthMin} to ${tokenLengthMax} characters of ASCII without blanks`;
const validDate = 'a date such as 2030-01-31, or a time such as 2030-01-31T18:00:00Z';
/** As ISO 8601 has it, with a zone wherever there is a time. */
const isoDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
const hostForm = /^[a-z0-9]([a-z0-9.-]{0,252}[a-z0-9])?$|^[0-9a-f:.]+$/i;

export function readConsole(values: SettingValues, context: ConsoleContext): ConsoleSettings {
  const token = readToken(values, context);
  return {
    port: values.port('console.port'),
    address: readAddress(values),
    token,
    tokenExpiresMs: readExpiry(values, token !== null),
    allowedHosts: readHosts(values),
  };
}

function readAddress(values: SettingValues): string {
  const found = values.find('console.address');
  if (found === null) return none.address;
  const address = found.value.replace(/^\[(.*)\]$/, '$1');
  if (hostForm.test(address)) return address;
  throw settingFault(found, 'not an address', 'an address or a host name of this machine');
}

function readToken(values: SettingValues, context: ConsoleContext): string | null {
  const [token, file] = [values.find('console.token'), values.find('console.tokenFile')];
  if (token !== null && file !== null) {
    throw tokenFault(token, `console.tokenFile (${file.origin}) has one too`, 'one of the two');
  }
  if (token !== null) return checked(token.value, token);
  return file === null ? null : checked(readTokenFile(file, context), file);
}

function readTokenFile(file: Assignment, { readFile }: ConsoleContext): string {
  try {
    return readFile(file.value).trim();
  } catch (failure) {
    const problem = failure instanceof Error ? failure.message : String(failure);
    throw settingFault(file, `cannot be read: ${problem}`, 'a file that holds the token');
  }
}

function checked(token: string, setting: Assignment): string {
  const isGood = /^[\x21-\x7e]+$/.test(token);
  if (isGood && token.length >= tokenLengthMin && token.length <= tokenLengthMax) return token;
  throw tokenFault(setting, 'not a token', validToken);
}

/** As settingFault, without the token itself; the path of its file may be shown. */
function tokenFault(setting: Assignment, problem: string, valid: string) {
  const value = setting.key === 'console.tokenFile' ? setting.value : '…';
  return settingFault({ ...setting, value }, problem, valid);
}

function readExpiry(values: SettingValues, hasToken: boolean): number | null {
  const found = values.find('console.tokenExpires');
  if (found === null) return null;
  if (!hasToken) {
    throw settingFault(found, 'there is no token', 'console.token or console.tokenFile beside it');
  }
  const timeMs = isoDate.test(found.value) ? Date.parse(found.value) : Number.NaN;
  if (Number.isNaN(timeMs)) throw settingFault(found, 'not a date', validDate);
  return timeMs;
}

function readHosts(values: SettingValues): readonly string[] {
  const hosts = values.list('console.allowedHosts') ?? [];
  const stranger = hosts.find((host) => !hostForm.test(host));
  if (stranger === undefined) return hosts;
  const found = values.find('console.allowedHosts')!;
  throw settingFault(found, `"${stranger}" is no host name`, 'names without port, by commas');
}
