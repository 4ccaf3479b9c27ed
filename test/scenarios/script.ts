/**
 * The text of a scenario: comments, the shape of the ensemble, commands that begin with `> `, and
 * below each the lines of transcript that it made. Written anew with other lines, all else stays.
 */

export interface Command {
  readonly text: string;
  readonly line: number;
}

export interface Script {
  /** What the first line that says something begins with. */
  readonly kind: 'ensemble' | 'model';
  /** `ensemble voters 3`, without its first word. */
  readonly shape: string;
  /** Lines that stay as they are, and commands. */
  readonly items: readonly (string | Command)[];
}

const prompt = '> ';

export function parseScript(text: string): Script {
  const items: (string | Command)[] = [];
  let head: string | null = null;
  for (const [at, line] of text.split('\n').entries()) {
    if (line.startsWith(prompt)) items.push({ text: line.slice(prompt.length), line: at + 1 });
    else if (line === '' || line.startsWith('#')) items.push(line);
    else if (head === null) {
      head = line;
      items.push(line);
    }
  }
  const kind = /^(ensemble|model)\b/.exec(head ?? '')?.[1];
  if (kind === undefined) throw new Error('scenario: it begins with neither ensemble nor model');
  return { kind: kind as Script['kind'], shape: head!.slice(kind.length).trim(), items };
}

/** The text with what each command said in its place. */
export function writeScript({ items }: Script, said: ReadonlyMap<Command, string[]>): string {
  return items
    .flatMap((item) =>
      typeof item === 'string' ? [item] : [`${prompt}${item.text}`, ...(said.get(item) ?? [])],
    )
    .join('\n');
}
