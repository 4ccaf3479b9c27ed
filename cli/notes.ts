/** Log lines as JSON on the standard output, for every command that runs for long. */

import pino from 'pino';
import type { Notes } from '../actors/note.ts';
import type { Settings } from '../actors/settings.ts';

export function makeNotes({ logLevel, sid }: Pick<Settings, 'logLevel' | 'sid'>): Notes {
  const logger = pino(
    { level: logLevel, base: { sid }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 1, sync: true }),
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}
