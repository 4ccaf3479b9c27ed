/**
 * One drawing in the page: which of its parts are lit, and which part of it is in view. Works on
 * the drawing itself, outside of what the app renders.
 */

const scaleMin = 0.15;
const scaleMax = 3;
const edge = 24;

export class ChartView {
  readonly #frame: HTMLElement;
  readonly #svg: SVGSVGElement;
  readonly #states = new Map<string, Element>();
  readonly #transitions = new Map<string, Element[]>();
  readonly #closing = new AbortController();
  readonly #observer: ResizeObserver;
  readonly #width: number;
  readonly #height: number;
  #scale = 1;
  #x = 0;
  #y = 0;
  #isOwnView = false;
  #innermost: Element | null = null;

  constructor(frame: HTMLElement, svg: SVGSVGElement) {
    this.#frame = frame;
    this.#svg = svg;
    this.#width = svg.viewBox.baseVal.width;
    this.#height = svg.viewBox.baseVal.height;
    for (const node of svg.querySelectorAll('[data-state]')) {
      this.#states.set(node.getAttribute('data-state') ?? '', node);
    }
    for (const node of svg.querySelectorAll('[data-transition]')) {
      const id = node.getAttribute('data-transition') ?? '';
      this.#transitions.set(id, [...(this.#transitions.get(id) ?? []), node]);
    }
    frame.append(svg);
    this.#listen();
    this.#observer = new ResizeObserver(() => {
      if (!this.#isOwnView) this.#start();
    });
    this.#observer.observe(frame);
    this.#start();
  }

  close(): void {
    this.#closing.abort();
    this.#observer.disconnect();
    this.#svg.remove();
  }

  /** Lights these states only; ids that the drawing does not know are passed over. */
  light(ids: readonly string[]): void {
    const lit = new Set(ids);
    for (const [id, node] of this.#states) node.classList.toggle('is-active', lit.has(id));
    const last = ids.findLast((id) => this.#states.has(id));
    this.#innermost = last === undefined ? null : this.#states.get(last)!;
    this.#reveal();
  }

  /** Marks these transitions as the last, and lets them pulse. */
  fire(ids: readonly string[]): void {
    for (const node of this.#svg.querySelectorAll('.is-fired')) node.classList.remove('is-fired');
    if (ids.length === 0) return;
    // The layout is asked for between the two, or the animation would not start again.
    this.#svg.getBoundingClientRect();
    for (const id of ids) {
      for (const node of this.#transitions.get(id) ?? []) node.classList.add('is-fired');
    }
  }

  zoom(factor: number): void {
    this.#zoomAt(factor, this.#frame.clientWidth / 2, this.#frame.clientHeight / 2);
  }

  /** All of the drawing at once. */
  fit(): void {
    const { clientWidth, clientHeight } = this.#frame;
    this.#scale = this.#bounded(
      Math.min(1, clientWidth / this.#width, clientHeight / this.#height),
    );
    this.#x = Math.max(0, (clientWidth - this.#width * this.#scale) / 2);
    this.#y = Math.max(0, (clientHeight - this.#height * this.#scale) / 2);
    this.#isOwnView = true;
    this.#place();
  }

  /** As wide as the frame, so that it can be read; the active state in view. */
  #start(): void {
    const { clientWidth, clientHeight } = this.#frame;
    if (clientWidth === 0) return;
    this.#scale = this.#bounded(Math.min(1, clientWidth / this.#width));
    this.#x = Math.max(0, (clientWidth - this.#width * this.#scale) / 2);
    this.#y = Math.max(0, (clientHeight - this.#height * this.#scale) / 2);
    this.#place();
    this.#reveal();
  }

  /** Moves the drawing only where the innermost active state is out of view. */
  #reveal(): void {
    const box = this.#innermost?.querySelector('.box')?.getBoundingClientRect();
    if (box === undefined) return;
    const frame = this.#frame.getBoundingClientRect();
    if (frame.width === 0) return;
    const by = (from: number, to: number, min: number, max: number): number => {
      if (from >= min + edge && to <= max - edge) return 0;
      return (min + max) / 2 - (from + to) / 2;
    };
    const dx = by(box.left, box.right, frame.left, frame.right);
    const dy = by(box.top, box.bottom, frame.top, frame.bottom);
    if (dx === 0 && dy === 0) return;
    this.#x += dx;
    this.#y += dy;
    this.#place();
  }

  #zoomAt(factor: number, x: number, y: number): void {
    const scale = this.#bounded(this.#scale * factor);
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#isOwnView = true;
    this.#place();
  }

  #bounded(scale: number): number {
    return Math.max(scaleMin, Math.min(scaleMax, scale));
  }

  /** Never out of sight altogether. */
  #place(): void {
    const { clientWidth, clientHeight } = this.#frame;
    const inside = (at: number, size: number, room: number): number =>
      size <= room
        ? Math.max(0, Math.min(at, room - size))
        : Math.max(room - size - edge, Math.min(at, edge));
    this.#x = inside(this.#x, this.#width * this.#scale, clientWidth);
    this.#y = inside(this.#y, this.#height * this.#scale, clientHeight);
    this.#svg.style.transform = `translate(${this.#x}px, ${this.#y}px) scale(${this.#scale})`;
  }

  #listen(): void {
    const { signal } = this.#closing;
    const frame = this.#frame;
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault();
      const { left, top } = frame.getBoundingClientRect();
      const factor = Math.exp(-event.deltaY * (event.deltaMode === 0 ? 0.0015 : 0.04));
      this.#zoomAt(factor, event.clientX - left, event.clientY - top);
    };
    frame.addEventListener('wheel', onWheel, { signal, passive: false });
    let held: { x: number; y: number } | null = null;
    const onDown = (event: PointerEvent): void => {
      held = { x: event.clientX - this.#x, y: event.clientY - this.#y };
      frame.setPointerCapture(event.pointerId);
    };
    const onMove = ({ clientX, clientY }: PointerEvent): void => {
      if (held === null) return;
      this.#x = clientX - held.x;
      this.#y = clientY - held.y;
      this.#isOwnView = true;
      this.#place();
    };
    const onUp = (): void => {
      held = null;
    };
    frame.addEventListener('pointerdown', onDown, { signal });
    frame.addEventListener('pointermove', onMove, { signal });
    frame.addEventListener('pointerup', onUp, { signal });
    frame.addEventListener('pointercancel', onUp, { signal });
  }
}
