/**
 * Fetches drawings of machines, each once. They are ours, and still nothing of them is run: they
 * are parsed as XML, and what could act is taken out.
 */

const drawings = new Map<string, Promise<Document>>();

/** A fresh copy, to be put into the page. */
export async function loadDrawing(file: string): Promise<SVGSVGElement> {
  const known = drawings.get(file) ?? load(file);
  drawings.set(file, known);
  known.catch(() => drawings.delete(file));
  const parsed = await known;
  const node = document.importNode(parsed.documentElement, true);
  if (!(node instanceof SVGSVGElement)) throw new Error(`${file}.svg is no drawing.`);
  return node;
}

async function load(file: string): Promise<Document> {
  const response = await fetch(`drawings/${file}.svg`);
  if (!response.ok) throw new Error(`There is no drawing of the machine '${file}'.`);
  const parsed = new DOMParser().parseFromString(await response.text(), 'image/svg+xml');
  for (const node of parsed.querySelectorAll('script, foreignObject, style')) node.remove();
  for (const node of parsed.querySelectorAll('*')) {
    for (const { name } of [...node.attributes]) {
      if (/^(on|style$)/i.test(name)) node.removeAttribute(name);
    }
  }
  return parsed;
}
