/**
 * The part of the configuration that says who may do what: superusers, SASL users from the JAAS
 * file, required logins, authentication providers. Where it cannot give a protection that the file
 * asks for, it refuses to start or warns; it never puts a weaker one in its place silently.
 * No message may carry a password.
 */

import { digestAlgorithmName } from '../actors/acl-schemes.ts';
import type { Settings } from '../actors/settings.ts';
import { defaultSettings } from '../actors/settings.ts';
import { ConfigError, settingFault } from './config-error.ts';
import type { LoginSection } from './jaas.ts';
import { digestUsers, isDigestModule, isKerberosModule, JaasError, parseJaas } from './jaas.ts';
import { unknownProviderGroup } from './setting-keys.ts';
import type { SettingValues } from './setting-values.ts';

export interface SecurityContext {
  readonly readFile: (path: string) => string;
  readonly exists: (path: string) => boolean;
  readonly warn: (warning: string) => void;
}

export type SecuritySettings = Pick<
  Settings,
  | 'skipAcl'
  | 'superDigest'
  | 'digestAlgorithm'
  | 'digestSchemeEnabled'
  | 'saslUsers'
  | 'superUser'
  | 'letAnySaslUserDoX'
  | 'requireClientSasl'
  | 'enforceAuthSchemes'
  | 'allowSaslFailedClients'
  | 'ensembleAuthNames'
>;

const knownProviders = /\.(SASL|Digest|IP|Ensemble)AuthenticationProvider$/;
/** Schemes that a connection can get an identity of. */
const identitySchemes: ReadonlySet<string> = new Set(['digest', 'ip', 'sasl']);

export function readSecurity(values: SettingValues, context: SecurityContext): SecuritySettings {
  warnProviders(values, context);
  const saslUsers = readSaslUsers(values, context);
  return {
    // In ZooKeeper only `yes` turns ACLs off, so that `true` must not do it here.
    skipAcl: values.choice('skipACL', { yes: true, no: false, false: false }, false),
    superDigest: values.text('DigestAuthenticationProvider.superDigest'),
    digestAlgorithm: readDigestAlgorithm(values),
    digestSchemeEnabled: values.boolean('DigestAuthenticationProvider.enabled', true),
    saslUsers,
    superUser: values.text('superUser'),
    letAnySaslUserDoX: values.text('letAnySaslUserDoX'),
    requireClientSasl: readRequireSasl(values, saslUsers !== null),
    enforceAuthSchemes: readEnforcedSchemes(values, saslUsers !== null),
    allowSaslFailedClients: values.boolean('allowSaslFailedClients', false),
    ensembleAuthNames: values.list('ensembleAuthName'),
  };
}

function warnProviders(values: SettingValues, { warn }: SecurityContext): void {
  for (const { key, value, origin } of values.startingWith('authProvider.')) {
    if (knownProviders.test(value)) continue;
    warn(`NOT PROTECTED: ${key}=${value} (${origin}): ${unknownProviderGroup.reason}`);
  }
}

function readDigestAlgorithm(values: SettingValues): string {
  const found = values.find('DigestAuthenticationProvider.digestAlg');
  if (found === null) return defaultSettings.digestAlgorithm;
  const name = digestAlgorithmName(found.value);
  if (name === null)
    throw settingFault(found, 'no such hash', 'SHA1, SHA-256, SHA-512, SHA3-256 …');
  return name;
}

function readRequireSasl(values: SettingValues, hasSasl: boolean): boolean {
  const isRequired = values.boolean('sessionRequireClientSASLAuth', false);
  const found = values.find('sessionRequireClientSASLAuth');
  if (isRequired && !hasSasl && found !== null) {
    throw settingFault(found, 'SASL is not configured, so no client could do anything', validSasl);
  }
  return isRequired;
}

const validSasl = 'false, or java.security.auth.login.config with digest users in section Server';

function readEnforcedSchemes(values: SettingValues, hasSasl: boolean): string[] | null {
  const isEnforced = values.boolean('enforce.auth.enabled', false);
  const schemes = (values.list('enforce.auth.schemes') ?? []).map((name) => name.toLowerCase());
  if (!isEnforced) return null;
  const found = values.find('enforce.auth.schemes') ?? values.find('enforce.auth.enabled')!;
  if (schemes.length === 0) {
    throw settingFault(found, 'enforce.auth.schemes is empty', 'schemes such as sasl,digest');
  }
  const stranger = schemes.find((name) => !identitySchemes.has(name));
  if (stranger !== undefined) {
    const valid = `${[...identitySchemes].join(', ')}`;
    throw settingFault(found, `no client can have an identity of scheme "${stranger}"`, valid);
  }
  if (schemes.every((name) => name === 'sasl') && !hasSasl) {
    throw settingFault(found, 'SASL is not configured, so no client could do anything', validSasl);
  }
  return schemes;
}

/** Null where no SASL is configured: no file, an empty one, or none of ZooKeeper's section. */
function readSaslUsers(
  values: SettingValues,
  context: SecurityContext,
): ReadonlyMap<string, string> | null {
  const superPassword = values.text('SASLAuthenticationProvider.superPassword');
  const named = values.find('sasl.serverconfig');
  const found = values.find('java.security.auth.login.config');
  if (found === null) return null;
  const path = found.value.replace(/^=/, '').replace(/^file:(\/\/(?=\/))?/, '');
  if (!context.exists(path)) {
    context.warn(`${found.origin}: ${found.key}=${found.value}: no such file: SASL is off`);
    return null;
  }
  const sections = readSections(path, context);
  const name = named?.value ?? 'Server';
  const section = sections.find((candidate) => candidate.name === name);
  if (section === undefined) {
    if (named !== null) {
      const names = sections.map((candidate) => candidate.name).join(', ');
      const valid = names === '' ? 'a file with that section' : `one of its names: ${names}`;
      throw settingFault(named, `${path} has no such section`, valid);
    }
    if (sections.length > 0) context.warn(`${path}: there is no section ${name}: SASL is off`);
    return null;
  }
  return usersOf(section, path, superPassword, context);
}

function readSections(path: string, { readFile }: SecurityContext): LoginSection[] {
  try {
    return parseJaas(readFile(path));
  } catch (error) {
    if (error instanceof JaasError) {
      const valid = 'Server { org.apache.zookeeper.server.auth.DigestLoginModule required … ; };';
      throw new ConfigError(`${path} line ${error.line}: ${error.message}; valid: ${valid}`);
    }
    const problem = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`${path}: cannot be read: ${problem}; valid: a readable file`);
  }
}

function usersOf(
  section: LoginSection,
  path: string,
  superPassword: string | null,
  { warn }: SecurityContext,
): ReadonlyMap<string, string> | null {
  for (const module of section.modules) {
    const { className, line } = module;
    if (isDigestModule(module)) continue;
    const what = isKerberosModule(module)
      ? 'Kerberos (GSSAPI) is not supported'
      : 'unknown login module, ignored';
    warn(`${path} line ${line}: ${className}: ${what}; valid: DigestLoginModule`);
  }
  if (!section.modules.some(isDigestModule)) return null;
  const users = digestUsers(section);
  // The property overrules a password of the file, it does not make the user.
  if (superPassword !== null && users.has('super')) users.set('super', superPassword);
  if (users.size === 0)
    warn(`${path}: section ${section.name} has no user_NAME: nobody can log in`);
  return users;
}
