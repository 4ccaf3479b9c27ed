/** What an entry takes in an LMDB file, about: to know in time when the file is full. */

const pageBytes = 4096;
const pageHeaderBytes = 24;
/** Of a short key and of what an entry has besides. */
const entryBytes = 18;
/** Two entries of that size share a page; a larger one has pages of its own. */
const sharedBytesMax = (pageBytes - pageHeaderBytes) / 2 - entryBytes;

/** Pages that are full are not split when entries come in the order of their keys. */
export function bytesInLmdb(length: number): number {
  if (length > sharedBytesMax) return Math.ceil((pageHeaderBytes + length) / pageBytes) * pageBytes;
  return pageBytes / Math.floor((pageBytes - pageHeaderBytes) / (entryBytes + length));
}
