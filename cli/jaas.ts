/**
 * The text of a JAAS login configuration as sections and login modules:
 * `Name { module.Class required option="value" …; … };`. Only what ZooKeeper's server uses of the
 * format: no `${property}` expansion, no checking of module names. Pure. Passwords stand in this
 * file: no error message may carry an option's value.
 */

export interface LoginModule {
  readonly className: string;
  readonly options: ReadonlyMap<string, string>;
  readonly line: number;
}

export interface LoginSection {
  readonly name: string;
  readonly modules: readonly LoginModule[];
}

export class JaasError extends Error {
  override readonly name = 'JaasError';
  readonly line: number;

  constructor(line: number, problem: string) {
    super(problem);
    this.line = line;
  }
}

interface Token {
  readonly kind: 'word' | 'string' | 'mark';
  readonly text: string;
  readonly line: number;
}

const flags: ReadonlySet<string> = new Set(['required', 'requisite', 'sufficient', 'optional']);
const userPrefix = 'user_';

/** The sections of the text in their order; none for an empty one. */
export function parseJaas(text: string): LoginSection[] {
  const tokens = new TokenReader(tokenize(text));
  const sections: LoginSection[] = [];
  while (!tokens.isAtEnd()) {
    const { text: name, line } = tokens.takeName('the name of a section');
    if (sections.some((section) => section.name === name)) {
      throw new JaasError(line, `section ${name} stands there twice`);
    }
    tokens.takeMark('{');
    const modules: LoginModule[] = [];
    while (!tokens.isMark('}')) modules.push(readModule(tokens));
    tokens.takeMark('}');
    tokens.takeMark(';');
    sections.push({ name, modules });
  }
  return sections;
}

export function isDigestModule(module: LoginModule): boolean {
  return module.className.endsWith('DigestLoginModule');
}

export function isKerberosModule(module: LoginModule): boolean {
  return module.className.endsWith('Krb5LoginModule');
}

/** Users and passwords of the digest modules of a section: options `user_<name>="<password>"`. */
export function digestUsers(section: LoginSection): Map<string, string> {
  const users = new Map<string, string>();
  for (const module of section.modules.filter(isDigestModule)) {
    for (const [option, value] of module.options) {
      if (option.startsWith(userPrefix)) users.set(option.slice(userPrefix.length), value);
    }
  }
  return users;
}

function readModule(tokens: TokenReader): LoginModule {
  const { text: className, line } = tokens.takeName('a login module or }');
  const flag = tokens.takeName('required, requisite, sufficient or optional');
  if (!flags.has(flag.text.toLowerCase())) {
    throw new JaasError(
      flag.line,
      `"${flag.text}" is none of required, requisite, sufficient, optional`,
    );
  }
  const options = new Map<string, string>();
  while (!tokens.isMark(';')) {
    const option = tokens.takeName('an option or ;').text;
    tokens.takeMark('=');
    const value = tokens.takeName(`the value of ${option}`);
    if (value.text.includes('${')) {
      throw new JaasError(value.line, `the value of ${option} has a property, which none expands`);
    }
    options.set(option, value.text);
  }
  tokens.takeMark(';');
  return { className, options, line };
}

class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  isMark(text: string): boolean {
    const token = this.#tokens[this.#at];
    return token?.kind === 'mark' && token.text === text;
  }

  /** A word or a quoted string. */
  takeName(wanted: string): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === 'mark') throw this.#fault(wanted);
    this.#at += 1;
    return token;
  }

  takeMark(text: string): void {
    if (!this.isMark(text)) throw this.#fault(text);
    this.#at += 1;
  }

  #fault(wanted: string): JaasError {
    const token = this.#tokens[this.#at];
    const line = token?.line ?? this.#tokens.at(-1)?.line ?? 1;
    // What was found is not shown: it may be a password out of place.
    return new JaasError(line, `expected ${wanted}${token === undefined ? ' before the end' : ''}`);
  }
}

/** Blank or comment, quoted text, mark, word. A `#` or `'` starts nothing, in Java neither. */
const tokenPattern =
  /(\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)|"((?:[^"\\\n]|\\.)*)"|([{};=])|((?:(?!\/[/*])[^\s{};="'#])+)/y;
const controls: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', b: '\b' };

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  tokenPattern.lastIndex = 0;
  while (tokenPattern.lastIndex < text.length) {
    const match = tokenPattern.exec(text);
    if (match === null)
      throw new JaasError(line, 'a stray character, or a quote or comment without end');
    const [whole, blank, quoted, mark, word] = match;
    if (quoted !== undefined) tokens.push({ kind: 'string', text: unescapeText(quoted), line });
    else if (mark !== undefined) tokens.push({ kind: 'mark', text: mark, line });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, line });
    if (blank !== undefined) line += whole.split('\n').length - 1;
  }
  return tokens;
}

function unescapeText(text: string): string {
  return text.replace(/\\(.)/g, (_match, escaped: string) => controls[escaped] ?? escaped);
}
