/**
 * Log lines, as the replica writes them: a message, and fields to search by (sid, role, zxid,
 * session). Where they go is decided by whoever starts the replica.
 */

export type Fields = Readonly<Record<string, string | number | boolean | null>>;

export interface Notes {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
}

export const silentNotes: Notes = {
  debug() {},
  info() {},
  warn() {},
  error() {},
};
