/**
 * `natskeeper server`: one replica in this process, from its configuration to its exit code.
 * 0: stopped by a signal, all is flushed. 2: configuration or data cannot be used. 3: a write
 * failed.
 */

import pino from 'pino';
import { systemClock } from '../actors/clock.ts';
import { FourLetterWords } from '../actors/four-letter-words.ts';
import { listen } from '../actors/listener.ts';
import { LocalBus } from '../actors/local-bus.ts';
import type { Notes } from '../actors/note.ts';
import { systemFacts } from '../actors/process-facts.ts';
import { systemRandom } from '../actors/random.ts';
import { Replica } from '../actors/replica.ts';
import { viewOf } from '../actors/replica-view.ts';
import { isDistributed, type Settings } from '../actors/settings.ts';
import { DirectoryInUse } from '../storage/data-lock.ts';
import { openStores, type Stores } from '../storage/stores.ts';
import { type ConfigInput, loadSettings } from './config.ts';
import { ConfigError } from './config-error.ts';

const lockAttempts = 20;
const lockPauseMs = 250;
const exitStopped = 0;
const exitStorageFailed = 3;

export async function runServer(input: ConfigInput): Promise<number> {
  const { settings, warnings } = loadSettings(input);
  const notes = makeNotes(settings);
  for (const warning of warnings) notes.warn(warning);
  if (isDistributed(settings)) {
    throw new ConfigError(
      `${settings.file ?? 'configuration'}: server.N lines ask for an ensemble, which this ` +
        'version cannot form yet; valid: no server.N lines, for one standalone replica',
    );
  }
  const stores = await openPatiently(settings);
  return new Promise((resolve, reject) => {
    const replica = new Replica({
      settings,
      clock: systemClock,
      random: systemRandom,
      bus: new LocalBus(),
      stores,
      notes,
      listen: (accept) =>
        listen(
          {
            host: settings.clientPortAddress,
            port: settings.clientPort ?? 0,
            backlog: settings.clientPortListenBacklog,
            keepAlive: settings.clientTcpKeepAlive,
            connectionsPerAddressMax: settings.maxClientCnxns,
            connectionsMax: settings.maxCnxns,
            onRefused: (address, reason) => notes.warn('connection refused', { address, reason }),
          },
          accept,
        ),
      makeWords: (made) => new FourLetterWords(viewOf(made), systemFacts),
      // Nothing may be acknowledged any more: the process ends before another event is handled.
      aborted: () => process.exit(exitStorageFailed),
    });
    const stop = (signal: string) => {
      notes.info('stopping', { signal });
      void replica.stop().then(() => {
        notes.info('stopped');
        resolve(exitStopped);
      });
    };
    process.once('SIGTERM', () => stop('SIGTERM'));
    process.once('SIGINT', () => stop('SIGINT'));
    replica.start().then(
      () => {
        notes.info('serving clients', { port: replica.address?.port ?? null });
      },
      async (failure: Error) => {
        await replica.stop();
        reject(new ConfigError(`clientPort=${settings.clientPort}: ${failure.message}`));
      },
    );
  });
}

/** A replica that was killed a moment ago may still hold its directory. */
async function openPatiently(settings: Settings): Promise<Stores> {
  for (let attempt = 1; ; attempt++) {
    try {
      const { dataDir, dataLogDir, logSegmentBytes } = settings;
      return await openStores(dataDir, dataLogDir, process.pid, logSegmentBytes);
    } catch (failure) {
      if (!(failure instanceof DirectoryInUse) || attempt === lockAttempts) throw failure;
      await new Promise((resolve) => setTimeout(resolve, lockPauseMs));
    }
  }
}

function makeNotes(settings: Settings): Notes {
  const logger = pino(
    {
      level: settings.logLevel,
      base: { sid: settings.sid, role: 'standalone' },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    pino.destination({ dest: 1, sync: true }),
  );
  return {
    debug: (message, fields) => logger.debug(fields ?? {}, message),
    info: (message, fields) => logger.info(fields ?? {}, message),
    warn: (message, fields) => logger.warn(fields ?? {}, message),
    error: (message, fields) => logger.error(fields ?? {}, message),
  };
}
