/** Tables of Markdown. Pure. */

export type Line = readonly string[];

export function table(head: Line, lines: readonly Line[]): string {
  const rule = head.map(() => '---');
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
