/**
 * Pictures as text: elements, and a frame that reads well on light and on dark ground, without
 * fonts from elsewhere. Pure.
 */

type Attributes = Readonly<Record<string, string | number>>;

/** Middle tones, so that they stand out from white and from black. */
export const colours = {
  ink: '#808790',
  grid: '#80879040',
  natskeeper: '#2f81d7',
  apache: '#d9772b',
};

export function element(name: string, attributes: Attributes, inside = ''): string {
  const list = Object.entries(attributes).map(([key, value]) => {
    const text = typeof value === 'number' ? Number(value.toFixed(1)) : value;
    return ` ${key}="${text}"`;
  });
  return inside === ''
    ? `<${name}${list.join('')}/>`
    : `<${name}${list.join('')}>${inside}</${name}>`;
}

export function words(x: number, y: number, text: string, more: Attributes = {}): string {
  return element('text', { x, y, fill: colours.ink, ...more }, escaped(text));
}

export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  more: Attributes = {},
): string {
  return element('line', { x1, y1, x2, y2, stroke: colours.grid, ...more });
}

export interface Picture {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly parts: readonly string[];
}

export function picture({ title, width, height, parts }: Picture): string {
  const frame = {
    xmlns: 'http://www.w3.org/2000/svg',
    ...{ viewBox: `0 0 ${width} ${height}`, width, height, 'font-family': 'sans-serif' },
    'font-size': 12,
  };
  const heading = words(16, 22, title, { 'font-size': 14, 'font-weight': 'bold' });
  const all = [element('title', {}, escaped(title)), heading, ...parts];
  return `${element('svg', frame, `\n${all.join('\n')}\n`)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
