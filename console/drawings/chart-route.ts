/**
 * Lines of a chart as points, and where they must not be seen: behind the heads of states.
 */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Area extends Point {
  readonly width: number;
  readonly height: number;
}

/** A line that enters or leaves a container by its head would run through what is written there. */
export function partsOf(points: readonly Point[], heads: readonly Area[]): Point[][] {
  const parts: Point[][] = [[points[0]!]];
  for (let at = 1; at < points.length; at++) {
    const [from, to] = [points[at - 1]!, points[at]!];
    const ways = heads
      .filter((head) => isThrough(head, from, to))
      .map(
        ({ y, height }) => (from.y < to.y ? [y, y + height] : [y + height, y]) as [number, number],
      )
      .sort(([one], [other]) => (from.y < to.y ? one - other : other - one));
    for (const [enters, leaves] of ways) {
      parts.at(-1)!.push({ x: from.x, y: enters });
      parts.push([{ x: from.x, y: leaves }]);
    }
    parts.at(-1)!.push(to);
  }
  return parts.filter((part) => part.some(({ x, y }) => x !== part[0]!.x || y !== part[0]!.y));
}

function isThrough({ x, y, width, height }: Area, from: Point, to: Point): boolean {
  const [top, bottom] = from.y < to.y ? [from.y, to.y] : [to.y, from.y];
  return from.x === to.x && from.x > x && from.x < x + width && top <= y && bottom >= y + height;
}
