/**
 * Authentication and ACL schemes (spec 3.10): which ids may stand in an ACL, which identity a
 * digest payload gives, and which identity an ACL entry is for. Pure functions; the evaluation of
 * a whole ACL, the fix-up of `auth` entries and a connection's list of identities are elsewhere.
 */

import { createHash, getHashes } from 'node:crypto';
import type { Id } from '../protocol/record.ts';
import { formatAddress, isMappedAddress, parseAddress, unmapAddress } from './ip-address.ts';

/** What passes every ACL. */
export const superIdentity: Id = { scheme: 'super', id: '' };

/** The id of an addauth with scheme digest: `user:base64(hash(user:password))`. */
export function digestId(payload: Uint8Array, algorithm = 'sha1'): string {
  const text = Buffer.from(payload).toString('utf8');
  const at = text.indexOf(':');
  const user = at < 0 ? text : text.slice(0, at);
  // The text is hashed, not the payload: they differ for bytes that are not UTF-8, as in Java.
  return `${user}:${createHash(algorithm).update(text, 'utf8').digest('base64')}`;
}

/** The name under which node:crypto has a Java digest (`SHA-256`, `SHA1`); null for none. */
export function digestAlgorithmName(name: string): string | null {
  const wanted = name.toLowerCase().replace(/^sha-(?=\d)/, 'sha');
  return getHashes().includes(wanted) ? wanted : null;
}

const validity: Readonly<Record<string, (id: string) => boolean>> = {
  world: (id) => id === 'anyone',
  auth: () => true,
  digest: isDigestAclId,
  ip: (id) => parsePrefix(id) !== null,
  x509: isDistinguishedName,
  // A Kerberos principal, or a name that has no @ at all.
  sasl: (id) => !id.includes('@') || /^[^/@]*(\/[^/@]*)?@[^/@]*$/.test(id),
};

/** May an ACL entry carry this? An unknown scheme has no valid ids, nor have super and ensemble. */
export function isValidAclId(scheme: string, id: string): boolean {
  return Object.hasOwn(validity, scheme) && validity[scheme]!(id);
}

export interface MatchOptions {
  /** An ACL id that stands for all SASL users (`zookeeper.letAnySaslUserDoX`). */
  readonly letAnySaslUserDoX?: string | null;
}

/** Is the ACL entry `aclScheme:aclId` for this identity? */
export function matches(
  aclScheme: string,
  aclId: string,
  identity: Id,
  options: MatchOptions = {},
): boolean {
  if (identity.scheme === 'super') return true;
  if (aclScheme === 'world') return aclId === 'anyone';
  if (aclScheme !== identity.scheme) return false;
  switch (aclScheme) {
    case 'ip':
      return ipMatches(aclId, identity.id);
    case 'sasl':
      // The SASL user `super` matches every sasl entry, as in ZooKeeper; no other scheme's.
      return (
        aclId === identity.id ||
        identity.id === 'super' ||
        (options.letAnySaslUserDoX !== undefined && aclId === options.letAnySaslUserDoX)
      );
    case 'digest':
    case 'x509':
      return aclId === identity.id;
    default:
      return false;
  }
}

/** The identity that a connection has by its address alone. */
export function addressIdentity(clientAddress: string): Id {
  const bytes = clientBytes(clientAddress);
  const id = bytes === null ? clientAddress : formatAddress(bytes);
  return { scheme: 'ip', id };
}

/** Does the address lie in `address` or `address/bits`? Mapped addresses count as IPv4. */
export function ipMatches(aclId: string, clientAddress: string): boolean {
  const prefix = parsePrefix(aclId);
  const address = clientBytes(clientAddress);
  if (prefix === null || address === null || prefix.bytes.length !== address.length) return false;
  const whole = prefix.bits >> 3;
  for (let at = 0; at < whole; at++) if (prefix.bytes[at] !== address[at]) return false;
  const rest = prefix.bits & 7;
  return rest === 0 || (prefix.bytes[whole]! ^ address[whole]!) >> (8 - rest) === 0;
}

/** Exactly one colon between user and hash; Java's split forgives empty parts at the end. */
function isDigestAclId(id: string): boolean {
  const parts = id.split(':');
  while (parts.at(-1) === '') parts.pop();
  return parts.length === 2;
}

const mappedBits = 96;
/** Longer texts are no address; they are refused unread. */
const addressLengthMax = 64;

function parsePrefix(aclId: string): { bytes: readonly number[]; bits: number } | null {
  if (aclId.length > addressLengthMax) return null;
  const at = aclId.indexOf('/');
  const bytes = parseAddress(at < 0 ? aclId : aclId.slice(0, at));
  if (bytes === null) return null;
  const bitsText = at < 0 ? String(bytes.length * 8) : aclId.slice(at + 1);
  const bits = /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : -1;
  if (bits < 0 || bits > bytes.length * 8) return null;
  if (!isMappedAddress(bytes) || bits < mappedBits) return { bytes, bits };
  return { bytes: unmapAddress(bytes), bits: bits - mappedBits };
}

/** The bytes of a socket's address, which may carry a zone: `fe80::1%eth0`. */
function clientBytes(text: string): readonly number[] | null {
  const bytes = parseAddress(text.replace(/%.*$/s, ''));
  return bytes === null ? null : unmapAddress(bytes);
}

const nameKey = String.raw`\s*(?:[A-Za-z][A-Za-z0-9-]*|(?:OID\.)?\d+(?:\.\d+)+)\s*`;
const nameValue = String.raw`(?:"(?:[^"\\]|\\.)*"|[^",;+\\]|\\.)*`;
const namePair = `${nameKey}=${nameValue}`;
const namePattern = new RegExp(`^(?:${namePair}(?:[,;+]${namePair})*)?$`, 's');
/** Longer names are refused unread, so that the pattern cannot be made to work without bound. */
const nameLengthMax = 4096;

/** Attribute=value pairs joined by commas, semicolons or plus signs, with escapes and quotes. */
function isDistinguishedName(id: string): boolean {
  return id.length <= nameLengthMax && namePattern.test(id);
}
