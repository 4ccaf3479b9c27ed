/**
 * Bytes outside the heap: a pool of cells in size classes, cut from slabs. A cell holds a znode's
 * name and data; millions of them cost the garbage collector nothing.
 *
 * A cell is named by an integer that has a meaning only together with its size: the class follows
 * from the size, so it need not be stored. Sizes above `cellBytesMax` get a buffer of their own.
 * Free cells of a class are chained through their own first four bytes.
 */

import { assert } from '../protocol/assert.ts';

/** Largest size that is cut from a slab. */
export const cellBytesMax = 64 * 1024;
const slabBytesMin = 256 * 1024;
const cellsPerSlabMin = 8;
const noCell = -1;
const noWords = new Int32Array(0);

class SizeClass {
  readonly cellBytes: number;
  readonly slabs: Buffer[] = [];
  /** The same bytes: cells lie at multiples of 8. */
  readonly words: Int32Array[] = [];
  readonly cellsShift: number;
  /** First free cell of the chain. Invariant: noCell, or a cell that nobody holds. */
  freeHead = noCell;
  /** Cells ever cut; the next one comes from here when the chain is empty. */
  cut = 0;

  constructor(cellBytes: number) {
    this.cellBytes = cellBytes;
    this.cellsShift = Math.floor(Math.log2(Math.max(slabBytesMin / cellBytes, cellsPerSlabMin)));
  }
}

/**
 * Class of a size: steps of 8 bytes up to 128, then eight steps to each doubling, so that at most
 * an eighth of a cell is wasted.
 */
export function classOf(size: number): number {
  if (size <= 128) return (size + 7) >> 3;
  const octave = 31 - Math.clz32(size - 1);
  return 16 + (octave - 7) * 8 + (((size - 1) >> (octave - 3)) & 7) + 1;
}

function classBytes(index: number): number {
  if (index <= 16) return Math.max(index * 8, 8);
  const octave = Math.floor((index - 17) / 8) + 7;
  return (1 << octave) + (((index - 17) % 8) + 1) * (1 << (octave - 3));
}

const classCount = classOf(cellBytesMax) + 1;

export class CellPool {
  readonly #classes: SizeClass[] = [];
  readonly #large: (Buffer | null)[] = [];
  readonly #largeFree: number[] = [];
  /** Where the last `locate` found its cell. */
  buffer: Buffer = Buffer.alloc(0);
  offset = 0;
  /** The same bytes as `buffer`; empty for a cell with a buffer of its own. */
  words: Int32Array = noWords;

  constructor() {
    for (let index = 0; index < classCount; index++) {
      this.#classes.push(new SizeClass(classBytes(index)));
    }
  }

  /** Takes a cell for `size` bytes; its content is undefined. */
  allocate(size: number): number {
    if (size > cellBytesMax) {
      const cell = this.#largeFree.pop() ?? this.#large.length;
      assert(!this.#large[cell], 'cell pool: a free place holds no buffer');
      this.#large[cell] = Buffer.allocUnsafeSlow(size);
      return cell;
    }
    const sizeClass = this.#classes[classOf(size)]!;
    const head = sizeClass.freeHead;
    if (head !== noCell) {
      assert(head >= 0 && head < sizeClass.cut, 'cell pool: nobody writes to a free cell');
      this.#locateIn(sizeClass, head);
      sizeClass.freeHead = this.buffer.readInt32LE(this.offset);
      return head;
    }
    const cell = sizeClass.cut++;
    if (cell >> sizeClass.cellsShift === sizeClass.slabs.length) {
      const slab = Buffer.allocUnsafeSlow(sizeClass.cellBytes << sizeClass.cellsShift);
      sizeClass.slabs.push(slab);
      sizeClass.words.push(new Int32Array(slab.buffer, slab.byteOffset, slab.length >> 2));
    }
    assert(cell >> sizeClass.cellsShift < sizeClass.slabs.length, 'cell pool: cells lie in slabs');
    return cell;
  }

  /** Gives back a cell taken for `size` bytes. */
  free(cell: number, size: number): void {
    if (size > cellBytesMax) {
      assert(cell >= 0 && cell < this.#large.length, 'cell pool: a large cell is one of its own');
      assert(this.#large[cell] !== null, 'cell pool: a cell is freed once');
      this.#large[cell] = null;
      this.#largeFree.push(cell);
      return;
    }
    const sizeClass = this.#classes[classOf(size)]!;
    assert(cell >= 0 && cell < sizeClass.cut, 'cell pool: a freed cell is one of its own');
    assert(cell !== sizeClass.freeHead, 'cell pool: a cell is not freed twice in a row');
    this.#locateIn(sizeClass, cell);
    this.buffer.writeInt32LE(sizeClass.freeHead, this.offset);
    sizeClass.freeHead = cell;
  }

  /** Sets `buffer` and `offset` to where the cell's bytes lie. */
  locate(cell: number, size: number): void {
    if (size > cellBytesMax) {
      assert(this.#large[cell] !== null, 'cell pool: a cell that is in use has bytes');
      this.buffer = this.#large[cell]!;
      this.words = noWords;
      this.offset = 0;
    } else this.#locateIn(this.#classes[classOf(size)]!, cell);
  }

  #locateIn(sizeClass: SizeClass, cell: number): void {
    const slab = cell >> sizeClass.cellsShift;
    this.buffer = sizeClass.slabs[slab]!;
    this.words = sizeClass.words[slab]!;
    this.offset = (cell & ((1 << sizeClass.cellsShift) - 1)) * sizeClass.cellBytes;
  }
}

/** Do two sizes fall into the same kind of cell, so that one can take the other's place? */
export function sameCell(size: number, other: number): boolean {
  if (size > cellBytesMax || other > cellBytesMax) return size === other;
  return classOf(size) === classOf(other);
}
