/**
 * What can be wrong with files on disk. Each says which file, what is wrong and what can be done;
 * none is ever skipped in silence.
 */

/** What can be done about files that are damaged or lack something. */
export const remedy =
  'restore the data directory from a copy or, in an ensemble, empty it: the replica then fetches ' +
  'its state from its peers';

/** The files cannot be used as they are: the replica must not start with them. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}

/** A disk with less room than a batch may need counts as full. */
const fullBytes = 1024 * 1024;

/** A write or sync failed: the replica must stop acknowledging and end. */
export class WriteFailure extends Error {
  override readonly name = 'WriteFailure';

  constructor(file: string, cause: unknown, freeBytes: number | null = null) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const isFull = freeBytes !== null && freeBytes < fullBytes;
    const room = isFull ? `; its disk is full: ${freeBytes} bytes are free` : '';
    super(`cannot write ${file}: ${reason}${room}`, { cause });
  }
}
