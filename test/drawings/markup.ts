/**
 * Reads what was drawn, as strictly as the readers of it do: an SVG as XML, a page's diagram as
 * Mermaid. Each names what is wrong; nothing wrong is an empty list.
 */

export interface XmlElement {
  readonly name: string;
  readonly attributes: { readonly [name: string]: string };
}

export interface Xml {
  readonly elements: readonly XmlElement[];
  readonly text: string;
  readonly faults: readonly string[];
}

const tagPattern = /<(\/?)([A-Za-z][\w-]*)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/y;
const textPattern = /[^<]+/y;
const instructionPattern = /<\?[^>]*\?>/y;
const strayAmpersand = /&(?!#\d+;)/;

/** Tags, attributes and text; comments and sections are none of ours. */
export function readXml(source: string): Xml {
  const elements: XmlElement[] = [];
  const open: string[] = [];
  const faults: string[] = [];
  let text = '';
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(source);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  while (at < source.length) {
    const words = take(textPattern)?.[0];
    if (words !== undefined) {
      if (strayAmpersand.test(words)) faults.push(`'&' in ${words}`);
      text += unescaped(words);
    } else if (take(instructionPattern) === null) {
      const tag = take(tagPattern);
      if (tag === null) return { elements, text, faults: [...faults, source.slice(at, at + 60)] };
      const [, isEnd, name = '', attributes = '', isEmpty] = tag;
      if (isEnd === '/') {
        if (open.pop() !== name) faults.push(`</${name}> closes nothing`);
      } else {
        elements.push({ name, attributes: attributesOf(attributes, faults) });
        if (isEmpty !== '/') open.push(name);
      }
    }
  }
  return { elements, text, faults: [...faults, ...open.map((name) => `<${name}> is open`)] };
}

function attributesOf(source: string, faults: string[]): XmlElement['attributes'] {
  const found: { [name: string]: string } = {};
  for (const [, name = '', value = ''] of source.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    if (name in found) faults.push(`${name} twice`);
    if (strayAmpersand.test(value)) faults.push(`'&' in ${value}`);
    found[name] = unescaped(value);
  }
  return found;
}

const unescaped = (text: string): string =>
  text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));

/** A label: plain words, numbered characters, and breaks between lines. */
const label = String.raw`(?:[\w .,/[\]*-]|#\d+;|<br/>)*`;
const id = '[A-Za-z]\\w*';
const declaration = new RegExp(`^state "(${label})" as (${id})( \\{)?$`);
const description = new RegExp(`^(${id}) : ${label}$`);
const arrow = new RegExp(`^(\\[\\*\\]|${id}) --> (\\[\\*\\]|${id})(?: : ${label})?$`);

/** The part of Mermaid's state diagrams that we write, and what it asks for. */
export function mermaidFaults(source: string): string[] {
  const faults: string[] = [];
  const known = new Map<string, number>();
  let depth = 0;
  const [first, ...lines] = source.trimEnd().split('\n');
  if (first !== 'stateDiagram-v2') faults.push(`begins with ${first}`);
  const mustKnow = (name: string, line: string): unknown =>
    name === '[*]' || known.has(name) || faults.push(`${name} is not declared before: ${line}`);
  for (const line of lines.map((text) => text.trim())) {
    const declared = declaration.exec(line);
    const described = description.exec(line);
    const ends = arrow.exec(line);
    if (declared !== null) {
      const [, , name = '', brace] = declared;
      if (known.has(name)) faults.push(`${name} is declared twice`);
      known.set(name, depth);
      if (brace !== undefined) depth++;
    } else if (described !== null) mustKnow(described[1]!, line);
    else if (ends !== null) for (const end of ends.slice(1, 3)) mustKnow(end!, line);
    else if (line === '}') depth--;
    else faults.push(`not Mermaid: ${line}`);
    if (depth < 0) faults.push('closes more than it opens');
  }
  if (depth > 0) faults.push(`${depth} states are left open`);
  return faults;
}

/** The text of the diagram in a page. */
export function diagramOf(page: string): string {
  return /^```mermaid\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
}
