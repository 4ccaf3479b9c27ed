/**
 * The server's side of SASL DIGEST-MD5 (RFC 2831, qop=auth, md5-sess), with the choices and the
 * order of fields of Java's SaslServer, which is what ZooKeeper's clients were made against. One
 * object per connection; two steps: an empty token is answered by the challenge, the client's
 * response by `rspauth=…`. After a failure the object is of no further use.
 *
 * Weak by today's measure (MD5, clear passwords on the server); here because clients use it.
 */

import { createHash, timingSafeEqual } from 'node:crypto';

export interface DigestServerOptions {
  /** Name to password in clear. */
  readonly users: ReadonlyMap<string, string>;
  readonly realm: string;
  readonly protocol: string;
  readonly serverName: string;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Takes the place of a random nonce where an exchange must be repeated exactly. */
  readonly nonce?: string;
}

export interface SaslStep {
  readonly token: Buffer | null;
  readonly done: boolean;
  /** Who has logged in; present exactly when `done`. */
  readonly user?: string;
}

/** The login failed by what the client sent; the message is for our log, never for the client. */
export class SaslFailure extends Error {
  override readonly name = 'SaslFailure';
}

const nonceBytes = 30;
/** Java's limit as well. A longer response cannot come from an honest client. */
const responseBytesMax = 4096;
/** One login per nonce: a response can never be used twice. */
const nonceCount = '00000001';

export class DigestServer {
  readonly #options: DigestServerOptions;
  readonly #nonce: string;
  #state: 'start' | 'challenged' | 'done' | 'failed' = 'start';

  constructor(options: DigestServerOptions) {
    const { nonce, randomBytes: random } = options;
    this.#options = options;
    this.#nonce = nonce ?? Buffer.from(random(nonceBytes)).toString('base64');
  }

  /** Takes the client's next token and gives ours; throws SaslFailure. */
  step(token: Buffer): SaslStep {
    const state = this.#state;
    this.#state = 'failed';
    if (state === 'start') {
      if (token.length !== 0) throw new SaslFailure('the first token must be empty');
      this.#state = 'challenged';
      return { token: this.#challenge(), done: false };
    }
    if (state !== 'challenged') throw new SaslFailure(`no token is expected: login is ${state}`);
    const step = this.#verify(token);
    this.#state = 'done';
    return step;
  }

  /** No qop: its absence means `auth` alone, and Java leaves it out then. */
  #challenge(): Buffer {
    const realm = this.#options.realm.replace(/["\\]/g, '\\$&');
    return Buffer.from(`realm="${realm}",nonce="${this.#nonce}",charset=utf-8,algorithm=md5-sess`);
  }

  #verify(token: Buffer): SaslStep {
    if (token.length > responseBytesMax) throw new SaslFailure('the response is too long');
    const fields = parseDirectives(token.toString('latin1'));
    const { realm, protocol, serverName, users } = this.#options;
    const user = utf8(required(fields, 'username'));
    const cnonce = required(fields, 'cnonce');
    const response = required(fields, 'response');
    const uri = utf8(required(fields, 'digest-uri'));
    const charset = fields.get('charset');
    if (charset !== undefined && charset !== 'utf-8') throw new SaslFailure('charset is not utf-8');
    if (utf8(fields.get('realm') ?? '') !== realm) throw new SaslFailure('the realm is another');
    if (required(fields, 'nonce') !== this.#nonce) throw new SaslFailure('the nonce is another');
    if (Number.parseInt(fields.get('nc') ?? '1', 16) !== 1) {
      throw new SaslFailure('the nonce count is not 1');
    }
    const qop = fields.get('qop') ?? 'auth';
    if (qop !== 'auth') throw new SaslFailure('only qop=auth is offered');
    if (uri.toLowerCase() !== `${protocol}/${serverName}`.toLowerCase()) {
      throw new SaslFailure('the digest-uri names another service');
    }
    const password = users.get(user);
    const authzid = fields.get('authzid');
    const identity = { user, realm, password: password ?? '', nonce: this.#nonce, cnonce };
    const sessionKey = digestSessionKey(
      authzid === undefined ? identity : { ...identity, authzid },
    );
    const expected = digestResponse(sessionKey, 'AUTHENTICATE', uri, this.#nonce, cnonce);
    const isEqual = equalTexts(response, expected);
    if (password === undefined || !isEqual) throw new SaslFailure('unknown user or wrong password');
    const answer = digestResponse(sessionKey, '', uri, this.#nonce, cnonce);
    return { token: Buffer.from(`rspauth=${answer}`), done: true, user };
  }
}

export interface DigestIdentity {
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  /** This and the two below as latin1 text of the raw bytes. */
  readonly nonce: string;
  readonly cnonce: string;
  readonly authzid?: string;
}

/** HEX(H(A1)) of RFC 2831 section 2.1.2.1. */
export function digestSessionKey(identity: DigestIdentity): string {
  const { user, realm, password, nonce, cnonce, authzid } = identity;
  const secret = createHash('md5')
    .update(hashedText(user))
    .update(':')
    .update(hashedText(realm))
    .update(':')
    .update(hashedText(password))
    .digest();
  const tail = `:${nonce}:${cnonce}${authzid === undefined ? '' : `:${authzid}`}`;
  return createHash('md5').update(secret).update(tail, 'latin1').digest('hex');
}

/** The response value; `method` is AUTHENTICATE for the client's and empty for the server's. */
export function digestResponse(
  sessionKey: string,
  method: 'AUTHENTICATE' | '',
  uri: string,
  nonce: string,
  cnonce: string,
): string {
  const target = createHash('md5').update(`${method}:${uri}`).digest('hex');
  const text = `${sessionKey}:${nonce}:${nonceCount}:${cnonce}:auth:${target}`;
  return createHash('md5').update(text, 'latin1').digest('hex');
}

/** RFC 2831: a text that fits into ISO 8859-1 is hashed in it, any other one in UTF-8. */
function hashedText(text: string): Buffer {
  return Buffer.from(text, /^[\0-\xff]*$/.test(text) ? 'latin1' : 'utf8');
}

function equalTexts(a: string, b: string): boolean {
  return a.length === b.length && timingSafeEqual(Buffer.from(a, 'latin1'), Buffer.from(b));
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

function required(fields: ReadonlyMap<string, string>, key: string): string {
  const value = fields.get(key);
  if (value === undefined) throw new SaslFailure(`the response has no ${key}`);
  return value;
}

const directive = /[\s,]*([^\s,="]+)\s*=\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^\s,"]+))(?=[\s,]|$)/y;

/** `key=value,key="value"` by lower-case key; known keys may come once. */
function parseDirectives(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  const body = text.replace(/[\s,]+$/, '');
  directive.lastIndex = 0;
  while (directive.lastIndex < body.length) {
    const match = directive.exec(body);
    if (match === null) throw new SaslFailure('the response is malformed');
    const key = match[1]!.toLowerCase();
    if (fields.has(key)) throw new SaslFailure(`the response has ${key} twice`);
    fields.set(key, match[2]?.replace(/\\([\s\S])/g, '$1') ?? match[3]!);
  }
  return fields;
}
