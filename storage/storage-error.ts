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

/** A write or sync failed: the replica must stop acknowledging and end. */
export class WriteFailure extends Error {
  override readonly name = 'WriteFailure';

  constructor(file: string, cause: unknown) {
    super(`cannot write ${file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}
